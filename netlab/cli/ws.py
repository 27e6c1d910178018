"""`netlab ws`: WebSocket."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.cli.ws_options import Compression, Opening, Url
from netlab.errors import Exit

app = group("netlab ws handshake", "netlab ws cost")


@app.callback()
def ws() -> None:
    """WebSocket: the opening, the frames, and what may go wrong with both."""


@app.command(
    epilog=examples(
        "netlab ws handshake", "netlab ws handshake wss://ws.example.com/echo --network lab"
    )
)
@guarded
def handshake(
    opening: Opening,
    look: options.Look,
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="ws:// or wss://; the lab's without.")
    ] = None,
    compression: Compression = False,
    max_time: options.MaxTime = "30s",
) -> Exit:
    """Open a WebSocket, and show every octet of it: opening, frames, close."""
    from netlab.cli.ws_runs import Asked, shake

    return shake(Asked(url, opening, compression, max_time), look)


@app.command(
    epilog=examples("netlab ws send ws://ws.example.com/echo hello 'and again' --network lab")
)
@guarded
def send(
    url: Url,
    message: Annotated[list[str], typer.Argument(metavar="MESSAGE…", help="Sent as text.")],
    opening: Opening,
    look: options.Look,
    compression: Compression = True,
    max_time: options.MaxTime = "30s",
) -> Exit:
    """Send messages, and show what comes back; with deflate, what it saved or cost."""
    from netlab.cli.ws_runs import Asked, deliver

    return deliver(Asked(url, opening, compression, max_time), tuple(message), look)


@app.command(epilog=examples("netlab ws wiretap"))
@guarded
def wiretap(look: options.LabLook) -> Exit:
    """Lay ws beside wss: what someone on the way sees of each, byte for byte (in the lab)."""
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import wiretap as experiment

    return in_the_lab("ws wiretap", experiment.run, look)


@app.command("break", epilog=examples("netlab ws break"))
@guarded
def break_(look: options.LabLook) -> Exit:
    """Try what a client and a server must refuse, rule by rule (in the lab)."""
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import breaking as experiment

    return in_the_lab("ws break", experiment.run, look)


@app.command(epilog=examples("netlab ws slow"))
@guarded
def slow(look: options.LabLook) -> Exit:
    """Send to a reader that does not read: whose buffers grow, and what bounds them."""
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import slow as experiment

    return in_the_lab("ws slow", experiment.run, look)


@app.command(epilog=examples("netlab ws origin"))
@guarded
def origin(look: options.LabLook) -> Exit:
    """Let another site's page open a WebSocket in a visitor's name (in the lab)."""
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import origin as experiment

    return in_the_lab("ws origin", experiment.run, look)


@app.command(epilog=examples("netlab ws cost", "netlab ws cost --size 500 --count 40"))
@guarded
def cost(
    look: options.LabLook,
    count: Annotated[
        int, typer.Option("--count", metavar="N", min=1, max=200, help="Messages.")
    ] = 25,
    size: Annotated[
        int, typer.Option("--size", metavar="N", min=32, max=4000, help="Octets of each message.")
    ] = 64,
) -> Exit:
    """Send the same news in seven ways, and measure octets and latency (in the lab)."""
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import cost as experiment

    wish = experiment.Options(count=count, size=size)
    return in_the_lab("ws cost", lambda bench: experiment.run(bench, wish), look)


@app.command(epilog=examples("netlab ws serve --listen 127.0.0.1:9001"))
@guarded
def serve(listen: options.Listen = "127.0.0.1:0") -> Exit:
    """Run the lab's WebSocket echo alone, for any client; Ctrl-C ends it."""
    from netlab.cli.serving import serve as run

    return run("websocket", listen)


@app.command(epilog=examples("netlab ws chat ws://ws.example.com/echo --network lab"))
@guarded
def chat(
    url: Url, opening: Opening, compression: Compression = True, plain: options.Plain = False
) -> Exit:
    """Type messages, and see every frame as it passes; /ping measures, /close ends."""
    from netlab.cli.ws_chat import converse
    from netlab.cli.ws_runs import Asked

    return converse(Asked(url, opening, compression), plain)
