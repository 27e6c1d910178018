"""A TCP stream logs what it reads and writes, and gives up in time."""

import asyncio
import itertools
import socket
from collections.abc import Callable
from typing import Any

import pytest

from netlab.network.stream import TcpStream


def ticking() -> Callable[[], float]:
    """A clock that moves one second every time it is asked."""
    count = itertools.count()
    return lambda: float(next(count))


def connected() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    return client, server


def with_stream(body: Callable[[TcpStream, socket.socket], Any]) -> None:
    async def run() -> None:
        client, server = connected()
        stream = TcpStream(client, ticking())
        with server:
            try:
                await body(stream, server)
            finally:
                await stream.close()

    asyncio.run(run())


def test_reads_and_writes_are_on_the_tape() -> None:
    async def body(stream: TcpStream, server: socket.socket) -> None:
        await stream.write(b"ping", timeout=5)
        assert server.recv(10) == b"ping"
        server.sendall(b"pong")
        assert await stream.read(2, timeout=5) == b"po"
        assert await stream.read(timeout=5) == b"ng"

        assert stream.tape.data("sent") == b"ping"
        assert [stream.tape.at_offset("received", i) for i in range(4)] == [1, 1, 2, 2]

    with_stream(body)


def test_the_end_of_the_stream_is_no_octets() -> None:
    async def body(stream: TcpStream, server: socket.socket) -> None:
        server.close()
        assert await stream.read(timeout=5) == b""

    with_stream(body)


def test_silence_times_out() -> None:
    async def body(stream: TcpStream, server: socket.socket) -> None:
        with pytest.raises(TimeoutError):
            await stream.read(timeout=0)

    with_stream(body)


def test_a_peer_that_never_reads_times_out_the_writer() -> None:
    async def body(stream: TcpStream, server: socket.socket) -> None:
        with pytest.raises(TimeoutError):
            await stream.write(b"x" * (64 << 20), timeout=0.05)

    with_stream(body)


def test_small_writes_are_not_held_back() -> None:
    async def body(stream: TcpStream, server: socket.socket) -> None:
        assert stream.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert stream.wire is stream.tape
        assert stream.alpn is None

    with_stream(body)
