"""`netlab socketio`: Socket.IO."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = group("netlab socketio demo", "netlab socketio compare")


class Transports(StrEnum):
    """Engine.IO's transports, as netlab has them."""

    polling = "polling"
    websocket = "websocket"


@app.callback()
def socketio() -> None:
    """Socket.IO: what the library adds to WebSocket, and why it is none itself."""


@app.command(epilog=examples("netlab socketio demo"))
@guarded
def demo(look: options.LabLook) -> Exit:
    """Run everything that Socket.IO adds, and show every packet (in the lab)."""
    from netlab.cli.socketio_run import in_the_lab
    from netlab.experiments.socketio import demo as experiment

    return in_the_lab("socketio demo", experiment.run, look)


@app.command(epilog=examples("netlab socketio compare"))
@guarded
def compare(look: options.LabLook) -> Exit:
    """Lay raw WebSocket beside Socket.IO: round trips, octets, cuts, hearers (in the lab)."""
    from netlab.cli.socketio_run import in_the_lab
    from netlab.experiments.socketio import comparing as experiment

    return in_the_lab("socketio compare", experiment.run, look)


@app.command(
    epilog=examples(
        "netlab socketio connect http://localhost:3000",
        "netlab socketio connect http://chat.example.com --emit echo '[\"hi\", 1]' --network lab",
    )
)
@guarded
def connect(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="http:// or https://; its path is a namespace.")
    ],
    look: options.Look,
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
    header: options.Fields = None,
    insecure: options.Insecure = False,
    cacert: options.CaCert = None,
    resolver: options.Resolver = None,
    max_time: Annotated[
        str | None,
        typer.Option("--max-time", metavar="TIME", help="For the whole; 30s, an hour to listen."),
    ] = None,
) -> Exit:
    """Meet a Socket.IO server: its session, its namespaces, an event, and what it says."""
    from netlab.cli.socketio_run import Asked, meet

    asked = Asked(
        url, network.value, transport.value if transport else None, namespace, path, emit, listen,
        header, insecure, cacert, resolver, max_time,
    )  # fmt: skip
    return meet(asked, look)


@app.command(epilog=examples("netlab socketio serve --listen 127.0.0.1:3000"))
@guarded
def serve(listen: options.Listen = "127.0.0.1:0") -> Exit:
    """Run the lab's Socket.IO server alone, for any client; Ctrl-C ends it."""
    from netlab.cli.serving import serve as run

    return run("socketio", listen)
