"""`netlab completion`."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = single()


class Shells(StrEnum):
    """Those that Typer speaks to."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"


@app.command(
    epilog=examples(
        'eval "$(netlab completion bash)"    # in ~/.bashrc; zsh alike',
        "netlab completion fish > ~/.config/fish/completions/netlab.fish",
        "netlab completion powershell >> $PROFILE",
    )
)
@guarded
def completion(
    shell: Annotated[
        Shells, typer.Argument(metavar="SHELL", help="bash, zsh, fish or powershell.")
    ],
) -> Exit:
    """Print the script by which a shell completes netlab's commands at the Tab key."""
    from netlab.cli.completing import script

    return script(shell.value)
