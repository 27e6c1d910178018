"""Shell completion: the script for a shell, and the answers that it asks for at each Tab."""

import os

from netlab.errors import Exit

VARIABLE = "_NETLAB_COMPLETE"
"""The script sets it when it calls netlab to know what may come next."""


def script(shell: str) -> Exit:
    """Print what the shell is to run at its start."""
    return spoken(f"source_{shell}")


def spoken(instruction: str) -> Exit:
    """Typer's protocol: `source_bash` asks for the script, `complete_bash` for the words."""
    import typer
    from typer.completion import get_completion_inspect_parameters, shell_complete

    from netlab.cli.app import app

    get_completion_inspect_parameters()  # has Typer put its own shells in the place of Click's
    command = typer.main.get_command(app)
    return Exit(min(shell_complete(command, {}, "netlab", VARIABLE, instruction), Exit.USAGE))


def answer() -> int:
    """What may come next on the line that the environment holds."""
    return int(spoken(os.environ[VARIABLE]))


def topics(incomplete: str) -> list[str]:
    """Of `netlab explain TERM`."""
    from netlab.explain.pages import topics as every

    return [topic for topic in every() if topic.startswith(incomplete)]


def attacks(incomplete: str) -> list[str]:
    """Of `netlab oauth attack NAME`."""
    from netlab.experiments.oauth.attacks.running import ATTACKS

    return [name for name in ATTACKS if name.startswith(incomplete)]
