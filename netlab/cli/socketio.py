"""`netlab socketio`: Socket.IO."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def socketio() -> None:
    """Socket.IO: what the library adds to WebSocket, and why it is none itself."""


@app.command(epilog="Example:  netlab socketio demo")
@guarded
def demo(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Run everything that Socket.IO adds, and show every packet (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.socketio_run import in_the_lab
    from netlab.experiments.socketio import demo as experiment

    return in_the_lab("socketio demo", experiment.run, look)


@app.command(epilog="Example:  netlab socketio compare")
@guarded
def compare(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Lay raw WebSocket beside Socket.IO: round trips, octets, cuts, hearers (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.socketio_run import in_the_lab
    from netlab.experiments.socketio import comparing as experiment

    return in_the_lab("socketio compare", experiment.run, look)


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
