"""The load: requests that arrive when they arrive, whether or not the last ones are answered.

An open loop. A latency counts from the instant at which the request was due, not from when this
program got round to it, nor from when a connection was free: what waits in the client would
otherwise be left out (coordinated omission), and the collapse with it. `closed` is the other
kind: a fixed number of clients, each of which asks again once it has been answered, and so slows
down with the server.
"""

import asyncio
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal

from netlab.experiments.loadbalancing.arrivals import Arrival

Outcome = Literal["ok", "status", "timeout", "broken", "refused", ""]
"""Answered 2xx; another status; out of time; hung up on; never connected; not over yet."""

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n")
BACKEND = re.compile(rb"\r\nx-backend:[ \t]*([a-z0-9-]{1,32})[ \t]*\r\n")
COUNT = re.compile(rb"\r\nx-count:[ \t]*(\d{1,9})[ \t]*\r\n")
LONGEST = 256 * 1024
LEAD = 0.05
"""Seconds between the start and the first instant at which anything is due."""


@dataclass(slots=True, eq=False)
class Sent:
    """A request, and what became of it. due, sent and ended are instants of the clock.

    connection: the number of the one that it went over. backend: who says to have answered.
    """

    arrival: Arrival
    due: float
    sent: float = 0.0
    ended: float = 0.0
    outcome: Outcome = ""
    status: int = 0
    backend: str = ""
    connection: int = -1
    count: int | None = None

    @property
    def latency(self) -> float:
        return self.ended - self.due


@dataclass(slots=True)
class Load:
    """Sends to one address. ended: told of each request that is over, at once."""

    target: tuple[str, int]
    timeout: float = 10.0
    ended: Callable[[Sent], None] = lambda sent: None
    idle: "dict[str | None, list[Connection]]" = field(default_factory=dict)
    opened: int = 0
    open: "set[Connection]" = field(default_factory=set)
    connecting: "set[asyncio.Task[None]]" = field(default_factory=set)
    _left: int = 0
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arrivals: Sequence[Arrival], start: float | None = None) -> list[Sent]:
        """The open loop: each at its own time. Returns when all are over."""
        loop = asyncio.get_running_loop()
        start = perf_counter() + LEAD if start is None else start
        shift = loop.time() - perf_counter()
        sent = [Sent(arrival, start + arrival.at) for arrival in arrivals]
        self._left = len(sent)
        if not sent:
            return sent
        try:
            for one in sent:
                if (late := one.due - perf_counter()) > 0.0:
                    await sleep_until(loop, one.due + shift, late)
                self.send(one)
            await self._over.wait()
        finally:
            self.close()
        return sent

    async def closed(
        self, arrivals: Sequence[Arrival], clients: int, duration: float
    ) -> list[Sent]:
        """The closed loop: so many clients, each asking again when it has its answer."""
        stop, made = perf_counter() + duration, list[Sent]()
        following = iter(arrivals)

        async def client() -> None:
            while perf_counter() < stop and (arrival := next(following, None)) is not None:
                one = Sent(arrival, perf_counter())
                made.append(one)
                over = asyncio.get_running_loop().create_future()
                self.send(one, over)
                await over

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(clients):
                    group.create_task(client())
        finally:
            self.close()
        return made

    def send(self, one: Sent, over: "asyncio.Future[None] | None" = None) -> None:
        """Over a connection that is free, else over a new one."""
        source = one.arrival.source
        idle = self.idle.get(source)
        one.sent = perf_counter()
        request = Pending(one, asyncio.get_running_loop(), self, over)
        if idle:
            idle.pop().ask(request)
            return
        task = asyncio.get_running_loop().create_task(self._connect(source, request))
        self.connecting.add(task)
        task.add_done_callback(self.connecting.discard)

    async def _connect(self, source: str | None, request: "Pending") -> None:
        loop = asyncio.get_running_loop()
        number, self.opened = self.opened, self.opened + 1
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self, source, number), *self.target,
                local_addr=None if source is None else (source, 0), family=socket.AF_INET,
            )  # fmt: skip
        except OSError:
            request.finish("refused")
            return
        connection.ask(request)

    def over(self, one: Sent) -> None:
        self.ended(one)
        self._left -= 1
        if self._left == 0:
            self._over.set()

    def close(self) -> None:
        for task in tuple(self.connecting):
            task.cancel()
        for connection in tuple(self.open):
            connection.transport.abort()


class Pending:
    """A request under way: it ends once, by its answer, its time-out or a fault."""

    __slots__ = ("done", "load", "over", "sent", "timer", "transport")

    def __init__(
        self, sent: Sent, loop: asyncio.AbstractEventLoop, load: Load,
        over: "asyncio.Future[None] | None",
    ) -> None:  # fmt: skip
        self.sent, self.load, self.over, self.done = sent, load, over, False
        self.transport: asyncio.Transport | None = None
        left = sent.due + load.timeout - perf_counter()
        self.timer = loop.call_later(max(0.0, left), self.give_up)

    def give_up(self) -> None:
        self.finish("timeout")
        if self.transport is not None:
            self.transport.abort()

    def finish(self, outcome: Outcome, status: int = 0) -> None:
        if self.done:
            return
        self.done = True
        self.timer.cancel()
        self.sent.ended, self.sent.outcome, self.sent.status = perf_counter(), outcome, status
        self.load.over(self.sent)
        if self.over is not None and not self.over.done():
            self.over.set_result(None)


class Connection(asyncio.Protocol):
    """A client's connection: a request at a time, and kept for the next one."""

    transport: asyncio.Transport

    def __init__(self, load: Load, source: str | None, number: int) -> None:
        self.load, self.source, self.number = load, source, number
        self.buffer = b""
        self.request: Pending | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.load.open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.load.open.discard(self)
        idle = self.load.idle.get(self.source)
        if idle and self in idle:
            idle.remove(self)
        if self.request is not None:
            self.request.finish("broken")
            self.request = None

    def ask(self, request: Pending) -> None:
        """Send it; if it is given up before, its place is free again."""
        if request.done or self.transport.is_closing():
            request.finish("broken")
            self._free()
            return
        self.request, request.transport = request, self.transport
        request.sent.connection = self.number
        self.transport.write(octets(request.sent.arrival))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if self.request is None or len(self.buffer) > LONGEST:
            self.transport.abort()
        elif end >= 0:
            head = self.buffer[: end + 2].lower()
            length = LENGTH.search(head)
            if length is None:  # none of those that we ask answers so
                self.transport.abort()
            elif len(self.buffer) >= end + 4 + int(length[1]):
                self._answered(head)

    def _answered(self, head: bytes) -> None:
        request, self.request, self.buffer = self.request, None, b""
        assert request is not None
        status = int(head[9:12]) if head[9:12].isdigit() else 0
        backend, count = BACKEND.search(head), COUNT.search(head)
        request.sent.backend = backend[1].decode() if backend else ""
        request.sent.count = int(count[1]) if count else None
        request.transport = None
        if b"\r\nconnection: close\r\n" in head:
            self.transport.close()
        else:
            self._free()
        request.finish("ok" if 200 <= status < 300 else "status", status)

    def _free(self) -> None:
        if not self.transport.is_closing():
            self.load.idle.setdefault(self.source, []).append(self)


def octets(arrival: Arrival) -> bytes:
    """The request as it is sent. X-Id is how every backend tells which one it saw; below zero are
    those that only warm up."""
    key = f"X-Key: {arrival.key}\r\n" if arrival.key else ""
    body = "" if arrival.method == "GET" else "Content-Length: 0\r\n"
    path = "/order" if arrival.method != "GET" else "/page" if arrival.id >= 0 else "/health"
    return (
        f"{arrival.method} {path} HTTP/1.1\r\nHost: app.example.com\r\n"
        f"X-Id: {arrival.id}\r\n{key}{body}\r\n"
    ).encode()


async def sleep_until(loop: asyncio.AbstractEventLoop, when: float, late: float) -> None:
    """Until an instant of the loop's clock; the loop's own timers come up to a millisecond late."""
    over = loop.create_future()
    timer = loop.call_at(when, _end, over)
    try:
        await over
    finally:
        timer.cancel()


def _end(over: "asyncio.Future[None]") -> None:
    if not over.done():
        over.set_result(None)
