"""What the `netlab ws` commands that open a WebSocket take alike."""

from dataclasses import dataclass
from typing import Annotated

import typer

from netlab.cli import options

Url = Annotated[str, typer.Argument(metavar="URL", help="ws:// or wss://")]
Compression = Annotated[
    bool,
    typer.Option(
        "--compression/--no-compression", help="Offer permessage-deflate; frames are then packed."
    ),
]


@dataclass(frozen=True, slots=True)
class Opening:
    """Where and how a WebSocket is opened."""

    network: options.NetworkOption = options.Networks.auto
    subprotocol: Annotated[
        list[str] | None,
        typer.Option("--subprotocol", metavar="NAME", help="Offer this subprotocol (repeatable)."),
    ] = None
    header: options.Fields = None
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="ORIGIN", help="Claim to be a page of this origin."),
    ] = None
    http2: Annotated[
        bool, typer.Option("--http2", help="Over a stream of HTTP/2 (RFC 8441); wss:// only.")
    ] = False
    insecure: options.Insecure = False
    cacert: options.CaCert = None
    resolver: options.Resolver = None
