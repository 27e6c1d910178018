"""A group whose commands are imported when they are asked for."""

from importlib import import_module
from typing import Any

import typer

from netlab.cli.grammar import Group

COMMANDS = {
    "trace": "netlab.cli.trace",
    "ws": "netlab.cli.ws",
    "socketio": "netlab.cli.socketio",
    "oauth": "netlab.cli.oauth",
    "io": "netlab.cli.io",
    "lb": "netlab.cli.lb",
    "tour": "netlab.cli.tour",
    "replay": "netlab.cli.replay",
    "explain": "netlab.cli.explain",
    "lab": "netlab.cli.lab",
    "doctor": "netlab.cli.doctor",
    "completion": "netlab.cli.completion",
}
"""Each module has an `app`. None imports more than Typer at its top: `--help` loads them all."""


class LazyGroup(Group):
    """Finds commands by name in COMMANDS."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = typer.main.get_command(import_module(module).app)
        command.name = cmd_name
        return command
