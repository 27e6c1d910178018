"""HTTP servers for tests: real sockets on loopback that say, octet for octet, what a test wants."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import h2.config
import h2.connection
import h2.events

from netlab.network.stream import TcpStream

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

REQUEST_END = b"\r\n\r\n"
FIELDS = (("Host", "a.example"), ("Accept-Encoding", "gzip, deflate"))


class H2Stream(TcpStream):
    """Plain TCP whose ALPN says h2: HTTP/2 without the TLS around it."""

    @property
    def alpn(self) -> str | None:
        return "h2"


async def connected(port: int, kind: type[TcpStream] = TcpStream) -> TcpStream:
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return kind(sock, time.perf_counter)


async def against(serve: Serve, visit: Callable[[int], Awaitable[None]]) -> None:
    """Run visit(port) while a server is there, and end whatever the server still does."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        await visit(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def saying(*parts: bytes, stay: bool = True) -> Serve:
    """A server that reads a request, then says this, and stays or closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        for part in parts:
            writer.write(part)
            await writer.drain()
        if stay:
            await reader.read()

    return serve


def sized(body: bytes, *fields: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


Play = Callable[[h2.connection.H2Connection, int], None]


def h2_serving(play: Play) -> Serve:
    """A server of h2's that lets `play` answer the request."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        config = h2.config.H2Configuration(
            client_side=False, validate_outbound_headers=False, normalize_outbound_headers=False
        )
        connection = h2.connection.H2Connection(config)
        connection.initiate_connection()
        writer.write(connection.data_to_send())
        while data := await reader.read(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    assert event.stream_id is not None
                    play(connection, event.stream_id)
            writer.write(connection.data_to_send())
            await writer.drain()

    return serve


OK = [(b":status", b"200"), (b"content-type", b"text/html")]


def whole(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, OK)
    connection.send_data(stream, b"hello", end_stream=True)


def with_hints(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(b":status", b"103"), (b"link", b"</a.css>")])
    whole(connection, stream)
