"""A backend: a small HTTP/1.1 server whose slowness, places and faults are settings.

It serves as many requests at once as it has *places*; the rest queue in it, in order. What it
does to a request takes a time drawn from its distribution: a wait, not a computation, so that
several backends fit into one process. `/health` is answered at once, whatever the rest is like.
"""

import asyncio
import random
import re
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Mode = Literal["serve", "fail", "cut"]
"""serve; answer 500 at once; count the request, then hang up without an answer."""

LONGEST = 64 * 1024
"""Octets of a request beyond which a backend hangs up: nobody sends it more in earnest."""
BACKLOG = 1024
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n")
IDENTITY = re.compile(rb"\r\nx-id:[ \t]*(\d{1,9})[ \t]*\r\n")

Tell = Callable[..., None]
"""Told of everything: a word (got, done, counted), the backend's name, and what belongs to it."""


@dataclass(slots=True)
class Counter:
    """What a database behind all backends would hold: how many orders were placed."""

    value: int = 0


@dataclass(slots=True)
class Backend:
    """mean: seconds of service; steady: exactly that long each time, else exponential."""

    name: str
    host: str
    port: int
    places: int
    mean: float
    steady: bool
    mode: Mode
    chance: random.Random
    counter: Counter
    tell: Tell
    active: int = 0
    queue: "deque[Connection]" = field(default_factory=deque)
    connections: "set[Connection]" = field(default_factory=set)
    server: asyncio.Server | None = None
    context: ssl.SSLContext | None = None

    async def listen(self) -> None:
        """Listen at its port; at the first time any that is free, afterwards always the same."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: Connection(self), self.host, self.port, backlog=BACKLOG, reuse_address=True,
            ssl=self.context,
        )  # fmt: skip
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Be gone: nobody can connect, and every open connection is reset."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for connection in tuple(self.connections):
            connection.transport.abort()

    @property
    def waiting(self) -> int:
        return self.active + len(self.queue)

    def arrive(self, connection: "Connection") -> None:
        if self.active < self.places:
            self._begin(connection)
        else:
            self.queue.append(connection)

    def _begin(self, connection: "Connection") -> None:
        self.active += 1
        asyncio.get_running_loop().call_later(self._seconds(), self._end, connection)

    def _end(self, connection: "Connection") -> None:
        self.active -= 1
        connection.finish()
        while self.queue and self.active < self.places:
            following = self.queue.popleft()
            if following in self.connections:  # whoever has hung up is not served any more
                self._begin(following)

    def _seconds(self) -> float:
        return self.mean if self.steady or not self.mean else self.chance.expovariate(1 / self.mean)


class Connection(asyncio.Protocol):
    """One connection: a request at a time, kept alive until the other side says otherwise."""

    transport: asyncio.Transport

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.buffer = b""
        self.busy = False
        self.closing = False
        self.id = -1
        self.method = b""
        self.count: int | None = None
        self.used = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.backend.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.backend.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > LONGEST:
            self.transport.abort()
        elif not self.busy:
            self._next()

    def _next(self) -> None:
        """Take the next whole request out of the buffer, if there is one."""
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        line, _, fields = self.buffer[: end + 2].partition(b"\r\n")
        fields = b"\r\n" + fields.lower()
        length = LENGTH.search(fields)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self.buffer) < whole:
            return
        self.buffer = self.buffer[whole:]
        self._take(line, fields)

    def _take(self, line: bytes, fields: bytes) -> None:
        self.method, _, rest = line.partition(b" ")
        self.closing = b"\r\nconnection: close\r\n" in fields
        if rest.startswith(b"/health "):
            self._answer(b"200 OK", b"well\n")
            return
        identity = IDENTITY.search(fields)
        self.id = int(identity[1]) if identity else -1
        self.busy, self.count = True, None
        backend = self.backend
        if not self.used:  # one that only checks whether somebody listens carries no request
            self.used = True
            backend.tell("connected", backend.name)
        backend.tell("got", backend.name, self.id, self.method.decode("latin-1")[:16])
        if backend.mode == "fail":
            self._done(500, b"500 Internal Server Error")
        else:
            backend.arrive(self)

    def finish(self) -> None:
        """The service is over: count what is to be counted, then answer."""
        backend = self.backend
        if self.method == b"POST":
            backend.counter.value += 1
            self.count = backend.counter.value
            backend.tell("counted", backend.name, self.id, self.count)
        if self not in backend.connections:
            return
        if backend.mode == "cut":
            backend.tell("done", backend.name, self.id, 0)
            self.transport.abort()
            return
        self._done(200, b"200 OK")

    def _done(self, status: int, text: bytes) -> None:
        self.backend.tell("done", self.backend.name, self.id, status)
        self._answer(text, self.backend.name.encode() + b"\n")
        self.busy = False
        if self.buffer:
            self._next()

    def _answer(self, status: bytes, body: bytes) -> None:
        fields = [b"HTTP/1.1 " + status, b"X-Backend: " + self.backend.name.encode()]
        if self.count is not None:
            fields.append(b"X-Count: %d" % self.count)
        fields.append(b"Content-Length: %d" % len(body))
        if self.closing:
            fields.append(b"Connection: close")
        self.transport.write(b"\r\n".join(fields) + b"\r\n\r\n" + body)
        if self.closing:
            self.transport.close()


def made(spec: Mapping[str, Any], counter: Counter, tell: Tell) -> Backend:
    """A backend from its settings."""
    name = str(spec["name"])
    context = None
    if spec.get("cert"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(spec["cert"]))
    return Backend(
        name, str(spec["host"]), int(spec["port"]), int(spec["places"]), float(spec["mean"]),
        bool(spec["steady"]), spec["mode"], random.Random(f"{spec['seed']} {name}"), counter, tell,
        context=context,
    )  # fmt: skip
