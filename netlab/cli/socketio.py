"""`netlab socketio`: Socket.IO."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


class Transports(StrEnum):
    """Engine.IO's transports, as netlab has them."""

    polling = "polling"
    websocket = "websocket"


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


@app.command(
    epilog="Examples:  netlab socketio connect http://localhost:3000  |  netlab socketio connect "
    "http://chat.example.com --emit echo '[\"hi\", 1]' --network lab"
)
@guarded
def connect(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="http:// or https://; its path is a namespace.")
    ],
    network: options.NetworkOption = options.Networks.auto,
    transport: Annotated[
        Transports | None, typer.Option("--transport", help="Use this one alone.")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", metavar="NAME", help="/admin, for instance.")
    ] = None,
    path: Annotated[
        str | None,
        typer.Option("--path", metavar="PATH", help="Where Socket.IO lives: /socket.io/ usually."),
    ] = None,
    emit: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--emit", metavar="EVENT JSON", help="Emit an event; a JSON array is its arguments."
        ),
    ] = None,
    listen: Annotated[
        bool, typer.Option("--listen", help="Stay and show what comes, until Ctrl-C.")
    ] = False,
    header: Annotated[
        list[str] | None,
        typer.Option("-H", "--header", metavar="FIELD", help="Send 'Name: value' along."),
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", "-k", help="Go on with a certificate that fails.")
    ] = False,
    cacert: Annotated[
        str | None, typer.Option("--cacert", metavar="FILE", help="Trust the anchors in FILE only.")
    ] = None,
    resolver: Annotated[
        str | None, typer.Option("--resolver", metavar="IP[:PORT]", help="Ask this resolver.")
    ] = None,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", metavar="TIME", help="For the whole; 30s, an hour to listen."),
    ] = None,
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
    keep_secrets: options.KeepSecrets = False,
) -> Exit:
    """Meet a Socket.IO server: its session, its namespaces, an event, and what it says."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force, keep_secrets)
    from netlab.cli.socketio_run import Asked, meet

    asked = Asked(
        url, network.value, transport.value if transport else None, namespace, path, emit, listen,
        header, insecure, cacert, resolver, max_time,
    )  # fmt: skip
    return meet(asked, look)


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
