"""The sockets of a DNS server: UDP and TCP on one port, as a client that turns from one to the
other expects.

TCP takes many queries on one connection and answers each when it is ready, in whichever order
(RFC 7766 §6.2.1.1); a connection that stays idle is closed. Everything is bounded: a flood is
dropped, never queued without end.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from netlab.lab.dnsanswer import Transport
from netlab.lab.service import Dialled
from netlab.lab.sockets import bound, family_of

Respond = Callable[[bytes, Transport, int], Awaitable[bytes | None]]
"""From a query's octets, the transport and the peer's port to the answer's octets, if any."""

BACKLOG = 64
UNDER_WAY = 256
"""Queries in hand at once; further datagrams are dropped."""
PIPELINED = 16
"""Queries in hand at once on one TCP connection; further ones wait in its stream."""
CONNECTIONS = 64
IDLE = 10.0
"""Seconds that a TCP connection may stay silent (RFC 7766 §6.2.3: of the order of seconds)."""
ATTEMPTS = 20


class Sockets:
    """One address's UDP and TCP socket, and the tasks that answer what comes in."""

    def __init__(self, respond: Respond, idle: float = IDLE) -> None:
        self.respond = respond
        self.idle = idle
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None
        self.server: asyncio.Server | None = None

    async def open(self, host: str, port: int = 0) -> Dialled:
        """Bind both at the same port: `port` if it is still to be had, else any that is free."""
        stream, datagram = bind_pair(host, port)
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(
            lambda: Datagrams(self), sock=datagram
        )
        self.server = await asyncio.start_server(self.accept, sock=stream, backlog=BACKLOG)
        name = stream.getsockname()
        return name[0], name[1]

    async def close(self) -> None:
        """From here on the port refuses; what was under way is dropped."""
        if self.transport is not None:
            self.transport.abort()
        if self.server is not None:
            self.server.close()
        under_way = self.tasks | self.connections
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        # A transport lets go of its socket only in the loop's next round.
        await asyncio.sleep(0)

    def start(self, work: Awaitable[None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    async def answer_datagram(self, wire: bytes, peer: tuple[Any, ...]) -> None:
        reply = await self.respond(wire, "udp", peer[1])
        if reply is not None and self.transport is not None:
            self.transport.sendto(reply, peer)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of our own for each connection: asyncio's would complain when it is cancelled."""
        if len(self.connections) >= CONNECTIONS:
            writer.transport.abort()
            return
        task = asyncio.get_running_loop().create_task(self.converse(reader, writer))
        self.connections.add(task)
        task.add_done_callback(self.connections.discard)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One TCP connection, from its first query until either side has had enough."""
        try:
            await self.answer_stream(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()
            raise
        except OSError:
            pass  # the peer went away: there is nobody left to answer
        finally:
            writer.close()

    async def answer_stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:  # fmt: skip
        room = asyncio.Semaphore(PIPELINED)
        port = writer.get_extra_info("peername")[1]
        own: set[asyncio.Task[None]] = set()
        while (wire := await self.next_message(reader)) is not None:
            await room.acquire()
            task = self.start(self.answer_message(wire, writer, port))
            own.add(task)
            task.add_done_callback(own.discard)
            task.add_done_callback(lambda _: room.release())
        # A client may close its half at once and still wait for all its answers.
        await asyncio.gather(*own, return_exceptions=True)

    async def next_message(self, reader: asyncio.StreamReader) -> bytes | None:
        """A message behind its two octets of length (RFC 1035 §4.2.2); None at the end."""
        try:
            async with asyncio.timeout(self.idle):
                length = int.from_bytes(await reader.readexactly(2), "big")
                return await reader.readexactly(length)
        except (asyncio.IncompleteReadError, TimeoutError):
            return None

    async def answer_message(self, wire: bytes, writer: asyncio.StreamWriter, port: int) -> None:
        reply = await self.respond(wire, "tcp", port)
        if reply is None:
            return
        with contextlib.suppress(OSError):
            # One write, so that length and message leave in one segment (RFC 7766 §8).
            writer.write(len(reply).to_bytes(2, "big") + reply)
            await writer.drain()


class Datagrams(asyncio.DatagramProtocol):
    """Hands each datagram to a task of its own."""

    def __init__(self, sockets: Sockets) -> None:
        self.sockets = sockets

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if len(self.sockets.tasks) < UNDER_WAY:
            self.sockets.start(self.sockets.answer_datagram(data, addr))


def bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on the same port. A free TCP port need not be free for UDP."""
    family = family_of(host)
    for wanted in (port, *[0] * ATTEMPTS):
        with contextlib.suppress(OSError):
            stream = bound(family, wanted)
            try:
                return stream, datagram_socket(host, stream.getsockname()[1])
            except OSError:
                stream.close()
    raise OSError(errno.EADDRINUSE, f"no port of {host} is free for both UDP and TCP")


def datagram_socket(host: str, port: int) -> socket.socket:
    one = socket.socket(family_of(host), socket.SOCK_DGRAM)
    try:
        one.bind((host, port))
    except OSError:
        one.close()
        raise
    one.setblocking(False)
    return one
