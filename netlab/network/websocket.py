"""A WebSocket client over a connection that is open already (RFC 6455).

The opening is asked and judged by ourselves, rule by rule (§4.1), for a person wants to know which
one an answer broke; frames are the work of `websockets`' Sans-I/O layer. Every octet passes through
the stream's tape, where mask, header and RSV1 can be read, which the library's events hide.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import h11
from websockets.extensions import Extension
from websockets.frames import CloseCode
from websockets.protocol import Side, State

from netlab.lab.wsendpoint import LONGEST_MESSAGE, Endpoint, Event, Strict
from netlab.network.stream import Stream
from netlab.network.websocket_opening import (
    Answer,
    Declined,
    Pairs,
    Refusal,
    Wish,
    judge,
    new_key,
    request_fields,
)

MOST_HEAD = 64 * 1024
MOST_BODY = 256 * 1024
"""Octets of an answer that is no 101 which are read before netlab has seen enough."""
MOST_WAITING = 1024
"""Events that may wait to be taken."""


async def open(
    stream: Stream, wish: Wish, timeout: float, key: str | None = None
) -> "Connection | Declined":
    """Ask for a WebSocket on this stream. Raises nothing for what a server does."""
    key = key or new_key()
    fields = request_fields(wish, key)
    http = _Http(stream)
    try:
        async with asyncio.timeout(timeout):
            await http.ask(wish.path, fields)
            answer = await http.answer()
    except TimeoutError:
        return Declined("timeout", "no answer to the opening came in time", http.so_far, key)
    except h11.RemoteProtocolError as error:
        return _not_http(http, str(error), key)
    except OSError as error:
        return Declined("closed", f"the connection broke: {error}", http.so_far, key)
    try:
        extensions, subprotocol = judge(answer, wish, key)
    except Refusal as refusal:
        return Declined(refusal.why, refusal.text, answer, key)
    frames_at = http.frames_at(stream)
    connection = Connection(stream, wish, key, answer, extensions, subprotocol, frames_at)
    with contextlib.suppress(OSError):  # an answer to what came ahead: who reads on will learn
        await connection.flush(timeout)
    return connection


def _not_http(http: "_Http", error: str, key: str) -> Declined:
    if http.silent:
        return Declined("closed", "the server closed the connection without a word", Answer(), key)
    return Declined("garbage", f"what came back is not HTTP ({error})", http.so_far, key)


class _Http:
    """One HTTP/1.1 request and its answer, by h11, on a stream that may go on as something else."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.state = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self.so_far = Answer()
        self.silent = True

    async def ask(self, path: str, fields: Pairs) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]
        request = h11.Request(method="GET", target=path.encode("ascii"), headers=headers)
        head = self.state.send(request)
        end = self.state.send(h11.EndOfMessage())
        await self.stream.write((head or b"") + (end or b""))

    async def answer(self) -> Answer:
        """The final answer, with a bounded body where it has one."""
        while True:
            event = await self.event()
            match event:
                case h11.InformationalResponse(status_code=101) | h11.Response():
                    self.so_far = _answer(event)
                    if isinstance(event, h11.InformationalResponse):
                        return self.so_far
                    return await self.body(event)
                case h11.ConnectionClosed():
                    raise h11.RemoteProtocolError("it ended without an answer")

    async def body(self, head: h11.Response) -> Answer:
        """Read what a person should see of it; the rest does not matter."""
        body = b""
        while len(body) < MOST_BODY:
            try:
                event = await self.event()
            except (h11.RemoteProtocolError, OSError):
                break
            if not isinstance(event, h11.Data):
                break
            body += bytes(event.data)
            self.so_far = _answer(head, body[:MOST_BODY])
        return self.so_far

    async def event(self) -> object:
        while (event := self.state.next_event()) is h11.NEED_DATA:
            data = await self.stream.read()
            self.silent = self.silent and not data
            self.state.receive_data(data)
        return event

    def frames_at(self, stream: Stream) -> tuple[int, int]:
        """Where frames begin on the tape: what came behind the 101 is the new protocol's."""
        ahead, _ = self.state.trailing_data
        return stream.tape.total("sent"), stream.tape.total("received") - len(ahead)


def _answer(head: Any, body: bytes = b"") -> Answer:
    fields = head.headers.raw_items()
    return Answer(
        head.status_code,
        bytes(head.reason).decode("latin-1"),
        tuple((bytes(k).decode("latin-1"), bytes(v).decode("latin-1")) for k, v in fields),
        body,
    )


@dataclass(slots=True)
class Connection:
    """An open WebSocket. frames_at: offsets on the tape at which frames begin, sent and received.

    close_code: what the other side's close frame said; 1005 for none, 1006 where the connection
    ended without one (RFC 6455 §7.1.5). fault: why this side failed the connection, or empty.
    """

    stream: Stream
    wish: Wish
    key: str
    answer: Answer
    extensions: Sequence[Extension]
    subprotocol: str | None
    frames_at: tuple[int, int]
    events: deque[Event] = field(default_factory=deque)
    over: bool = False
    endpoint: Endpoint = field(init=False)

    def __post_init__(self) -> None:
        protocol = Strict(Side.CLIENT, max_size=LONGEST_MESSAGE)
        protocol.extensions = list(self.extensions)
        self.endpoint = Endpoint(protocol, self._heard)
        ahead = self.stream.tape.data("received", self.frames_at[1])
        if ahead:
            self.endpoint.receive(ahead)
            self.over = bool(self.fault)

    @property
    def deflate(self) -> bool:
        return bool(self.extensions)

    @property
    def close_code(self) -> int | None:
        received = self.endpoint.protocol.close_rcvd
        if received is not None:
            return int(received.code)
        return int(CloseCode.ABNORMAL_CLOSURE) if self.over else None

    @property
    def close_reason(self) -> str:
        received = self.endpoint.protocol.close_rcvd
        return received.reason if received is not None else ""

    @property
    def fault(self) -> str:
        error = self.endpoint.protocol.parser_exc
        if self.endpoint.fault or error is None or isinstance(error, EOFError):
            return self.endpoint.fault
        return str(error)

    @property
    def open(self) -> bool:
        return not self.over and self.endpoint.protocol.state is State.OPEN

    def _heard(self, _: Endpoint, event: Event) -> None:
        self.events.append(event)

    async def send(self, message: str | bytes, timeout: float | None = None) -> None:
        self._check_open()
        self.endpoint.send(message)
        await self.flush(timeout)

    async def send_fragments(
        self,
        parts: Sequence[str | bytes],
        between: Callable[["Connection"], object] | None = None,
    ) -> None:
        """One message in several frames, all in one write. between: what is sent amid them."""
        self._check_open()
        protocol = self.endpoint.protocol
        begin = protocol.send_text if isinstance(parts[0], str) else protocol.send_binary
        for number, part in enumerate(parts):
            data = part.encode("utf-8") if isinstance(part, str) else part
            last = number == len(parts) - 1
            if number == 0:
                begin(data, fin=last)
            else:
                protocol.send_continuation(data, fin=last)
            if between is not None and number == 0:
                between(self)
        await self.flush()

    async def ping(self, data: bytes = b"") -> None:
        self._check_open()
        self.endpoint.protocol.send_ping(data)
        await self.flush()

    def _check_open(self) -> None:
        """Raises ConnectionError where nothing can be sent any more."""
        if not self.open:
            raise ConnectionError(self.fault or "the other side has closed the connection")

    async def close(self, code: int | None = 1000, reason: str = "", timeout: float = 2.0) -> None:
        """Send a close frame, wait for the other side's, and for it to hang up first (§7.1.1)."""
        if self.open:
            if code is None:
                self.endpoint.protocol.send_close()
            else:
                self.endpoint.protocol.send_close(code, reason)
        try:
            async with asyncio.timeout(timeout):
                await self.flush()
                while not self.over:
                    await self._read(None)
        except (TimeoutError, OSError):
            pass
        finally:
            await self.hang_up()

    async def hang_up(self) -> None:
        """Let the TCP connection go, whatever was said on it."""
        self.over = True
        await self.stream.close()

    async def receive(self, timeout: float | None = None) -> Event | None:
        """The next message or control frame; None when nothing more will come.

        Raises TimeoutError, and OSError where the connection breaks.
        """
        while not self.events:
            if self.over:
                return None
            await self._read(timeout)
        return self.events.popleft()

    async def message(self, timeout: float | None = None) -> Event | None:
        """The next text or binary message; None when none will come."""
        while (event := await self.receive(timeout)) is not None:
            if event.kind in ("text", "binary"):
                return event
        return None

    async def _read(self, timeout: float | None) -> None:
        if len(self.events) >= MOST_WAITING:
            raise OSError("more messages came than are kept")
        data = await self.stream.read(timeout=timeout)
        self.endpoint.receive(data)
        await self.flush(timeout)
        # Who fails a connection need not wait for the other side (RFC 6455 §7.1.7).
        if not data or self.fault:
            self.over = True

    async def flush(self, timeout: float | None = None) -> None:
        octets, _ = self.endpoint.outgoing()
        if octets:
            await self.stream.write(octets, timeout)


def names(extensions: Iterable[Extension]) -> list[str]:
    return [cast(str, extension.name) for extension in extensions]


__all__ = ["Answer", "Connection", "Declined", "Event", "Wish", "open"]
