"""A WebSocket server that breaks rules on purpose, one for each path, for clients to refuse."""

from collections.abc import Awaitable, Callable, Mapping

from websockets.utils import accept_key

from netlab.lab import wsoctets as octets
from netlab.lab.webmessage import Request, Response, redirect, text
from netlab.lab.webstream import Closed, Stream
from netlab.lab.wsoctets import FIN, PING, RSV1, TEXT, frame

Talk = Callable[[Stream], Awaitable[None]]

HEADS: Mapping[str, tuple[str, ...]] = {
    "/no-upgrade": ("Connection: Upgrade", "Sec-WebSocket-Accept: {accept}"),
    "/no-connection": ("Upgrade: websocket", "Sec-WebSocket-Accept: {accept}"),
    "/no-accept": ("Upgrade: websocket", "Connection: Upgrade"),
    "/wrong-accept": (
        "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ),
    "/extension": (
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: {accept}",
        "Sec-WebSocket-Extensions: x-unasked",
    ),
    "/subprotocol": (
        "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: {accept}",
        "Sec-WebSocket-Protocol: unasked",
    ),
}  # fmt: skip
"""Answers that say 101 and leave a rule of RFC 6455 §4.1 broken."""

RIGHT = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: {accept}")

FRAMES: Mapping[str, bytes] = {
    "/masked": frame(FIN | TEXT, b"hi", masked=True),
    "/rsv1": frame(FIN | RSV1 | TEXT, b"hi"),
    "/opcode": frame(FIN | 0x3, b"hi"),
    "/ping-fragment": frame(PING, b"hi"),
    "/ping-long": frame(FIN | PING, bytes(126)),
    "/utf-8": frame(FIN | TEXT, b"\xc3\x28"),
    "/length": frame(FIN | TEXT, b"hi", wide=2),
    "/continuation": frame(FIN, b"hi"),
    "/1005": octets.close(1005),
    "/1006": octets.close(1006),
    "/1015": octets.close(1015),
    "/gigabyte": frame(FIN | octets.BINARY, b"x", length=1 << 30),
    "/cut": frame(FIN | TEXT, b"half", length=100),
}
"""What is sent once the opening went well; `/cut` hangs up in the middle of its frame."""

PIECE = frame(0x0, bytes(64 * 1024))


def answer(request: Request) -> Response:
    """The fault that the path names; the page of a proxy for any other."""
    match request.path:
        case "/401":
            return text(401, "Who are you?\n", (b"www-authenticate", b"Basic"))
        case "/302":
            return redirect(302, "https://ws.example.com/echo")
        case "/garbage":
            return Response(200, raw=b"SSH-2.0-OpenSSH_9.9\r\n")
        case "/endless":
            return switching(request, RIGHT, endless)
        case "/deaf":
            return switching(request, RIGHT, deaf)
        case path if path in HEADS:
            return switching(request, HEADS[path], deaf)
        case path if path in FRAMES:
            return switching(request, RIGHT, saying(FRAMES[path], cut=path == "/cut"))
    page = b"<!doctype html><title>Proxy</title><p>This site is blocked."
    return Response(200, ((b"content-type", b"text/html"),), page)


def switching(request: Request, lines: tuple[str, ...], talk: Talk) -> Response:
    accept = accept_key(request.header(b"sec-websocket-key"))
    fields = "".join(f"{line.format(accept=accept)}\r\n" for line in lines)
    head = f"HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n".encode("latin-1")

    async def take_over(stream: Stream, _: bytes) -> None:
        await talk(stream)

    return Response(101, raw=head, switch=take_over)


def saying(data: bytes, cut: bool) -> Talk:
    async def talk(stream: Stream) -> None:
        await stream.send(data)
        if cut:
            return
        while await stream.read():  # until the client has hung up
            pass
        raise Closed

    return talk


async def endless(stream: Stream) -> None:
    """Fragments of one message, until the client has had enough. Raises Closed."""
    await stream.send(frame(octets.BINARY, bytes(64 * 1024)))
    while True:
        await stream.send(PIECE)


async def deaf(stream: Stream) -> None:
    """Never read again: what the client sends piles up on its way. Ends with the connection."""
    from asyncio import Event

    await Event().wait()
