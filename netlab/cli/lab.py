"""`netlab lab`: the embedded Internet."""

from typing import Annotated

import typer

from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def lab() -> None:
    """The embedded lab: its hosts, and keeping it running."""


@app.command(epilog="Example: netlab lab hosts")
@guarded
def hosts() -> Exit:
    """List the lab's hosts, with one line on what each shows."""
    from netlab.cli.labs import print_hosts

    return print_hosts()


@app.command(epilog="Example: netlab lab up --distance resolver=20ms")
@guarded
def up(
    distance: Annotated[
        list[str] | None,
        typer.Option("--distance", metavar="WHO=TIME", help="How far away a server plays to be."),
    ] = None,
) -> Exit:
    """Keep the lab running, and print how to reach every server with dig, curl and a browser."""
    from netlab.cli.labs import keep_up
    from netlab.cli.parse import distances

    return keep_up(distances(distance or []))
