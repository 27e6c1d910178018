"""The lab's WebSocket site: an echo, on the port that answers plain HTTP as well.

The handshake is judged here, by RFC 6455 §4.2, before `websockets` writes the answer: it lets a
wrong version pass as a bad request, where §4.4 wants a 426 that names the right one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.http11 import Request as Opening
from websockets.protocol import Side
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from netlab.lab.webmessage import Request, Response, text
from netlab.lab.webstream import Closed, Stream
from netlab.lab.wsendpoint import LONGEST_MESSAGE, Endpoint, Event, Strict, server_deflate

VERSION = b"13"
SUBPROTOCOLS = ("echo.netlab", "chat.netlab")
ECHO = "/echo"
HELP = (
    "This port answers HTTP, and it speaks WebSocket too: ask for /echo with Upgrade: websocket.\n"
)

Hear = Callable[[Endpoint, Event], None]
Then = Callable[[Endpoint, Stream], Awaitable[None]]
Choose = Callable[[ServerProtocol, Sequence[Subprotocol]], Subprotocol | None]


def answer(request: Request) -> Response:
    """Echoes whatever comes to /echo, and says so to whoever asks for the page."""
    if request.path.rstrip("/") != ECHO:  # Engine.IO clients end every path with a slash
        return text(200 if request.path == "/" else 404, HELP)
    return refused(request) or switch(request, echo)


def refused(request: Request) -> Response | None:
    """The answer to an opening that no WebSocket comes of."""
    if not upgrades(request):
        words = "Only WebSocket is spoken here: ask with Upgrade: websocket.\n"
        return text(426, words, (b"upgrade", b"websocket"), (b"connection", b"Upgrade"))
    if not request.authority:
        return text(400, "A request names its host (RFC 9110 §7.2).\n")
    if request.header(b"sec-websocket-version").encode("latin-1") != VERSION:
        words = "This version of WebSocket is not spoken here (RFC 6455 §4.4).\n"
        return text(426, words, (b"sec-websocket-version", VERSION), (b"upgrade", b"websocket"),
                    (b"connection", b"Upgrade"))  # fmt: skip
    return None


def upgrades(request: Request) -> bool:
    asked = request.header(b"upgrade").lower()
    options = {word.strip().lower() for word in request.header(b"connection").split(",")}
    return asked == "websocket" and "upgrade" in options


def switch(request: Request, hear: Hear, then: "Then | None" = None) -> Response:
    """The 101, and what takes the connection over after it; or why there is none.

    then: runs beside the reading, and may send of its own accord.
    """
    agreed = agree(request, chosen)
    if isinstance(agreed, Response):
        return agreed
    head, protocol = agreed
    return Response(101, raw=head, switch=taking_over(protocol, hear, then))


def taking_over(
    protocol: Strict, hear: Hear, then: "Then | None" = None
) -> Callable[[Stream, bytes], Awaitable[None]]:
    """What a connection does once it is a WebSocket; then is as above."""

    async def take_over(stream: Stream, ahead: bytes) -> None:
        endpoint = Endpoint(protocol, hear)
        beside = None if then is None else asyncio.ensure_future(then(endpoint, stream))
        try:
            await talk(endpoint, stream, ahead)
        finally:
            if beside is not None:
                beside.cancel()
                await asyncio.gather(beside, return_exceptions=True)

    return take_over


def agree(
    request: Request,
    choose: Choose,
    more: Sequence[tuple[str, str]] = (),
    longest: int = LONGEST_MESSAGE,
) -> tuple[bytes, Strict] | Response:
    """The head of the 101 and the connection after it; or the answer that refuses.

    choose: the subprotocol, out of those that the client offers. more: fields for the 101.
    """
    opening = ServerProtocol(
        extensions=[server_deflate()], subprotocols=[], select_subprotocol=choose
    )
    headers = Headers((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers)
    answer = opening.accept(Opening(request.target, headers))
    if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        return text(answer.status_code, answer.body.decode("utf-8", "replace"))
    for name, value in more:
        answer.headers[name] = value
    # Its parser waits for the request, which h11 has read: frames need a protocol of their own.
    protocol = Strict(Side.SERVER, max_size=longest)
    protocol.extensions = opening.extensions
    return answer.serialize(), protocol


def chosen(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first that the client offers and we speak; none is no fault (RFC 6455 §4.2.2)."""
    return next((one for one in offered if one in SUBPROTOCOLS), None)


def echo(endpoint: Endpoint, event: Event) -> None:
    """Send every message back."""
    if event.kind == "text":
        endpoint.send(event.text)
    elif event.kind == "binary":
        endpoint.send(event.data)


async def talk(endpoint: Endpoint, stream: Stream, data: bytes) -> None:
    """Frames to and fro until either side has had enough. Raises Closed."""
    while True:
        if data:
            endpoint.receive(data)
        octets, over = endpoint.outgoing()
        if octets:
            await stream.send(octets)
        if over:
            return
        data = await stream.read()
        if not data:
            raise Closed
