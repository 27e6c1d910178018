"""`netlab ws`: WebSocket."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)

Subprotocol = Annotated[
    list[str] | None,
    typer.Option("--subprotocol", metavar="NAME", help="Offer this subprotocol (repeatable)."),
]
Fields = Annotated[
    list[str] | None,
    typer.Option("-H", "--header", metavar="FIELD", help="Send 'Name: value' with the opening."),
]
Origin = Annotated[
    str | None,
    typer.Option("--origin", metavar="ORIGIN", help="Claim to be a page of this origin."),
]
NoCompression = Annotated[
    bool, typer.Option("--no-compression", help="Do not offer permessage-deflate.")
]
Compression = Annotated[
    bool, typer.Option("--compression", help="Offer permessage-deflate; frames are then packed.")
]
Insecure = Annotated[
    bool, typer.Option("--insecure", "-k", help="Go on with a certificate that fails.")
]
CaCert = Annotated[
    str | None, typer.Option("--cacert", metavar="FILE", help="Trust the anchors in FILE only.")
]
Http2 = Annotated[
    bool, typer.Option("--http2", help="Over a stream of HTTP/2 (RFC 8441); wss:// only.")
]
Resolver = Annotated[
    str | None, typer.Option("--resolver", metavar="IP[:PORT]", help="Ask this resolver.")
]
MaxTime = Annotated[str, typer.Option("--max-time", metavar="TIME", help="For the whole: 30, 1.5s")]


@app.callback()
def ws() -> None:
    """WebSocket: the opening, the frames, and what may go wrong with both."""


@app.command(
    epilog="Examples:  netlab ws handshake  |  netlab ws handshake wss://ws.example.com/echo "
    "--network lab"
)
@guarded
def handshake(
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="ws:// or wss://; the lab's without.")
    ] = None,
    network: options.NetworkOption = options.Networks.auto,
    subprotocol: Subprotocol = None,
    header: Fields = None,
    origin: Origin = None,
    compression: Compression = False,
    http2: Http2 = False,
    insecure: Insecure = False,
    cacert: CaCert = None,
    resolver: Resolver = None,
    max_time: MaxTime = "30s",
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
    """Open a WebSocket, and show every octet of it: opening, frames, close."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force, keep_secrets)
    from netlab.cli.ws_runs import Asked, shake

    asked = Asked(
        url, network.value, subprotocol, header, origin, not compression, insecure, cacert,
        resolver, max_time, http2,
    )  # fmt: skip
    return shake(asked, look)


@app.command(
    epilog="Example:  netlab ws send ws://ws.example.com/echo hello 'and again' --network lab"
)
@guarded
def send(
    url: Annotated[str, typer.Argument(metavar="URL", help="ws:// or wss://")],
    message: Annotated[list[str], typer.Argument(metavar="MESSAGE…", help="Sent as text.")],
    network: options.NetworkOption = options.Networks.auto,
    subprotocol: Subprotocol = None,
    header: Fields = None,
    origin: Origin = None,
    no_compression: NoCompression = False,
    http2: Http2 = False,
    insecure: Insecure = False,
    cacert: CaCert = None,
    resolver: Resolver = None,
    max_time: MaxTime = "30s",
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
    """Send messages, and show what comes back; with deflate, what it saved or cost."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force, keep_secrets)
    from netlab.cli.ws_runs import Asked, deliver

    asked = Asked(
        url, network.value, subprotocol, header, origin, no_compression, insecure, cacert,
        resolver, max_time, http2,
    )  # fmt: skip
    return deliver(asked, tuple(message), look)


@app.command(epilog="Example:  netlab ws wiretap")
@guarded
def wiretap(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Lay ws beside wss: what someone on the way sees of each, byte for byte (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import wiretap as experiment

    return in_the_lab("ws wiretap", experiment.run, look)


@app.command("break", epilog="Example:  netlab ws break")
@guarded
def break_(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Try what a client and a server must refuse, rule by rule (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import breaking as experiment

    return in_the_lab("ws break", experiment.run, look)


@app.command(epilog="Example:  netlab ws slow")
@guarded
def slow(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Send to a reader that does not read: whose buffers grow, and what bounds them."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import slow as experiment

    return in_the_lab("ws slow", experiment.run, look)


@app.command(epilog="Example:  netlab ws origin")
@guarded
def origin(
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Let another site's page open a WebSocket in a visitor's name (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import origin as experiment

    return in_the_lab("ws origin", experiment.run, look)


@app.command(epilog="Examples:  netlab ws cost  |  netlab ws cost --size 500 --count 40")
@guarded
def cost(
    count: Annotated[int, typer.Option("--count", min=1, max=200, help="Messages.")] = 25,
    size: Annotated[
        int, typer.Option("--size", min=32, max=4000, help="Octets of each message.")
    ] = 64,
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    save: options.Save = None,
    force: options.Force = False,
) -> Exit:
    """Send the same news in seven ways, and measure octets and latency (in the lab)."""
    look = options.Look(brief, deep, step, plain, json, mermaid, False, save, force)
    from netlab.cli.ws_runs import in_the_lab
    from netlab.experiments.websocket import cost as experiment

    wish = experiment.Options(count=count, size=size)
    return in_the_lab("ws cost", lambda bench: experiment.run(bench, wish), look)


@app.command(epilog="Example:  netlab ws serve --listen 127.0.0.1:9001")
@guarded
def serve(
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
    ] = "127.0.0.1:0",
) -> Exit:
    """Run the lab's WebSocket echo alone, for any client; Ctrl-C ends it."""
    from netlab.cli.serving import serve as run

    return run("websocket", listen)


@app.command(epilog="Example:  netlab ws chat ws://ws.example.com/echo --network lab")
@guarded
def chat(
    url: Annotated[str, typer.Argument(metavar="URL", help="ws:// or wss://")],
    network: options.NetworkOption = options.Networks.auto,
    subprotocol: Subprotocol = None,
    header: Fields = None,
    origin: Origin = None,
    no_compression: NoCompression = False,
    http2: Http2 = False,
    insecure: Insecure = False,
    cacert: CaCert = None,
    resolver: Resolver = None,
    plain: options.Plain = False,
) -> Exit:
    """Type messages, and see every frame as it passes; /ping measures, /close ends."""
    from netlab.cli.ws_chat import converse
    from netlab.cli.ws_runs import Asked

    asked = Asked(
        url, network.value, subprotocol, header, origin, no_compression, insecure, cacert,
        resolver, http2=http2,
    )  # fmt: skip
    return converse(asked, plain)
