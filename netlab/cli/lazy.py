"""A group whose commands are imported when they are asked for."""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS = {
    "trace": "netlab.cli.trace",
    "ws": "netlab.cli.ws",
    "socketio": "netlab.cli.socketio",
    "oauth": "netlab.cli.oauth",
    "lb": "netlab.cli.lb",
    "replay": "netlab.cli.replay",
    "explain": "netlab.cli.explain",
    "lab": "netlab.cli.lab",
}
"""Each module has an `app`. None imports more than Typer at its top: `--help` loads them all."""


class LazyGroup(TyperGroup):
    """Finds commands by name in COMMANDS; offers the nearest one when there is none."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(import_module(module).app)
        command.name = cmd_name
        return command

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else " See 'netlab --help'."
            ctx.fail(f"There is no command '{args[0]}'.{hint}")
        return super().resolve_command(ctx, args)
