"""The bridge for ASGI, with small applications of the tests' own on its far side."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from netlab.addresses import opened
from netlab.lab import alone, asgi, asgiscope, asgisocket
from netlab.lab.asgiscope import App, Receive, Scope, Send
from netlab.lab.service import Plain
from netlab.lab.webmessage import Request, Response, Site
from netlab.lab.webstream import Stream

PATIENCE = 10.0


class Bridged(Site):
    """An application as a site; what it told the journal is kept."""

    def __init__(self, app: App, longest: int = 1 << 20) -> None:
        self.app = app
        self.longest = longest
        self.told: list[tuple[str, dict[str, Plain]]] = []

    def tell(self, event: str, /, **detail: Plain) -> None:
        self.told.append((event, detail))

    async def answer(self, request: Request) -> Response:
        return await asgi.answer(self.app, replace(request, tell=self.tell), self.longest)


@contextlib.asynccontextmanager
async def served(site: Site) -> AsyncIterator[int]:
    """The port at which a site is served."""
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    sock = opened("127.0.0.1", 0)
    serving = asyncio.ensure_future(
        alone.serve(sock, site, lambda _, port: listening.set_result(port))
    )
    try:
        yield await listening
    finally:
        serving.cancel()
        await asyncio.wait({serving})


def run(site: Site, use: Callable[[int], Awaitable[Any]]) -> Any:
    async def whole() -> Any:
        async with served(site) as port:
            return await use(port)

    return asyncio.run(asyncio.wait_for(whole(), PATIENCE))


async def respond(send: Send, *pieces: bytes, headers: Any = (), status: int = 200) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    for piece in pieces[:-1]:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": pieces[-1]})


async def asked(port: int, target: str = "/", **more: Any) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        return await client.request(url=f"http://127.0.0.1:{port}{target}", **more)


def test_a_request_is_described_as_the_specification_has_it() -> None:
    seen: list[Any] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend((scope, await receive()))
        await respond(send, b"fine", headers=[(b"X-Kept", b"1"), (b"Content-Length", b"4")])

    async def use(port: int) -> httpx.Response:
        return await asked(port, "/a%20b/%ED%95%9C?q=%41", method="POST", content=b"body")

    response = run(Bridged(app), use)
    scope, message = seen
    assert (response.status_code, response.text, response.headers["x-kept"]) == (200, "fine", "1")
    assert response.headers.get_list("content-length") == ["4"]
    assert message == {"type": "http.request", "body": b"body", "more_body": False}
    assert (scope["type"], scope["method"], scope["scheme"]) == ("http", "POST", "http")
    assert scope["path"] == "/a b/한"
    assert scope["raw_path"] == b"/a%20b/%ED%95%9C"
    assert scope["query_string"] == b"q=%41"
    assert scope["client"][0] == "127.0.0.1"
    assert scope["server"][0] == "127.0.0.1"
    assert (b"content-length", b"4") in scope["headers"]


def test_a_body_in_pieces_is_streamed() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, *[b"%04d" % n for n in range(100)])

    response = run(Bridged(app), asked_get)
    assert response.headers["transfer-encoding"] == "chunked"
    assert response.content == b"".join(b"%04d" % n for n in range(100))


async def asked_get(port: int) -> httpx.Response:
    return await asked(port, method="GET")


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    return


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise LookupError("nothing here")


async def out_of_place(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.body", "body": b"without a head"})


@pytest.mark.parametrize(
    ("app", "told"),
    [(silent, ""), (failing, "LookupError: nothing here"), (out_of_place, "RuntimeError: ")],
)
def test_an_application_that_does_not_answer_is_a_500(app: App, told: str) -> None:
    site = Bridged(app)
    assert run(site, asked_get).status_code == 500
    assert [event for event, _ in site.told] == (["failed"] if told else [])
    assert all(str(detail["error"]).startswith(told) for _, detail in site.told)


def test_a_body_that_breaks_off_is_seen_to() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError

    async def use(port: int) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await asked(port, method="GET")

    run(Bridged(app), use)


@pytest.mark.parametrize("stubborn", [False, True])
def test_an_application_is_told_that_its_client_has_gone(
    stubborn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that heeds it ends by itself, one that does not is cancelled."""
    monkeypatch.setattr(asgi, "GRACE", 0.01)
    came, ended = asyncio.Event(), asyncio.Event()
    heard: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append((await receive())["type"])
        came.set()
        try:
            if stubborn:
                await asyncio.Event().wait()
            heard.append((await receive())["type"])
        except asyncio.CancelledError:
            heard.append("cancelled")
        ended.set()

    async def use(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await came.wait()
        writer.close()
        await ended.wait()

    run(Bridged(app), use)
    assert heard == ["http.request", "cancelled" if stubborn else "http.disconnect"]


def test_a_client_that_closes_its_half_behind_the_request_is_answered() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, b"fine")

    async def use(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    assert run(Bridged(app), use).endswith(b"fine")


async def parrot(scope: Scope, receive: Receive, send: Send) -> None:
    """Accepts, says everything back, and writes down how it ended."""
    assert (await receive())["type"] == "websocket.connect"
    offered = scope["subprotocols"]
    await send({
        "type": "websocket.accept", "subprotocol": offered[-1] if offered else None,
        "headers": [(b"x-parrot", scope["scheme"].encode())],
    })  # fmt: skip
    while (message := await receive())["type"] == "websocket.receive":
        if message["text"] == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "as asked"})
        elif message["text"] == "fail":
            raise LookupError("as asked")
        elif message["text"] == "end":
            return
        else:
            await send({**message, "type": "websocket.send"})
    tell = scope["extensions"][asgiscope.TELL]["tell"]
    tell("ended", code=message["code"], reason=message["reason"])
    assert (await receive())["type"] == "websocket.disconnect"


def joined(port: int, **more: Any) -> connect:
    return connect(f"ws://127.0.0.1:{port}/", proxy=None, **more)


def test_messages_pass_both_ways_and_so_does_the_clients_close() -> None:
    async def use(port: int) -> tuple[list[str | bytes], ClientConnection]:
        offered = [Subprotocol("one"), Subprotocol("two")]
        async with joined(port, subprotocols=offered) as client:
            await client.send("안녕")
            await client.send(bytes(70_000))
            await client.send(["in ", "pieces"])
            said = [await client.recv() for _ in range(3)]
            await (await client.ping())
            await client.close(4321, "done")
        return said, client

    site = Bridged(parrot)
    said, client = run(site, use)
    assert said == ["안녕", bytes(70_000), "in pieces"]
    assert client.subprotocol == "two"
    assert client.response.headers["x-parrot"] == "ws"
    assert client.close_code == 4321
    assert ("ended", {"code": 4321, "reason": "done"}) in site.told


@pytest.mark.parametrize(
    ("word", "code", "reason"), [("close", 4001, "as asked"), ("fail", 1011, ""), ("end", 1000, "")]
)
def test_the_applications_end_is_told_to_the_client(word: str, code: int, reason: str) -> None:
    async def use(port: int) -> tuple[int, str]:
        async with joined(port) as client:
            await client.send(word)
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            return closed.value.rcvd.code, closed.value.rcvd.reason

    assert run(Bridged(parrot), use) == (code, reason)


def test_a_message_that_is_too_long_ends_it() -> None:
    async def use(port: int) -> int | None:
        async with joined(port, max_size=None) as client:
            await client.send(bytes(2000))
            with pytest.raises(ConnectionClosed):
                await client.recv()
            return client.close_code

    assert run(Bridged(parrot, longest=1000), use) == 1009


async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "reason": "not you"})


@pytest.mark.parametrize(("app", "status"), [(refusing, 403), (silent, 500), (failing, 500)])
def test_a_socket_that_is_not_accepted_is_answered_in_http(app: App, status: int) -> None:
    async def use(port: int) -> tuple[int, bytes]:
        with pytest.raises(InvalidStatus) as refused:
            async with joined(port):
                pass
        return refused.value.response.status_code, bytes(refused.value.response.body)

    found, body = run(Bridged(app), use)
    assert found == status
    assert (b"not you" in body) == (status == 403)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 426),
        (b"Sec-WebSocket-Version: 13\r\n", 400),
    ],
)
def test_an_opening_that_is_wrong_never_comes_to_the_application(
    fields: bytes, status: int
) -> None:
    called = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(scope)

    async def use(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + fields + b"\r\n"
        )  # fmt: skip
        line = await reader.readline()
        writer.close()
        return line

    assert run(Bridged(app), use).split()[1] == b"%d" % status
    assert called == []


def test_whoever_sends_to_a_client_that_has_gone_is_told() -> None:
    over = asyncio.Event()
    caught: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (await receive())["type"] != "websocket.disconnect":
            pass
        try:
            await send({"type": "websocket.send", "text": "anybody?"})
        except OSError as error:
            caught.append(str(error))
        over.set()

    async def use(port: int) -> None:
        async with joined(port) as client:
            client.transport.abort()
        await over.wait()

    run(Bridged(app), use)
    assert caught == ["the connection has been closed"]


def test_a_client_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgisocket, "STALL", 0.05)
    over = asyncio.Event()
    sent: list[int] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "bytes": bytes(1 << 20)})
                sent.append(1)
        except OSError:
            over.set()

    async def use(port: int) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket() as client:
            client.setblocking(False)
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, OPENING)
            await over.wait()

    run(Bridged(app), use)
    assert len(sent) < 100


OPENING = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Flood(Stream):
    """A client that sends one message after another, and counts how many were taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        self.taken += 1
        return b"\x82\x81\0\0\0\0x"

    async def send(self, data: bytes) -> None:
        return

    async def finish(self) -> None:
        return


class Stuck(Flood):
    """A client that takes nothing, and leaves once something is being sent to it."""

    def __init__(self) -> None:
        super().__init__()
        self.sending = asyncio.Event()

    async def read(self) -> bytes:
        await self.sending.wait()
        return b""

    async def send(self, data: bytes) -> None:
        self.sending.set()
        await asyncio.Event().wait()


async def taken_over(app: App) -> Callable[[Stream, bytes], Awaitable[None]]:
    """What takes the connection over once an application has accepted it."""
    fields = [line.split(b": ") for line in OPENING.split(b"\r\n")[1:-2]]
    request = Request("GET", "http", "x", "/", tuple((k, v) for k, v in fields))
    response = await asgi.answer(app, request)
    assert response.switch is not None
    return response.switch


def test_what_is_being_sent_is_given_up_when_the_client_goes() -> None:
    caught: list[type[BaseException]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            await send({"type": "websocket.send", "text": "hello"})
        except BaseException as error:
            caught.append(type(error))

    async def use() -> None:
        take_over = await taken_over(app)
        await take_over(Stuck(), b"")

    asyncio.run(asyncio.wait_for(use(), PATIENCE))
    assert caught == [OSError]


def test_an_application_is_handed_no_more_than_it_takes() -> None:
    async def lazy(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.Event().wait()

    async def use() -> int:
        flood = Flood()
        take_over = await taken_over(lazy)

        async def talk() -> None:
            await take_over(flood, b"")

        talking = asyncio.ensure_future(talk())
        for _ in range(500):
            await asyncio.sleep(0)
        taken = flood.taken
        talking.cancel()
        await asyncio.wait({talking})
        return taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asgisocket, "GRACE", 0.01)
        taken = asyncio.run(asyncio.wait_for(use(), PATIENCE))
    assert asgiscope.AHEAD <= taken <= asgiscope.AHEAD + 1


def test_a_stop_ends_an_application_that_swallows_its_cancelling() -> None:
    """As Engine.IO's does: it answers, and believes that the connection goes on."""
    hanging = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        hanging.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await respond(send, b"a last word", status=400)

    async def whole() -> bytes:
        async with served(Bridged(app)) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await hanging.wait()
        data = await reader.read()
        writer.close()
        return data

    assert asyncio.run(asyncio.wait_for(whole(), PATIENCE)) == b""
