"""Both ends of a balanced connection in the test's own hands, by bare sockets."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from netlab.balance.events import Event
from netlab.balance.pool import Pool
from netlab.balance.relay import ABORT
from netlab.balance.serve import serve
from netlab.balance.settings import Server, Settings, Timeouts

DEADLINE = 10.0
Kind = TypeVar("Kind", bound=Event)


def listening(backlog: int = 128) -> socket.socket:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    sock.setblocking(False)
    return sock


def port_of(sock: socket.socket) -> int:
    port: int = sock.getsockname()[1]
    return port


def nobody() -> int:
    """A port that refuses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return port_of(sock)


async def dial(port: int) -> socket.socket:
    sock = socket.socket()
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


async def accepted(listener: socket.socket) -> socket.socket:
    sock, _ = await asyncio.get_running_loop().sock_accept(listener)
    return sock


async def send(sock: socket.socket, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(sock, data)


async def receive(sock: socket.socket, count: int = 65536) -> bytes:
    return await asyncio.get_running_loop().sock_recv(sock, count)


async def everything(sock: socket.socket) -> bytes:
    """Until its end."""
    parts = []
    while part := await receive(sock):
        parts.append(part)
    return b"".join(parts)


def reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
    sock.close()


async def until(happened: Callable[[], object]) -> None:
    """Wait for what another part of the loop does."""
    async with asyncio.timeout(DEADLINE):
        while not happened():  # noqa: ASYNC110 - nobody there would set an event
            await asyncio.sleep(0.001)


@dataclass
class Balanced:
    """A balancer at work, and what it has told."""

    settings: Settings
    events: list[Event] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    def __post_init__(self) -> None:
        self.pool = Pool.of(self.settings, self.events.append)
        self.over = asyncio.ensure_future(serve(self.settings, self.pool, self.ready, self.stop))

    def ready(self, host: str, port: int) -> None:
        self.port = port

    def told(self, kind: type[Kind]) -> list[Kind]:
        return [one for one in self.events if isinstance(one, kind)]

    async def joined(self, listener: socket.socket) -> tuple[socket.socket, socket.socket]:
        """A client's socket, and the backend's that it was given."""
        client = await dial(self.port)
        return client, await accepted(listener)


@contextlib.asynccontextmanager
async def balanced(
    *ports: int, timeouts: Timeouts | None = None, **more: object
) -> AsyncIterator[Balanced]:
    """Layer 4 in front of these ports of this machine."""
    servers = tuple(Server(f"b{n}", "127.0.0.1", port) for n, port in enumerate(ports, start=1))
    settings = Settings(servers, layer=4, timeouts=timeouts or Timeouts(drain=0.2))
    made = Balanced(replace(settings, **more))  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(DEADLINE):
            await until(lambda: made.port)
            yield made
    finally:
        made.stop.set()
        await made.over
    assert [each.active for each in made.pool.backends] == [0] * len(ports)
