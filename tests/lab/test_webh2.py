"""The HTTP/2 server over a pretend wire, with h2's own client at the other end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, Event, ResponseReceived, StreamEnded
from h2.settings import SettingCodes

from netlab.lab.webh2 import H2Stream, Http2, answering
from netlab.lab.webmessage import Cut, Request, Response
from netlab.lab.webstream import Stream


class Wire(Stream):
    """Two queues in place of a connection; an empty piece is its end."""

    def __init__(self) -> None:
        self.to_server: asyncio.Queue[bytes] = asyncio.Queue()
        self.to_client: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        return await self.to_server.get()

    async def send(self, data: bytes) -> None:
        self.to_client.put_nowait(data)

    async def finish(self) -> None:
        self.to_client.put_nowait(b"")


class Client:
    """h2's client, with what has happened so far. acknowledging: whether windows are reopened."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.state = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.events: list[Event] = []
        self.acknowledging = True

    def flush(self) -> None:
        if data := self.state.data_to_send():
            self.wire.to_server.put_nowait(data)

    def ask(self, path: str, method: str = "GET", end: bool = True, protocol: str = "") -> int:
        number = self.state.get_next_available_stream_id()
        headers = [
            (":method", method), (":scheme", "https"), (":authority", "a.example"),
            (":path", path),
        ]  # fmt: skip
        if protocol:
            headers.append((":protocol", protocol))
        self.state.send_headers(number, headers, end_stream=end)
        self.flush()
        return number

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not done():
                self.take(await self.wire.to_client.get())

    def take(self, data: bytes) -> None:
        for event in self.state.receive_data(data):
            self.events.append(event)
            if isinstance(event, DataReceived) and self.acknowledging:
                self.state.acknowledge_received_data(
                    event.flow_controlled_length or 0, event.stream_id or 0
                )
        self.flush()

    def ended(self, number: int) -> Callable[[], bool]:
        return lambda: any(
            isinstance(event, StreamEnded) and event.stream_id == number for event in self.events
        )

    def body(self, number: int) -> bytes:
        return b"".join(
            event.data or b""
            for event in self.events
            if isinstance(event, DataReceived) and event.stream_id == number
        )

    def headers(self, number: int) -> dict[str, str]:
        for event in self.events:
            if isinstance(event, ResponseReceived) and event.stream_id == number:
                return {str(name): str(value) for name, value in event.headers or ()}
        raise AssertionError(f"no response on stream {number}")


async def site(request: Request) -> Response:
    """Small, large, in pieces, never, or an echo of what was sent."""
    match request.path:
        case "/large":
            return Response(200, (), b"x" * 300_000)
        case "/pieces":
            return Response(200, (), pieces())
        case "/never":
            await asyncio.Event().wait()
        case "/cut":
            return Response(200, (), cut())
    return Response(200, ((b"x-path", request.target.encode()),), request.body or b"small")


async def pieces() -> AsyncIterator[bytes]:
    for piece in (b"one ", b"two ", b"three"):
        yield piece


async def cut() -> AsyncIterator[bytes]:
    yield b"one "
    raise Cut


def talk(conversation: Callable[[Client, Http2], Coroutine[Any, Any, None]], **more: Any) -> None:
    """Run a conversation against a server, and see that the server ends with it."""

    async def run() -> None:
        wire = Wire()
        server = Http2(wire, more.pop("serve", answering(site)), **more)
        serving = asyncio.ensure_future(server.serve())
        client = Client(wire)
        client.state.initiate_connection()
        client.flush()
        try:
            await conversation(client, server)
        finally:
            wire.to_server.put_nowait(b"")
            async with asyncio.timeout(5):
                await serving
        assert not server.tasks

    asyncio.run(run())


def test_streams_answer_side_by_side() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        never, small = client.ask("/never"), client.ask("/small?q=1")
        await client.until(client.ended(small))
        assert client.headers(small) | {"x-path": "/small?q=1", ":status": "200"} == (
            client.headers(small)
        )
        assert (client.body(small), client.headers(small)["content-length"]) == (b"small", "5")
        assert never in server.streams

    talk(conversation)


def test_a_head_has_no_body() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        for path in ("/large", "/pieces"):
            number = client.ask(path, "HEAD")
            await client.until(client.ended(number))
            assert client.body(number) == b""

    talk(conversation)


def test_pieces_arrive_and_end() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        number = client.ask("/pieces")
        await client.until(client.ended(number))
        assert client.body(number) == b"one two three"

    talk(conversation)


def test_no_more_than_the_window_is_sent_until_it_opens() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        client.acknowledging = False
        number = client.ask("/large")
        await client.until(lambda: len(client.body(number)) == 65_535)
        assert server.state.local_flow_control_window(number) == 0
        client.state.increment_flow_control_window(1 << 20)
        client.state.increment_flow_control_window(1 << 20, number)
        client.flush()
        await client.until(client.ended(number))
        assert len(client.body(number)) == 300_000

    talk(conversation)


def test_a_reset_ends_the_stream_and_nothing_else() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        never = client.ask("/never")
        client.state.reset_stream(never)
        small = client.ask("/small")
        await client.until(client.ended(small))
        assert never not in server.streams

    talk(conversation)


def test_a_reset_in_the_middle_of_a_body_is_no_fault_of_ours() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        client.acknowledging = False
        large = client.ask("/large")
        await client.until(lambda: len(client.body(large)) == 65_535)
        client.state.reset_stream(large)
        client.state.increment_flow_control_window(1 << 20)
        small = client.ask("/small")
        await client.until(client.ended(small))

    talk(conversation)


def test_what_is_received_reopens_the_clients_window() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        number = client.ask("/echo", "POST", end=False)
        sent = b""
        async with asyncio.timeout(5):
            while len(sent) < 200_000:
                room = min(client.state.local_flow_control_window(number), 16_384)
                if room == 0:
                    client.take(await client.wire.to_client.get())
                    continue
                client.state.send_data(number, b"y" * room)
                sent += b"y" * room
                client.flush()
        client.state.end_stream(number)
        client.flush()
        await client.until(client.ended(number))
        assert client.body(number) == sent

    talk(conversation)


def test_a_cut_body_ends_the_connection() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        number = client.ask("/cut")
        await client.until(lambda: client.body(number) == b"one ")

    with pytest.raises(Cut):
        talk(conversation)


def test_what_is_not_http2_is_told_goodbye() -> None:
    async def conversation(client: Client, server: Http2) -> None:
        client.wire.to_server.put_nowait(b"\x00" * 40)
        await client.until(
            lambda: any(isinstance(event, ConnectionTerminated) for event in client.events)
        )

    talk(conversation)


def test_a_stream_can_carry_something_else_than_one_answer() -> None:
    """The door for WebSocket over HTTP/2 (RFC 8441): settings, and a stream both ways."""

    async def upper(stream: H2Stream) -> None:
        await stream.send_headers([(b":status", b"200")])
        while (data := await stream.receive()) is not None:
            await stream.send_data(data.upper())
        await stream.send_data(b"", end=True)

    async def conversation(client: Client, server: Http2) -> None:
        number = client.ask("/chat", "CONNECT", end=False, protocol="websocket")
        for word in (b"one", b"two"):
            before = client.body(number)
            client.state.send_data(number, word)
            client.flush()
            await client.until(lambda before=before: client.body(number) != before)  # type: ignore[misc]
        client.state.end_stream(number)
        client.flush()
        await client.until(client.ended(number))
        assert client.body(number) == b"ONETWO"
        assert client.state.remote_settings.enable_connect_protocol == 1

    talk(conversation, serve=upper, settings={SettingCodes.ENABLE_CONNECT_PROTOCOL: 1})
