"""Layer 4: each TCP connection is given to one backend, and its octets pass unread.

A connection of the client's ends here and another begins, so this is a proxy; a balancer that
forwards packets (LVS, Maglev, ECMP) ends nothing and sees each packet's addresses and ports alone.
Neither reads the payload: TLS passes through unopened, and a keep-alive connection stays where it
is, however many requests it carries.
"""

import asyncio
import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable

from netlab.addresses import endpoint
from netlab.balance import proxyprotocol
from netlab.balance.backend import Backend
from netlab.balance.door import EXHAUSTED, Door, places
from netlab.balance.events import Accepted, Fault, Finished, Lost, Refused, Retried
from netlab.balance.poller import poller
from netlab.balance.pool import Pool
from netlab.balance.relay import ABORT, RESET_BY_BACKEND, Pair
from netlab.balance.settings import Settings

TRIES = 3
"""Backends asked for one connection."""
SWEEP = 0.1
"""How exact time-outs are, as a part of the shortest."""
UNDER_WAY = {0, errno.EISCONN}
PENDING = {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY, errno.EINTR}


async def serve_tcp(
    settings: Settings, pool: Pool, listener: socket.socket, stop: asyncio.Event
) -> None:
    """Pass connections on until `stop`; then wait for the open ones, and cut what is left."""
    balancer = Layer4(settings, pool, listener)
    try:
        await stop.wait()
        balancer.door.shut()
        await balancer.drained(settings.timeouts.drain)
    finally:
        balancer.close()


class Layer4:
    """All connections of one listening socket."""

    def __init__(
        self,
        settings: Settings,
        pool: Pool,
        listener: socket.socket,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.settings = settings
        self.pool = pool
        self.listener = listener
        self.clock = clock
        self.loop = asyncio.get_running_loop()
        self.poller = poller(self.loop)
        self.open: set[Connection] = set()
        self.empty = asyncio.Event()
        self.empty.set()
        times = settings.timeouts
        self.every = SWEEP * min(times.connect, times.idle)
        self.timer = self.loop.call_later(self.every, self.sweep)
        most = places()
        self.door = Door(listener, self.admit, lambda: len(self.open) < most)

    def admit(self, client: socket.socket, host: str, port: int) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Connection(self, client, host, port).begin()

    async def drained(self, longest: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest):
                await self.empty.wait()

    def sweep(self) -> None:
        """Let go of what has been silent for too long."""
        now, times = self.clock(), self.settings.timeouts
        for each in tuple(self.open):
            each.check(now, times.connect, times.idle)
        self.timer = self.loop.call_later(self.every, self.sweep)

    def close(self) -> None:
        self.timer.cancel()
        self.door.close()
        for each in tuple(self.open):
            each.cut("cut when the balancer ended")
        self.poller.close()


class Connection:
    """One client: first a backend is found, then the relay has it."""

    __slots__ = (
        "backend", "balancer", "begun", "client", "dialling", "host", "latency", "pair", "passed",
        "port", "since", "tried",
    )  # fmt: skip

    def __init__(self, balancer: Layer4, client: socket.socket, host: str, port: int) -> None:
        self.balancer = balancer
        self.client = client
        self.host = host
        self.port = port
        self.begun = self.since = balancer.clock()
        self.latency = 0.0
        self.tried: list[Backend] = []
        self.backend: Backend | None = None
        self.dialling: socket.socket | None = None
        self.pair: Pair | None = None
        self.passed: tuple[int | bool, ...] = ()

    @property
    def who(self) -> str:
        return endpoint(self.host, self.port)

    def begin(self) -> None:
        self.balancer.open.add(self)
        self.balancer.empty.clear()
        self.balancer.pool.tell(Accepted(self.begun, self.who))
        self.find()

    def find(self) -> None:
        """Pick a backend and dial it. Nothing was sent to those that failed, so this is safe."""
        pool = self.balancer.pool
        room = len(self.tried) < TRIES
        backend = pool.pick(self.host.encode(), self.tried) if room else None
        if backend is None:
            self.give_up("no backend took it" if self.tried else "no backend is up")
            return
        if self.tried:
            now = self.balancer.clock()
            pool.tell(Retried(now, self.who, self.tried[-1].name, backend.name, False))
        self.tried.append(backend)
        self.backend = backend
        pool.take(backend)
        self.dial(backend)

    def dial(self, backend: Backend) -> None:
        self.since = self.balancer.clock()
        family = socket.AF_INET6 if ":" in backend.host else socket.AF_INET
        address = (backend.host, backend.port)
        try:
            sock = self.dialling = socket.socket(family, socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Near by, the handshake is over before the first call returns; the second says so.
            error = sock.connect_ex(address)
            if error in PENDING:
                error = sock.connect_ex(address)
        except OSError as fault:
            error = fault.errno or errno.EINVAL
        if error in EXHAUSTED:
            # No fault of the backend's, which must not be taken for down.
            self.hang_up()
            self.give_up("there are no descriptors left")
            return
        if error in UNDER_WAY:
            self.connected()
        elif error in PENDING:
            self.balancer.loop.add_writer(sock, self.dialled)
        else:
            self.failed(error)

    def dialled(self) -> None:
        assert self.dialling is not None
        self.balancer.loop.remove_writer(self.dialling)
        error = self.dialling.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self.failed(error)
        else:
            self.connected()

    def failed(self, error: int) -> None:
        backend = self.hang_up()
        fault: Fault = "late" if error == errno.ETIMEDOUT else "broken"
        self.balancer.pool.failed(backend, _words(error), fault)
        self.find()

    def hang_up(self) -> Backend:
        """Dial no longer; answers whom."""
        assert self.backend is not None
        if self.dialling is not None:
            self.balancer.loop.remove_writer(self.dialling)
            self.dialling.close()
            self.dialling = None
        self.balancer.pool.give(self.backend)
        return self.backend

    def give_up(self, why: str) -> None:
        """A reset, for an orderly end would look like an answer with nothing in it."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.client.close()
        self.balancer.pool.tell(Refused(self.balancer.clock(), self.who, why))
        self.leave()

    def connected(self) -> None:
        balancer, sock = self.balancer, self.dialling
        assert self.backend is not None
        assert sock is not None
        self.dialling = None
        now = balancer.clock()
        self.latency = now - self.since
        balancer.pool.succeeded(self.backend, self.latency)
        self.pair = Pair(self.client, sock, balancer.poller, self.over)
        self.pair.start(self.introduction() if balancer.settings.proxy_protocol else b"")

    def introduction(self) -> bytes:
        here = self.client.getsockname()
        return proxyprotocol.header((self.host, self.port), (here[0], here[1]))

    def over(self, how: str) -> None:
        assert self.backend is not None
        assert self.pair is not None
        pool, now = self.balancer.pool, self.balancer.clock()
        pool.give(self.backend)
        up, down = self.pair.client.received, self.pair.server.received
        pool.tell(
            Finished(
                now, self.backend.name, self.who, self.latency, now - self.begun, up, down, how=how
            )
        )
        if how == RESET_BY_BACKEND:
            pool.tell(Lost(now, self.who, self.backend.name, how))
        self.leave()

    def leave(self) -> None:
        self.balancer.open.discard(self)
        if not self.balancer.open:
            self.balancer.empty.set()

    def check(self, now: float, connect: float, idle: float) -> None:
        if self.pair is not None:
            passed = self.pair.progress()
            if passed != self.passed:
                self.passed, self.since = passed, now
            elif now - self.since > idle:
                self.pair.close("idle for too long")
        elif now - self.since > connect:
            self.failed(errno.ETIMEDOUT)

    def cut(self, why: str) -> None:
        if self.pair is not None:
            self.pair.close(why, True)
        else:
            self.hang_up()
            self.give_up(why)


def _words(error: int) -> str:
    known = {
        errno.ECONNREFUSED: "refused the connection",
        errno.ETIMEDOUT: "did not answer in time",
        errno.ECONNRESET: "reset the connection",
    }
    return known.get(error, os.strerror(error))
