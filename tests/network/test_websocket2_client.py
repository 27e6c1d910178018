"""The client on a stream of HTTP/2: what it must not take, and Node's http2 as the other end."""

import asyncio
import os
import subprocess
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import RequestReceived
from h2.settings import SettingCodes, Settings

from netlab.network import race, websocket2
from netlab.network.stream import TcpStream
from netlab.network.websocket import Connection, Declined, Wish
from netlab.network.websocket2 import Http2
from tests.witness import give_up, need

Opened = tuple[Connection, Http2] | Declined
Use = Callable[[Opened], Awaitable[object]]
Act = Callable[[H2Connection, int], None]


class Settled(TcpStream):
    """In the clear, with h2 agreed on as TLS would have."""

    @property
    def alpn(self) -> str | None:
        return "h2"


async def to(port: int, wish: Wish, use: Use, timeout: float = 5, kind: type = Settled) -> object:
    sock = await race.connect(("127.0.0.1", port))
    stream = kind(sock, perf_counter)
    try:
        return await use(await websocket2.open(stream, wish, timeout))
    finally:
        await stream.close()


def against(act: Act, use: Use, allow: int | None = 1, wish: Wish | None = None) -> object:
    """A server of h2's that does `act` once it is asked for a stream."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = H2Connection(H2Configuration(client_side=False))
        if allow is not None:
            state.local_settings = Settings(
                client=False, initial_values={SettingCodes.ENABLE_CONNECT_PROTOCOL: allow}
            )
        state.initiate_connection()
        writer.write(state.data_to_send())
        try:
            while data := await reader.read(65536):
                for event in state.receive_data(data):
                    if isinstance(event, RequestReceived):
                        act(state, event.stream_id or 0)
                writer.write(state.data_to_send())
        except OSError:
            pass  # the client has hung up
        finally:
            writer.close()

    async def run() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await to(port, wish or Wish("ws.example.com", "/echo"), use, timeout=2)

    return asyncio.run(run())


def answers(status: str, *fields: tuple[str, str], body: bytes = b"") -> Act:
    def act(state: H2Connection, stream: int) -> None:
        state.send_headers(stream, [(":status", status), *fields])
        if body:
            state.send_data(stream, body, end_stream=True)

    return act


async def refusal(opened: Opened) -> object:
    assert isinstance(opened, Declined)
    return opened


@pytest.mark.parametrize(
    ("act", "allow", "why", "words"),
    [
        (answers("200"), None, "setting", "ENABLE_CONNECT_PROTOCOL"),
        (answers("200"), 0, "setting", "ENABLE_CONNECT_PROTOCOL"),
        (answers("403", body=b"no"), 1, "status", "403"),
        (answers("200", ("sec-websocket-protocol", "chat")), 1, "subprotocol", "chat"),
        (answers("200", ("sec-websocket-extensions", "x-unasked")), 1, "extension", "x-unasked"),
        (lambda state, stream: state.reset_stream(stream), 1, "closed", "NO_ERROR"),
        (lambda state, _: state.close_connection(ErrorCodes.ENHANCE_YOUR_CALM), 1, "closed",
         "ENHANCE_YOUR_CALM"),
        (lambda state, stream: None, 1, "timeout", "in time"),
    ],
    ids=["unset", "zero", "status", "subprotocol", "extension", "reset", "goaway", "silent"],
)  # fmt: skip
def test_what_is_no_websocket_is_told_with_its_reason(
    act: Act, allow: int | None, why: str, words: str
) -> None:
    declined = against(act, refusal, allow)
    assert isinstance(declined, Declined)
    assert (declined.why, words in declined.text) == (why, True), declined.text


def test_a_page_that_answers_instead_is_bounded() -> None:
    declined = against(answers("503", body=b"x" * 16_000), refusal)
    assert isinstance(declined, Declined)
    assert (declined.answer.status, len(declined.answer.body)) == (503, 16_000)


def test_fields_that_http2_forbids_are_told() -> None:
    wish = Wish("ws.example.com", "/echo", headers=(("Connection", "Upgrade"),))
    declined = against(answers("200"), refusal, 1, wish)
    assert isinstance(declined, Declined)
    assert declined.why == "fields"


def test_a_connection_that_settled_on_something_else_is_not_asked() -> None:
    async def run() -> object:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await to(port, Wish("ws.example.com"), refusal, kind=TcpStream)

    declined = asyncio.run(run())
    assert isinstance(declined, Declined)
    assert declined.why == "alpn"


def test_a_stream_that_is_reset_amid_messages_breaks_the_websocket() -> None:
    def act(state: H2Connection, stream: int) -> None:
        answers("200")(state, stream)
        state.send_data(stream, b"\x81\x05Hel")
        state.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)

    async def use(opened: Opened) -> object:
        assert not isinstance(opened, Declined)
        with pytest.raises(OSError, match="INTERNAL_ERROR"):
            await opened[0].message(2)
        return True

    assert against(act, use)


def test_a_frame_right_behind_the_answer_is_heard_once() -> None:
    def act(state: H2Connection, stream: int) -> None:
        answers("200")(state, stream)
        state.send_data(stream, b"\x81\x05Hello\x89\x00")

    async def use(opened: Opened) -> object:
        assert not isinstance(opened, Declined)
        connection, _ = opened
        heard = [await connection.receive(2), await connection.receive(2)]
        with pytest.raises(TimeoutError):
            await connection.receive(0.2)
        return [event.kind for event in heard if event is not None]

    assert against(act, use) == ["text", "ping"]


@pytest.fixture(scope="module")
def node() -> Iterator[int]:
    """An echo by Node's http2 and the ws package."""
    need("node")
    program = Path(__file__).parents[1] / "node" / "websocket2.cjs"
    folder = os.environ.get("NETLAB_NODE_MODULES") or str(program.parent / "node_modules")
    if not (Path(folder) / "ws").is_dir():
        give_up("ws is not installed; NETLAB_NODE_MODULES names its folder")
    with subprocess.Popen(
        ["node", str(program), "serve"], env={**os.environ, "NODE_PATH": folder}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.witness
def test_node_echoes_what_goes_over_its_stream(node: int) -> None:
    messages: Sequence[str | bytes] = ("Hello", bytes(300), bytes(200_000))

    async def use(opened: Opened) -> object:
        assert not isinstance(opened, Declined), opened
        connection, http = opened
        assert connection.subprotocol == "chat"
        number, page = await websocket2.beside(http, "ws.example.com", "/", 2)
        assert (number, page.status, page.body) == (3, 200, b"a page")
        for message in messages:
            await connection.send(message)
            event = await connection.message(5)
            assert event is not None
            assert event.data == (message.encode() if isinstance(message, str) else message)
        await connection.close(1000, "bye")
        return connection.close_code

    wish = Wish("ws.example.com", "/", subprotocols=("chat",), deflate=False)
    assert asyncio.run(to(node, wish, use)) == 1000


@pytest.mark.witness
@pytest.mark.parametrize("path", ["/refused", "/reset"])
def test_node_refuses(node: int, path: str) -> None:
    async def use(opened: Opened) -> object:
        if isinstance(opened, Declined):
            return opened.answer.status, opened.answer.body
        with pytest.raises(OSError, match="INTERNAL_ERROR"):
            await opened[0].message(2)
        return "reset"

    found = asyncio.run(to(node, Wish("ws.example.com", path), use))
    assert found == ((403, b"not for you") if path == "/refused" else "reset")
