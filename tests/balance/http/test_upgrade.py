"""A connection that turns into another protocol's: octets both ways, and how it ends."""

import asyncio
import errno
import socket
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from netlab.balance.events import Finished
from netlab.balance.http.proxy import serve_http
from netlab.balance.pool import Pool
from netlab.balance.settings import Server, Settings, Timeouts
from tests.balance import wires
from tests.balance.http.place import Backend, Place, Talk, reset, rest, until

ASK = (
    b"GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n"
)
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n"


def turned(rest_of_it: Talk, switch: bytes = SWITCH) -> Talk:
    """A backend that switches protocols, and then does this."""

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        backend.octets += await reader.readuntil(b"\r\n\r\n")
        writer.write(switch)
        await rest_of_it(backend, reader, writer)

    return talk


async def echo(
    backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while data := await backend.read(reader):
        writer.write(data)
        await writer.drain()
    writer.write(b"bye")
    await writer.drain()


def test_octets_pass_both_ways_and_half_closes_as_half_closes() -> None:
    with Place(turned(echo)) as place, place.client() as sock:
        sock.sendall(ASK + b"early")
        head = until(sock, b"early")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert b"connection: upgrade\r\nupgrade: WebSocket\r\n" in head
        assert b"connection: upgrade\r\n" in place.backend.octets
        assert b"upgrade: websocket\r\n" in place.backend.octets
        sock.sendall(b"\x00\xff\r\n\r\n")
        until(sock, b"\x00\xff\r\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert rest(sock) == b"bye"
        place.wait(lambda: place.pool.backends[0].active == 0)


@pytest.mark.parametrize("side", ["client", "backend"])
def test_a_reset_passes_as_a_reset(side: str) -> None:
    async def end(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await writer.drain()
        await backend.read(reader)
        if side == "backend":
            reset(writer)
        else:
            await backend.read(reader)

    with Place(turned(end)) as place:
        with place.client() as sock:
            sock.sendall(ASK)
            until(sock, b"\r\n\r\n")
            if side == "backend":
                sock.sendall(b"a")
                with pytest.raises(ConnectionResetError):
                    rest(sock)
            else:
                reset(sock)
        if side == "client":
            place.wait(lambda: "reset" in place.backend.ended)


async def turned_pair(
    balancer: wires.Balanced, listener: socket.socket
) -> tuple[socket.socket, socket.socket]:
    """A client's socket and the backend's, from the first octet after the switch."""
    client = await wires.dial(balancer.port)
    await wires.send(client, ASK)
    server = await wires.accepted(listener)
    await wires.receive(server)
    await wires.send(server, SWITCH)
    await wires.receive(client)
    return client, server


@pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")
@pytest.mark.parametrize("from_client", [True, False], ids=["client", "backend"])
class TestResetsThatAsyncioDoesNotSee:
    def test_after_a_half_close(self, from_client: bool) -> None:
        async def play() -> None:
            with wires.listening() as listener:
                async with wires.balanced(wires.port_of(listener), layer=7) as balancer:
                    client, server = await turned_pair(balancer, listener)
                    near, far = (client, server) if from_client else (server, client)
                    near.shutdown(socket.SHUT_WR)
                    assert await wires.receive(far) == b""
                    reset(near)
                    with far:
                        await wires.until(lambda: balancer.told(Finished))
                        assert far.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (
                            errno.ECONNRESET, errno.EPIPE,
                        )  # fmt: skip

        asyncio.run(play())

    def test_while_reading_is_paused(self, from_client: bool) -> None:
        async def play() -> None:
            with wires.listening() as listener:
                async with wires.balanced(wires.port_of(listener), layer=7) as balancer:
                    client, server = await turned_pair(balancer, listener)
                    near, far = (client, server) if from_client else (server, client)
                    quiet = 0
                    while quiet < 20:
                        try:
                            near.send(bytes(65536))
                            quiet = 0
                        except BlockingIOError:
                            quiet += 1
                            await asyncio.sleep(0.002)
                    reset(near)
                    with far:
                        await wires.until(lambda: balancer.told(Finished))
                        with pytest.raises(ConnectionResetError):
                            await wires.everything(far)

        asyncio.run(play())


def test_silence_in_both_directions_ends_it() -> None:
    with Place(turned(echo), timeouts=Timeouts(idle=0.2)) as place, place.client() as sock:
        sock.sendall(ASK)
        until(sock, b"\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            rest(sock)


def test_a_refusal_to_turn_is_an_answer_and_the_connection_stays_http() -> None:
    """What the client sent in the hope of a tunnel is a request like any other."""

    async def refuse(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await backend.read(reader):
            writer.write(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()

    with Place(refuse) as place:
        octets = place.ask(ASK + b"\x81\x05hello\r\n\r\n")
        assert octets.startswith(b"HTTP/1.1 426 ")
        assert b"HTTP/1.1 400 " in octets
        assert b"hello" not in place.backend.octets


@pytest.mark.parametrize(
    "change",
    [
        (b"Upgrade: websocket", b"Upgrade: h2c"),
        (b"keep-alive, Upgrade", b"keep-alive"),
        (b"GET /chat HTTP/1.1", b"GET /chat HTTP/1.0"),
        (b"Version: 13", b"Version: 13\r\nContent-Length: 0\r\nTransfer: a"),
    ],
)
def test_only_a_protocol_that_is_known_and_asked_for_is_passed_on(
    change: tuple[bytes, bytes],
) -> None:
    with Place() as place, place.client() as sock:
        sock.sendall(ASK.replace(*change))
        until(sock, b"\r\n\r\n")
        wanted = b"Transfer" in change[1]
        assert (place.backend.requests[0].first(b"upgrade") is not None) == wanted


async def talk_websocket(port: int) -> list[str]:
    async with connect(f"ws://127.0.0.1:{port}/chat", proxy=None) as socket_:
        heard = []
        for text in ("hello", "x" * 100_000):
            await socket_.send(text)
            heard.append(str(await socket_.recv()))
        return heard


@pytest.mark.witness
def test_websockets_speaks_through_it() -> None:
    async def answer(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def run() -> None:
        async with serve(answer, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            settings = Settings((Server("b1", "127.0.0.1", port),))
            listener = socket.create_server(("127.0.0.1", 0))
            stop = asyncio.Event()
            pool = Pool.of(settings, lambda event: None)
            task = asyncio.create_task(serve_http(settings, pool, listener, stop))
            assert await talk_websocket(listener.getsockname()[1]) == ["hello", "x" * 100_000]
            stop.set()
            await task

    asyncio.run(run())
