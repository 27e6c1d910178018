"""The lab's WebSocket echo on streams of HTTP/2 (RFC 8441).

The stream takes the place of the TCP connection. An extended CONNECT opens it in place of a GET
with Upgrade: it bears no key, and a 2xx accepts it, for HTTP/2 cannot be taken for WebSocket by
mistake as HTTP/1.1 might. Everything after that, masks included, is as in RFC 6455.
"""

from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake
from websockets.protocol import Side
from websockets.server import ServerProtocol

from netlab.lab.webmessage import Header, Request, Response, text
from netlab.lab.websocket import ECHO, HELP, VERSION, chosen, echo, taking_over
from netlab.lab.wsendpoint import LONGEST_MESSAGE, Strict, server_deflate

PROTOCOL = "websocket"


def answer(request: Request) -> Response:
    """Echoes whatever comes to /echo, and says so to whoever asks for the page."""
    if request.path.rstrip("/") != ECHO:
        return text(200 if request.path == "/" and request.method != "CONNECT" else 404, HELP)
    return refused(request) or switch(request)


def refused(request: Request) -> Response | None:
    """The answer to an opening that no WebSocket comes of.

    426 is none of them: it must name an Upgrade, and HTTP/2 has none (RFC 9110 §15.5.22).
    """
    if request.method != "CONNECT":
        words = "Only WebSocket is spoken here: ask with CONNECT and :protocol websocket.\n"
        return text(405, words, (b"allow", b"CONNECT"))
    if request.protocol.lower() != PROTOCOL:
        return text(501, "This protocol is not spoken here.\n")  # as RFC 9220 §3 has it
    if request.scheme != "https":
        return text(400, "The scheme for wss is https (RFC 8441 §5).\n")
    if request.header(b"sec-websocket-version").encode("latin-1") != VERSION:
        words = "This version of WebSocket is not spoken here (RFC 6455 §4.4).\n"
        return text(400, words, (b"sec-websocket-version", VERSION))
    return None


def switch(request: Request) -> Response:
    """The 200, and what takes the stream over after it; or why there is none."""
    opening = ServerProtocol(
        extensions=[server_deflate()], subprotocols=[], select_subprotocol=chosen
    )
    headers = Headers((k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers)
    try:
        packed, extensions = opening.process_extensions(headers)
        subprotocol = opening.process_subprotocol(headers)
    except InvalidHandshake as error:
        return text(400, f"{error}.\n")
    fields: list[Header] = []
    if packed is not None:
        fields.append((b"sec-websocket-extensions", packed.encode("latin-1")))
    if subprotocol is not None:
        fields.append((b"sec-websocket-protocol", subprotocol.encode("latin-1")))
    protocol = Strict(Side.SERVER, max_size=LONGEST_MESSAGE)
    protocol.extensions = extensions
    return Response(200, tuple(fields), switch=taking_over(protocol, echo))
