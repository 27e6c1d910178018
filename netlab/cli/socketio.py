"""`netlab socketio`: Socket.IO."""

from typing import Annotated

import typer

from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def socketio() -> None:
    """Socket.IO: what the library adds to WebSocket, and why it is none itself."""


@app.command(epilog="Example:  netlab socketio serve --listen 127.0.0.1:3000")
@guarded
def serve(
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
    ] = "127.0.0.1:0",
) -> Exit:
    """Run the lab's Socket.IO server alone, for any client; Ctrl-C ends it."""
    from netlab.cli.serving import serve as run

    return run("socketio", listen)
