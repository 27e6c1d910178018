"""A WebSocket client on one stream of an HTTP/2 connection (RFC 8441).

The stream takes the place of the TCP connection. It has a tape of its own, of what its DATA frames
carry: from there on everything is as over HTTP/1.1, and read by the same code.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from netlab.network.stream import READ_SIZE, Stream
from netlab.network.tape import Tape
from netlab.network.websocket import MOST_BODY, MOST_HEAD, Connection
from netlab.network.websocket_opening import (
    VERSION,
    Answer,
    Declined,
    Pairs,
    Refusal,
    Wish,
    agreed,
    asked_fields,
)

FAREWELL = 0.5
"""Seconds in which what ends the connection may be written."""
OURS = {
    SettingCodes.ENABLE_PUSH: 0,
    SettingCodes.MAX_HEADER_LIST_SIZE: MOST_HEAD,
}


CONNECTION_FIELDS = {
    "connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
}  # fmt: skip


@dataclass(slots=True)
class Half:
    """What came on one stream. pending: octets that nobody has taken, at most a window of them."""

    answer: Answer = field(default_factory=Answer)
    answered: bool = False
    pending: bytearray = field(default_factory=bytearray)
    unacknowledged: int = 0
    tape: Tape = field(default_factory=Tape)
    ended: bool = False
    reset: str = ""


class Http2:
    """One connection. Whoever waits for something reads for all of its streams."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        configuration = H2Configuration(client_side=True, header_encoding="latin-1")
        self.state = H2Connection(configuration)
        self.state.local_settings = Settings(client=True, initial_values=OURS)
        self.halves: dict[int, Half] = {}
        self.settled = False
        self.terminated = ""
        self.reading, self.writing = asyncio.Lock(), asyncio.Lock()

    async def begin(self) -> None:
        """Send the preface, and wait for the server's settings. Raises OSError."""
        self.state.initiate_connection()
        await self.flush()
        await self.until(lambda: self.settled)

    async def request(self, headers: Pairs, end: bool) -> int:
        """Open a stream; answers its number. Raises ProtocolError for fields HTTP/2 forbids."""
        number = self.state.get_next_available_stream_id()
        self.state.send_headers(number, headers, end_stream=end)
        self.halves[number] = Half()
        await self.flush()
        return number

    async def answered(self, number: int) -> Answer:
        half = self.halves[number]
        await self.until(lambda: half.answered or half.ended)
        if not half.answered:
            raise OSError(half.reset or "the server ended the stream without an answer")
        return half.answer

    async def whole(self, number: int) -> Answer:
        """The answer with its body, as far as a person should see it."""
        half, answer, body = self.halves[number], await self.answered(number), b""
        while not half.ended and len(body) < MOST_BODY:
            await self.until(lambda: bool(half.pending) or half.ended)
            body += await self.take(number)
        body += await self.take(number)
        return Answer(answer.status, "", answer.headers, body[:MOST_BODY])

    async def take(self, number: int) -> bytes:
        """What has come on a stream; only now may the server send as much again."""
        half = self.halves[number]
        data = bytes(half.pending)
        half.pending.clear()
        if half.unacknowledged:
            count, half.unacknowledged = half.unacknowledged, 0
            self.state.acknowledge_received_data(count, number)
            await self.flush()
        return data

    async def send(self, number: int, data: bytes) -> None:
        """As flow control lets it (RFC 9113 §5.2). Raises OSError."""
        half = self.halves[number]
        while data:
            await self.until(lambda: half.ended or self.room(number) > 0)
            if half.ended:
                raise ConnectionResetError(half.reset or "the server has ended the stream")
            piece, data = data[: (room := self.room(number))], data[room:]
            self.state.send_data(number, piece)
            await self.flush()
            half.tape.add(self.stream.tape.last_at("sent") or 0.0, "sent", piece)

    def room(self, number: int) -> int:
        """Octets that one DATA frame on this stream may have now."""
        try:
            window = self.state.local_flow_control_window(number)
        except ProtocolError as error:
            raise ConnectionResetError(str(error)) from None
        return min(window, self.state.max_outbound_frame_size)

    async def until(self, test: Callable[[], bool]) -> None:
        """Read until this is true. Raises OSError when it can not come true any more."""
        while not test():
            async with self.reading:
                if test():
                    return
                if self.terminated:
                    raise ConnectionResetError(self.terminated)
                await self._read()

    async def _read(self) -> None:
        data = await self.stream.read(READ_SIZE)
        if not data:
            self.terminated = self.terminated or "the server closed the connection"
            return
        try:
            for event in self.state.receive_data(data):
                self.heard(event)
        except ProtocolError as error:
            self.terminated = f"the server breaks a rule of HTTP/2: {error}"
        await self.flush()

    def heard(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                self.settled = True
            case ConnectionTerminated():
                self.terminated = f"the server said GOAWAY ({named(event.error_code)})"
            case ResponseReceived() if half := self.halves.get(event.stream_id or 0):
                headers = [(str(name), str(value)) for name, value in event.headers or ()]
                status = next((value for name, value in headers if name == ":status"), "")
                fields = tuple(pair for pair in headers if pair[0][:1] != ":")
                half.answer = Answer(int(status) if status.isdecimal() else 0, "", fields)
                half.answered = True
            case DataReceived() if half := self.halves.get(event.stream_id or 0):
                half.pending += event.data or b""
                half.unacknowledged += event.flow_controlled_length or 0
                at = self.stream.tape.last_at("received") or 0.0
                half.tape.add(at, "received", event.data or b"")
            case StreamEnded() if half := self.halves.get(event.stream_id or 0):
                half.ended = True
            case StreamReset() if half := self.halves.get(event.stream_id or 0):
                half.ended = True
                half.reset = f"the server reset the stream ({named(event.error_code)})"

    async def flush(self) -> None:
        async with self.writing:
            if data := self.state.data_to_send():
                await self.stream.write(data)

    async def close(self) -> None:
        """Say so, and let go; never waits for the other side."""
        with contextlib.suppress(ProtocolError, OSError, TimeoutError):
            async with asyncio.timeout(FAREWELL):
                self.state.close_connection()
                await self.flush()
        await self.stream.close()


def named(code: ErrorCodes | int | None) -> str:
    try:
        return ErrorCodes(code or 0).name
    except ValueError:
        return f"error {code}"


class Tunnel:
    """One stream as a connection of its own: what WebSocket sees of HTTP/2."""

    def __init__(self, http: Http2, number: int) -> None:
        self.http, self.number = http, number
        self.half = http.halves[number]

    @property
    def sock(self) -> socket.socket:
        return self.http.stream.sock

    @property
    def tape(self) -> Tape:
        return self.half.tape

    @property
    def wire(self) -> Tape:
        return self.http.stream.wire

    @property
    def alpn(self) -> str | None:
        return self.http.stream.alpn

    async def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """All that has come, which a window bounds; max_bytes is not looked at."""
        async with asyncio.timeout(timeout):
            await self.http.until(lambda: bool(self.half.pending) or self.half.ended)
            data = await self.http.take(self.number)
        if not data and self.half.reset:
            raise ConnectionResetError(self.half.reset)
        return data

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        async with asyncio.timeout(timeout):
            await self.http.send(self.number, data)

    async def close(self) -> None:
        with contextlib.suppress(ProtocolError):
            self.http.state.end_stream(self.number)
        await self.http.close()


def forbidden(wish: Wish) -> str | None:
    """The first field of the person's own that is for HTTP/1.1 alone (RFC 9113 §8.2.2)."""
    return next((name for name, _ in wish.headers if name.lower() in CONNECTION_FIELDS), None)


def pseudo_headers(wish: Wish) -> Pairs:
    """What takes the place of the request line, Host and Upgrade (RFC 8441 §4 and §5)."""
    return (
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"),
        (":path", wish.path), (":authority", wish.authority),
    )  # fmt: skip


def request_fields(wish: Wish) -> Pairs:
    """No key: HTTP/2 has no answer that could be taken for one to an upgrade (RFC 8441 §5)."""
    ours = [("sec-websocket-version", VERSION), *asked_fields(wish)]
    given = {name.lower() for name, _ in wish.headers}
    kept = [(name.lower(), value) for name, value in ours if name.lower() not in given]
    return (*pseudo_headers(wish), *kept, *((name.lower(), v) for name, v in wish.headers))


async def open(stream: Stream, wish: Wish, timeout: float) -> tuple[Connection, Http2] | Declined:
    """Ask for a WebSocket on a stream of its own. Raises nothing for what a server does."""
    if stream.alpn != "h2":
        words = f"TLS settled on {stream.alpn or 'no protocol'}, not on h2"
        return Declined("alpn", words, Answer(), "")
    if name := forbidden(wish):
        return Declined("fields", f"{name} may not travel over HTTP/2", Answer(), "")
    http = Http2(stream)
    try:
        async with asyncio.timeout(timeout):
            await http.begin()
            if not http.state.remote_settings.enable_connect_protocol:
                words = "the server's SETTINGS do not allow it (ENABLE_CONNECT_PROTOCOL is not 1)"
                return Declined("setting", words, Answer(), "")
            return await _opened(http, wish)
    except TimeoutError:
        return Declined("timeout", "no answer to the opening came in time", Answer(), "")
    except ProtocolError as error:
        return Declined("fields", f"HTTP/2 does not let this out: {error}", Answer(), "")
    except OSError as error:
        return Declined("closed", f"the connection broke: {error}", Answer(), "")


async def _opened(http: Http2, wish: Wish) -> tuple[Connection, Http2] | Declined:
    number = await http.request(request_fields(wish), end=False)
    answer = await http.answered(number)
    if not 200 <= answer.status < 300:
        words = f"the server answered {answer.status}, not 200"
        return Declined("status", words, await http.whole(number), "")
    try:
        extensions, subprotocol = agreed(answer, wish)
    except Refusal as refusal:
        return Declined(refusal.why, refusal.text, answer, "")
    # What came right behind the answer is on the tape, where the connection looks for it.
    await http.take(number)
    tunnel = Tunnel(http, number)
    connection = Connection(tunnel, wish, "", answer, extensions, subprotocol, (0, 0))
    with contextlib.suppress(OSError):  # an answer to what came ahead: who reads on will learn
        await connection.flush()
    return connection, http


async def beside(http: Http2, authority: str, path: str, timeout: float) -> tuple[int, Answer]:
    """A plain GET on a stream next to the WebSocket's: its number, and what came."""
    fields: Sequence[tuple[str, str]] = (
        (":method", "GET"), (":scheme", "https"), (":path", path), (":authority", authority),
        ("accept", "*/*"),
    )  # fmt: skip
    async with asyncio.timeout(timeout):
        number = await http.request(tuple(fields), end=True)
        return number, await http.whole(number)


__all__ = ["Http2", "Tunnel", "beside", "open", "pseudo_headers"]
