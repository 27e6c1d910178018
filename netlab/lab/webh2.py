"""HTTP/2 by h2: many streams on one connection (RFC 9113).

Theory of operation. One task reads the connection and hands h2's events to streams; each stream
is an object of its own with a task of its own. A stream sends as far as flow control lets it
(RFC 9113 §5.2) and waits for the window to open; what it receives is acknowledged when it is
taken, so that a client cannot fill the server's memory. What a stream does is a parameter: the
usual one reads a request and answers it; an extended CONNECT's answer may take the stream over
and speak something else on it (RFC 8441).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings

from netlab.lab.webmessage import Cut, Header, Request, Response
from netlab.lab.webstream import Closed, Stream

IDLE = 75.0
BODY_LIMIT = 1 << 20
USUAL = {
    SettingCodes.MAX_CONCURRENT_STREAMS: 100,  # RFC 9113 §6.5.2 recommends no fewer
    SettingCodes.MAX_HEADER_LIST_SIZE: 1 << 16,
}

EXTENDED_CONNECT = {SettingCodes.ENABLE_CONNECT_PROTOCOL: 1}
"""Says that a stream may carry another protocol (RFC 8441 §3)."""


class H2Stream:
    """One stream: the headers it was opened with, and both directions of its data."""

    def __init__(self, http: "Http2", number: int, headers: Iterable[Header]) -> None:
        self.http = http
        self.number = number
        self.headers = tuple((bytes(name), bytes(value)) for name, value in headers)
        self.arrived: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()

    def pseudo(self, name: str) -> str:
        """A pseudo-header such as `:path` (RFC 9113 §8.3.1); empty if there is none."""
        wanted = name.encode()
        return b"".join(value for key, value in self.headers if key == wanted).decode("latin-1")

    async def receive(self) -> bytes | None:
        """The next octets of the stream; None at its end."""
        item = await self.arrived.get()
        if item is None:
            return None
        data, controlled = item
        if controlled:
            self.http.state.acknowledge_received_data(controlled, self.number)
            await self.http.flush()
        return data

    async def send_headers(self, headers: Iterable[Header], end: bool = False) -> None:
        self.http.state.send_headers(self.number, list(headers), end_stream=end)
        await self.http.flush()

    async def send_data(self, data: bytes, end: bool = False) -> None:
        """Send all of it, in frames as large as the client's windows allow."""
        while True:
            room = await self.http.room(self.number) if data else 0
            piece, data = data[:room], data[room:]
            self.http.state.send_data(self.number, piece, end_stream=end and not data)
            await self.http.flush()
            if not data:
                return

    async def reset(self, code: ErrorCodes = ErrorCodes.INTERNAL_ERROR) -> None:
        self.http.state.reset_stream(self.number, code)
        await self.http.flush()


Serve = Callable[[H2Stream], Awaitable[None]]


class Http2:
    """The server's half of one HTTP/2 connection. settings: sent beside the usual ones."""

    def __init__(
        self, stream: Stream, serve: Serve, settings: Mapping[SettingCodes, int] | None = None
    ) -> None:
        self.stream = stream
        self.serve_stream = serve
        # The lab's own faults are sent as they are: checking what we send would refuse them.
        config = H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        self.state = H2Connection(config)
        # Settings that are changed later count only once the client has acknowledged them.
        self.state.local_settings = Settings(
            client=False,
            initial_values=USUAL | dict(settings or {}),
        )
        self.streams: dict[int, H2Stream] = {}
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.window = asyncio.Event()
        self.broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(self) -> None:
        """Answer streams until either side has had enough. Raises Closed and Cut."""
        self.state.initiate_connection()
        await self.flush()
        reading = asyncio.ensure_future(self.read())
        try:
            await asyncio.wait({reading, self.broken}, return_when=asyncio.FIRST_COMPLETED)
            (self.broken if self.broken.done() else reading).result()
        finally:
            await self.end({reading, *self.tasks.values()})

    async def end(self, tasks: set[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not self.broken.done():
            self.broken.cancel()

    async def read(self) -> None:
        while True:
            try:
                async with asyncio.timeout(None if self.tasks else IDLE):
                    data = await self.stream.read()
            except TimeoutError:
                self.state.close_connection()
                await self.flush()
                return
            if not data:
                return
            if not await self.receive(data):
                return

    async def receive(self, data: bytes) -> bool:
        """Take in what came; whether the connection goes on."""
        try:
            events = self.state.receive_data(data)
        except ProtocolError:
            await self.flush()  # the GOAWAY that says why
            return False
        for event in events:
            self.dispatch(event)
        await self.flush()
        return True

    def dispatch(self, event: Event) -> None:
        match event:
            case RequestReceived(stream_id=number, headers=headers) if number and headers:
                self.open(H2Stream(self, number, headers))
            case DataReceived(stream_id=number, data=data, flow_controlled_length=controlled):
                self.deliver(number, (data or b"", controlled or 0))
            case StreamEnded(stream_id=number):
                self.deliver(number, None)
            case StreamReset(stream_id=number):
                if task := self.tasks.get(number or 0):
                    task.cancel()
            case WindowUpdated() | RemoteSettingsChanged():
                self.window.set()

    def open(self, stream: H2Stream) -> None:
        self.streams[stream.number] = stream
        task = asyncio.ensure_future(self.run(stream))
        self.tasks[stream.number] = task
        task.add_done_callback(lambda done: self.close(stream.number, done))

    async def run(self, stream: H2Stream) -> None:
        try:
            await self.serve_stream(stream)
        except StreamClosedError:
            return  # the client reset it between two of our frames
        finally:
            await self.leave(stream)

    async def leave(self, stream: H2Stream) -> None:
        """Nobody takes what still comes; the window of the connection must open all the same."""
        del self.streams[stream.number]
        if not stream.arrived.empty():
            while not stream.arrived.empty():
                self.forgo(stream.number, stream.arrived.get_nowait())
            with contextlib.suppress(Closed):
                await self.flush()

    def close(self, number: int, task: asyncio.Task[None]) -> None:
        self.streams.pop(number, None)
        del self.tasks[number]
        if not task.cancelled() and (error := task.exception()) and not self.broken.done():
            self.broken.set_exception(error)

    def deliver(self, number: int | None, item: tuple[bytes, int] | None) -> None:
        if stream := self.streams.get(number or 0):
            stream.arrived.put_nowait(item)
        else:
            self.forgo(number, item)

    def forgo(self, number: int | None, item: tuple[bytes, int] | None) -> None:
        if item is not None and item[1] and number:
            self.state.acknowledge_received_data(item[1], number)

    async def room(self, number: int) -> int:
        """How much may be sent on this stream now, once it is more than nothing."""
        while True:
            window = self.state.local_flow_control_window(number)
            if window > 0:
                return min(window, self.state.max_outbound_frame_size)
            self.window.clear()
            await self.window.wait()

    async def flush(self) -> None:
        if data := self.state.data_to_send():
            await self.stream.send(data)


def answering(answer: Callable[[Request], Awaitable[Response]]) -> Serve:
    """What a stream usually does: one request, one answer."""

    async def serve(stream: H2Stream) -> None:
        if stream.pseudo(":method") == "CONNECT":  # it has no body: data come once it is accepted
            await connect(stream, head_of(stream), answer)
            return
        request = await read_request(stream)
        if request is None:
            await stream.reset(ErrorCodes.ENHANCE_YOUR_CALM)
            return
        await send_response(stream, request, await answer(request))

    return serve


async def connect(
    stream: H2Stream, request: Request, answer: Callable[[Request], Awaitable[Response]]
) -> None:
    """Answer a CONNECT; the end of what takes the stream over ends the stream."""
    response = await answer(request)
    if response.switch is None:
        await send_response(stream, request, response)
        return
    await stream.send_headers([(b":status", b"%d" % response.status), *response.headers])
    tunnel = Tunnel(stream)
    # Closed: the client has ended its half. If it is the connection, whoever reads it knows too.
    with contextlib.suppress(Closed):
        await response.switch(tunnel, b"")
    with contextlib.suppress(Closed):
        await tunnel.finish()


class Tunnel(Stream):
    """The data of one stream, as if they came over a connection of their own (RFC 8441 §5)."""

    def __init__(self, stream: H2Stream) -> None:
        self.stream = stream

    async def read(self) -> bytes:
        while (data := await self.stream.receive()) == b"":
            pass  # an empty frame is no end
        return data or b""

    async def send(self, data: bytes) -> None:
        try:
            await self.stream.send_data(data)
        except ProtocolError as error:
            raise Closed(str(error)) from error

    async def finish(self) -> None:
        try:
            await self.stream.send_data(b"", end=True)
        except ProtocolError as error:
            raise Closed(str(error)) from error


async def read_request(stream: H2Stream) -> Request | None:
    """The request with its body; None if that is too large."""
    body = b""
    while (data := await stream.receive()) is not None:
        body += data
        if len(body) > BODY_LIMIT:
            return None
    return head_of(stream, body)


def head_of(stream: H2Stream, body: bytes = b"") -> Request:
    authority = stream.pseudo(":authority")
    if not authority:
        named = (value for name, value in stream.headers if name == b"host")
        authority = b"".join(named).decode("latin-1")
    return Request(
        stream.pseudo(":method"),
        stream.pseudo(":scheme"),
        authority,
        stream.pseudo(":path"),
        tuple(header for header in stream.headers if not header[0].startswith(b":")),
        body,
        "2",
        stream.pseudo(":protocol"),
    )


async def send_response(stream: H2Stream, request: Request, response: Response) -> None:
    if response.raw is not None:  # no frame: it breaks the connection, all its streams with it
        await stream.http.stream.send(response.raw)
        raise Cut
    headers: list[Header] = [(b":status", b"%d" % response.status), *response.headers]
    body = response.body
    if isinstance(body, bytes):
        if response.status not in {204, 304}:
            headers.append((b"content-length", b"%d" % len(body)))
        if request.method == "HEAD":
            body = b""
        await send_at_once(stream, headers, body)
        return
    await stream.send_headers(headers, end=request.method == "HEAD")
    if request.method != "HEAD":
        await send_pieces(stream, body)


async def send_at_once(stream: H2Stream, headers: list[Header], body: bytes) -> None:
    """Head and body in one write, as far as the window goes: they make one segment."""
    stream.http.state.send_headers(stream.number, headers, end_stream=not body)
    if body:
        await stream.send_data(body, end=True)
    else:
        await stream.http.flush()


async def send_pieces(stream: H2Stream, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        await stream.send_data(piece)
    await stream.send_data(b"", end=True)


__all__ = ["EXTENDED_CONNECT", "Closed", "H2Stream", "Http2", "answering"]
