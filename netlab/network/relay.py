"""A recording relay: a wire tap that a client of anyone's can be pointed at.

It listens on loopback and passes every octet on to the server, both ways, onto tapes. An instant
on a tape is that of the relay's own read (from the client) or write (to the client). It can play
the network's part where a lesson needs it: cut the lines, hold the server's octets back for a
while, or strip `Upgrade` from requests as a proxy does that has never heard of it.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from netlab.dissect import http1
from netlab.network.base import SocketAddress
from netlab.network.stream import READ_SIZE, Clock
from netlab.network.tape import Tape

MOST_AT_ONCE = 64
MOST_IN_ALL = 1000
"""Connections that are relayed in one run; a client that reconnects for ever ends here."""
DIAL = 5.0
"""Seconds in which the server has to accept."""
LONGEST_REQUEST = 1024 * 1024
"""Octets of a request that a stripping relay holds together."""
RESET = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER: no time to linger, so the end is a reset (tcp(7))."""

Ender = Literal["", "client", "server", "relay"]


@dataclass(frozen=True, slots=True)
class Tls:
    """How the relay speaks TLS with the server, while the client speaks in the clear with it."""

    context: ssl.SSLContext
    host: str


@dataclass(slots=True)
class Relayed:
    """One connection. near: as the client sees it; far: as the server does, where that differs.

    refused: why the server could not be reached. ended_by: who ended it, empty while it lasts.
    Instants are those of the relay's clock.
    """

    number: int
    accepted: float
    near: Tape = field(default_factory=Tape)
    far: Tape = field(default_factory=Tape)
    refused: str = ""
    ended: float | None = None
    ended_by: Ender = ""


class Relay:
    """`async with Relay(...) as relay`, then point a client at `relay.address`."""

    def __init__(
        self,
        dial: Callable[[], SocketAddress],
        clock: Clock,
        *,
        strip_upgrade: bool = False,
        tls: Tls | None = None,
    ) -> None:
        self.dial = dial
        self.clock = clock
        self.strip_upgrade = strip_upgrade
        self.tls = tls
        self.connections: list[Relayed] = []
        self.turned_away = 0
        self._server: asyncio.Server | None = None
        self._port = 0
        self._live: dict[int, tuple[asyncio.StreamWriter, ...]] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Relay":
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> None:
        """Listen; after `shut` on the same port again."""
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", self._port, limit=READ_SIZE
        )
        self._port = self._server.sockets[0].getsockname()[1]

    def shut(self) -> None:
        """Stop listening: who connects now is refused. What is under way goes on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def address(self) -> SocketAddress:
        return "127.0.0.1", self._port

    async def close(self) -> None:
        """Stop listening, and end what is under way. Never waits for the other sides."""
        self.shut()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self) -> int:
        """Break every connection off with a reset, both ways; how many there were."""
        live = dict(self._live)
        for number, writers in live.items():
            self._end(self.connections[number], "relay")
            for writer in writers:
                reset(writer)
        return len(live)

    def hold(self) -> None:
        """Keep back what the server sends from now on."""
        self._flowing.clear()

    def release(self) -> None:
        """Let go of what was held back."""
        self._flowing.set()

    async def change(self) -> None:
        """Wait until anything happens on any connection."""
        await self._changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _end(self, relayed: Relayed, by: Ender) -> None:
        if not relayed.ended_by:
            relayed.ended, relayed.ended_by = self.clock(), by
            self._tell()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._live) >= MOST_AT_ONCE or len(self.connections) >= MOST_IN_ALL:
            self.turned_away += 1
            reset(writer)
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        relayed = Relayed(len(self.connections), self.clock())
        if not self.strip_upgrade:
            relayed.far = relayed.near
        self.connections.append(relayed)
        self._live[relayed.number] = (writer,)
        try:
            await self._relay(relayed, reader, writer)
        except asyncio.CancelledError:
            # Only `close` cancels. asyncio's streams (3.11) would print a task that ends cancelled.
            return
        finally:
            self._tasks.discard(task)
            for one in self._live.pop(relayed.number):
                one.transport.abort()
            self._end(relayed, "relay")

    async def _relay(
        self, relayed: Relayed, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            far_reader, far_writer = await self._dialled()
        except OSError as error:  # TimeoutError and ssl.SSLError are OSErrors
            relayed.refused = error.strerror or str(error) or "no answer in time"
            self._end(relayed, "server")
            reset(writer)
            return
        self._live[relayed.number] = (writer, far_writer)
        upwards = asyncio.ensure_future(self._up(relayed, reader, far_writer))
        downwards = asyncio.ensure_future(self._down(relayed, far_reader, writer))
        try:
            done, _ = await asyncio.wait({upwards, downwards}, return_when=asyncio.FIRST_EXCEPTION)
            if any(task.exception() for task in done):  # a reset on one side is one on the other
                reset(writer)
                reset(far_writer)
        finally:
            for task in (upwards, downwards):
                task.cancel()
            await asyncio.gather(upwards, downwards, return_exceptions=True)

    async def _dialled(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.dial()
        tls = self.tls
        async with asyncio.timeout(DIAL):
            return await asyncio.open_connection(
                host, port, limit=READ_SIZE, ssl=tls.context if tls else None,
                server_hostname=tls.host if tls else None,
            )  # fmt: skip

    async def _up(
        self, relayed: Relayed, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """From the client to the server."""
        strip = Stripper() if self.strip_upgrade else None
        try:
            while data := await reader.read(READ_SIZE):
                relayed.near.add(self.clock(), "sent", data)
                passed = data if strip is None else strip.feed(data)
                if strip is not None:
                    relayed.far.add(self.clock(), "sent", passed)
                self._tell()
                writer.write(passed)
                await writer.drain()
        except OSError:
            self._end(relayed, "client")
            raise
        self._end(relayed, "client")
        finish(writer)

    async def _down(
        self, relayed: Relayed, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """From the server to the client."""
        try:
            while data := await reader.read(READ_SIZE):
                if relayed.far is not relayed.near:
                    relayed.far.add(self.clock(), "received", data)
                await self._flowing.wait()
                writer.write(data)
                relayed.near.add(self.clock(), "received", data)
                self._tell()
                await writer.drain()
        except OSError:
            self._end(relayed, "server")
            raise
        self._end(relayed, "server")
        finish(writer)


def finish(writer: asyncio.StreamWriter) -> None:
    """Pass on that one side has nothing more to say; over TLS that ends the whole."""
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
        else:
            writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once; the other side reads a reset."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


class Stripper:
    """Requests without `Connection`, `Upgrade` and what `Connection` names (RFC 9110 §7.6.1).

    A proxy must take out what is for one hop; one that does not know WebSocket puts nothing of
    its own in its place, and the server never learns that an upgrade was asked for.
    """

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> bytes:
        """The requests that are whole by now. Raises OSError for what no proxy would pass on."""
        self._pending += data
        passed = b""
        while self._pending:
            request = http1.request(self._pending)
            if request.malformed or len(self._pending) > LONGEST_REQUEST:
                raise OSError("not a request that a proxy can pass on")
            if not request.complete or request.head_length is None:
                break
            head, rest = request.head_length, request.length
            passed += stripped(self._pending[:head]) + self._pending[head:rest]
            self._pending = self._pending[rest:]
        return passed


def stripped(head: bytes) -> bytes:
    """A request's head without the fields that were for this hop alone."""
    lines = head.split(b"\r\n")
    fields = [line.partition(b":") for line in lines[1:]]
    named = b",".join(value for name, _, value in fields if name.strip().lower() == b"connection")
    gone = {name.strip().lower() for name in named.split(b",")} - {b""} | {
        b"connection",
        b"upgrade",
    }
    kept = [line for line in lines[1:] if line.partition(b":")[0].strip().lower() not in gone]
    return b"\r\n".join([lines[0], *kept])
