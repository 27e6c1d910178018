"""One question and its answer over UDP, stamped as near to the socket as Python gets.

asyncio has no `recvmsg`, and only `recvmsg` tells the hop limit that a packet arrived with. So
the socket is read in the event loop's own callback, which stamps, looks at a few octets and
leaves; whoever waits does the parsing. Where the loop cannot watch a socket (Windows' Proactor)
or the system has no `recvmsg`, the hop limit is unknown: None.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from netlab.network.base import SocketAddress

Clock = Callable[[], float]
Accept = Callable[[bytes], bool]
Fault = Literal["timeout", "unreachable"]

LARGEST = 65_535
ANCILLARY = 256

IP_RECVTTL = getattr(socket, "IP_RECVTTL", {"linux": 12, "darwin": 24}.get(sys.platform))
"""Python names it from 3.14 on only; the numbers are those of the systems' headers."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """What came of one question. data is None when nothing did, and fault says why.

    ttl: the hop limit that the answer's packet arrived with, told by the kernel. ignored: how
    many datagrams came that answered something else.
    """

    sent_at: float
    ended_at: float
    local_port: int | None
    data: bytes | None = None
    ttl: int | None = None
    fault: Fault | None = None
    ignored: int = 0


@dataclass(slots=True)
class _Arrival:
    data: bytes
    at: float
    ttl: int | None


async def exchange(
    target: SocketAddress,
    payload: bytes,
    clock: Clock,
    timeout: float,
    accept: Accept,
    give_up: "asyncio.Future[None] | None" = None,
) -> Datagram:
    """Send one datagram and wait for the first that `accept` takes; never raises OSError.

    The socket is connected: the kernel then drops what comes from elsewhere, and tells of an
    ICMP error at once. give_up: a future whose end stops the waiting.
    """
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    began = clock()
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        try:
            sock.setblocking(False)
            _ask_for_ttl(sock, family)
            sock.connect(target)
            port = int(sock.getsockname()[1])
            sent_at = clock()
            sock.send(payload)
        except OSError:
            return Datagram(began, clock(), None, fault="unreachable")
        return await _await_answer(sock, clock, timeout, accept, give_up, sent_at, port)


async def _await_answer(
    sock: socket.socket,
    clock: Clock,
    timeout: float,
    accept: Accept,
    give_up: "asyncio.Future[None] | None",
    sent_at: float,
    port: int,
) -> Datagram:
    loop = asyncio.get_running_loop()
    reader = _Reader(sock, clock, accept, loop.create_future())
    stop = reader.start(loop)
    try:
        waiting: set[asyncio.Future[Any]] = {reader.found} | ({give_up} if give_up else set())
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop()
    if not reader.found.done():
        return Datagram(sent_at, clock(), port, fault="timeout", ignored=reader.ignored)
    got = reader.found.result()
    if got is None:
        return Datagram(sent_at, clock(), port, fault="unreachable", ignored=reader.ignored)
    return Datagram(sent_at, got.at, port, got.data, got.ttl, ignored=reader.ignored)


class _Reader:
    """Reads a socket until an answer is taken; `found` then holds it, or None on an ICMP error."""

    def __init__(
        self,
        sock: socket.socket,
        clock: Clock,
        accept: Accept,
        found: "asyncio.Future[_Arrival | None]",
    ) -> None:
        self.sock = sock
        self.clock = clock
        self.accept = accept
        self.found = found
        self.ignored = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> Callable[[], object]:
        """Begin to watch; answers what ends it."""
        try:
            loop.add_reader(self.sock, self.readable)
        except NotImplementedError:
            task = loop.create_task(self.read_without_watching(loop))
            return task.cancel
        return lambda: loop.remove_reader(self.sock)

    def readable(self) -> None:
        try:
            data, ttl = _receive(self.sock)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self.take(None)
            return
        self.take(_Arrival(data, self.clock(), ttl))

    async def read_without_watching(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self.found.done():
            try:
                data = await loop.sock_recv(self.sock, LARGEST)
            except OSError:
                self.take(None)
                return
            self.take(_Arrival(data, self.clock(), None))

    def take(self, arrival: _Arrival | None) -> None:
        if self.found.done():
            return
        if arrival is None or self.accept(arrival.data):
            self.found.set_result(arrival)
        else:
            self.ignored += 1


def _ask_for_ttl(sock: socket.socket, family: int) -> None:
    """Have the kernel tell the hop limit with every packet; a system that will not, need not."""
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        elif IP_RECVTTL is not None:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    except (OSError, AttributeError):
        return


def _receive(sock: socket.socket) -> tuple[bytes, int | None]:
    if not hasattr(sock, "recvmsg"):
        return sock.recv(LARGEST), None
    data, ancillary, _, _ = sock.recvmsg(LARGEST, ANCILLARY)
    return data, hop_limit(ancillary)


def hop_limit(ancillary: Iterable[tuple[int, int, bytes]]) -> int | None:
    """The hop limit among what the kernel told beside a packet.

    Linux tells IP_TTL as an int, macOS IP_RECVTTL as a single octet.
    """
    wanted = {(socket.IPPROTO_IP, socket.IP_TTL), (socket.IPPROTO_IP, IP_RECVTTL)}
    wanted.add((socket.IPPROTO_IPV6, getattr(socket, "IPV6_HOPLIMIT", None)))
    for level, kind, data in ancillary:
        if (level, kind) in wanted and len(data) in (1, 4):
            return int.from_bytes(data, sys.byteorder)
    return None
