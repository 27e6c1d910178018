"""Wraps an ASGI application that speaks Engine.IO, and tells of every packet as it passes.

The frames and requests that carry the packets are not to be seen from here: a second account, to
hold what was seen on the wire against.
"""

from collections.abc import Iterator
from urllib.parse import parse_qs

from netlab.lab.asgiscope import TELL, App, Message, Receive, Scope, Send
from netlab.lab.webmessage import Tell

SEPARATOR = "\x1e"
"""Between packets in one body (Engine.IO protocol 4)."""
SHOWN = 500


def witnessed(app: App) -> App:
    """The same application. Each packet is an entry `engineio.packet` of the journal."""

    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        session = asked.get("sid", [""])[0]
        status = 101

        async def received() -> Message:
            message = await receive()
            for packet in packets(message):
                note(scope, session, "received", packet)
            return message

        async def sent(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            # "ok" is what a POST is answered with: not a packet, and neither is an error.
            if status == 101 or (status == 200 and scope["method"] == "GET"):
                for packet in packets(message):
                    note(scope, session, "sent", packet)
            await send(message)

        await app(scope, received, sent)

    return passed


def packets(message: Message) -> Iterator[str | bytes]:
    match message["type"]:
        case "websocket.receive" | "websocket.send":
            data = message.get("text")
            yield message.get("bytes") or b"" if data is None else data
        case "http.request" | "http.response.body":
            body = bytes(message.get("body", b"")).decode("utf-8", "replace")
            yield from body.split(SEPARATOR) if body else ()


def note(scope: Scope, session: str, direction: str, packet: str | bytes) -> None:
    tell: Tell = scope["extensions"][TELL]["tell"]
    binary = isinstance(packet, bytes)
    tell(
        "engineio.packet",
        session=session[:SHOWN],
        transport="polling" if scope["type"] == "http" else "websocket",
        direction=direction,
        packet=(packet.hex() if isinstance(packet, bytes) else packet)[:SHOWN],
        binary=binary,
        length=len(packet),
    )
