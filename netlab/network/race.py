"""Happy Eyeballs, version 2 (RFC 8305), by hand: asyncio's own reports no attempts.

The addresses of both families take turns, beginning with the first one's. Every 250 ms another
attempt joins those under way; a failed one is followed at once. The first connection wins and
the others are cut.
"""

import asyncio
import errno
import ipaddress
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from netlab.network.base import SocketAddress
from netlab.network.stream import Clock, TcpStream

ATTEMPT_DELAY = 0.25
"""Connection Attempt Delay, in seconds: the value that RFC 8305 §8 recommends."""

Family = Literal[4, 6]
Fate = Literal["won", "refused", "unreachable", "timeout", "cut", "reset"]
Dial = Callable[[str, int], SocketAddress]
"""Where the person's (address, port) is really dialled; raises OSError when it is nowhere."""
Connect = Callable[[SocketAddress], Awaitable[socket.socket]]

FATES: dict[int, Fate] = {
    errno.ECONNREFUSED: "refused",
    errno.ETIMEDOUT: "timeout",
    errno.ECONNRESET: "reset",
    errno.ECONNABORTED: "reset",
}
"""Every other error means that no packet found a way: unreachable."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one address. Instants are those of the race's clock."""

    address: str
    port: int
    family: Family
    dialled: SocketAddress | None
    start: float
    end: float
    fate: Fate
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Race:
    """How it went; attempts stand in the order of their start.

    won: the attempt which the winner came from. expired: whether time ran out.
    """

    attempts: tuple[Attempt, ...]
    winner: TcpStream | None
    won: Attempt | None
    delay: float
    start: float
    end: float
    expired: bool = False

    @property
    def losers_cost(self) -> float:
        """Seconds that passed from the first attempt to the winner's own."""
        return (self.won.start if self.won else self.end) - self.attempts[0].start


async def connect(target: SocketAddress) -> socket.socket:
    """Open a TCP connection, without a thread and without a look-up."""
    family = socket.AF_INET6 if ":" in target[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, target)
    except BaseException:
        sock.close()
        raise
    return sock


def family_of(address: str) -> Family:
    return 6 if ipaddress.ip_address(address).version == 6 else 4


def in_turns(addresses: Sequence[str], family: Family | None = None) -> tuple[str, ...]:
    """The families by turns, the first address's first; each once, as given (RFC 8305 §4)."""
    kept = [a for a in dict.fromkeys(addresses) if family in (None, family_of(a))]
    first = [a for a in kept if family_of(a) == family_of(kept[0])]
    other = [a for a in kept if family_of(a) != family_of(kept[0])]
    return tuple(a for pair in zip_longest(first, other) for a in pair if a is not None)


async def race(
    addresses: Sequence[str],
    port: int,
    dial: Dial,
    clock: Clock,
    *,
    timeout: float,
    family: Family | None = None,
    delay: float = ATTEMPT_DELAY,
    connect: Connect = connect,
) -> Race:
    """Connect to whichever address answers first, within `timeout` seconds."""
    run = _Run(deque(in_turns(addresses, family)), port, dial, clock, delay, connect)
    return await run.go(timeout)


@dataclass(slots=True)
class _Lane:
    """An attempt under way. end is set by the attempt itself, next to the event."""

    address: str
    dialled: SocketAddress | None
    start: float
    task: asyncio.Task[socket.socket] | None = None
    end: float | None = None
    fate: Fate | None = None
    error: str | None = None


class _Run:
    """One race under way."""

    def __init__(
        self,
        waiting: deque[str],
        port: int,
        dial: Dial,
        clock: Clock,
        delay: float,
        connect: Connect,
    ) -> None:
        self.waiting = waiting
        self.port = port
        self.dial = dial
        self.clock = clock
        self.delay = delay
        self.connect = connect
        self.lanes: list[_Lane] = []

    async def go(self, timeout: float) -> Race:
        start = self.clock()
        try:
            winner = await self._until_won(start + timeout)
        finally:
            expired = self.clock() >= start + timeout
            await self._cut(expired)
        stream = None
        if winner is not None and winner.task is not None:
            stream = TcpStream(winner.task.result(), self.clock)
        return self._result(start, winner, stream, expired and stream is None)

    async def _until_won(self, deadline: float) -> _Lane | None:
        while self.waiting or self._running():
            if self.clock() >= deadline:
                return None
            if self.waiting:
                self._start(self.waiting.popleft())
            winner = await self._attend(deadline)
            if winner is not None:
                return winner
        return None

    async def _attend(self, deadline: float) -> _Lane | None:
        """Wait until one wins, one fails, or the next attempt is due."""
        due = self.clock() + self.delay if self.waiting else deadline
        while running := self._running():
            left = min(due, deadline) - self.clock()
            if left <= 0:
                return None
            await asyncio.wait(
                [lane.task for lane in running if lane.task],
                timeout=left,
                return_when=asyncio.FIRST_COMPLETED,
            )
            won = [lane for lane in running if self._settle(lane)]
            if won:
                return self._first(won)
            if self.waiting and len(self._running()) < len(running):
                return None  # a failed attempt is followed at once (RFC 8305 §5)
        return None

    def _running(self) -> list[_Lane]:
        return [lane for lane in self.lanes if lane.fate is None]

    def _start(self, address: str) -> None:
        lane = _Lane(address, None, self.clock())
        self.lanes.append(lane)
        try:
            lane.dialled = self.dial(address, self.port)
        except OSError as error:
            self._fail(lane, error, self.clock())
            return
        lane.task = asyncio.create_task(self._try(lane, lane.dialled))

    async def _try(self, lane: _Lane, target: SocketAddress) -> socket.socket:
        try:
            return await self.connect(target)
        finally:
            lane.end = self.clock()

    def _settle(self, lane: _Lane) -> bool:
        """Read an attempt's outcome; answers whether it holds a connection."""
        if lane.task is None or not lane.task.done():
            return False
        error = lane.task.exception()
        if error is None:
            return True
        if not isinstance(error, OSError):
            raise error
        self._fail(lane, error, lane.end)
        return False

    def _fail(self, lane: _Lane, error: OSError, at: float | None) -> None:
        lane.fate = FATES.get(error.errno or 0, "unreachable")
        lane.error = error.strerror or str(error)
        lane.end = self.clock() if at is None else at

    @staticmethod
    def _first(won: list[_Lane]) -> _Lane:
        winner = min(won, key=lambda lane: lane.end or 0.0)
        winner.fate = "won"
        return winner

    async def _cut(self, expired: bool) -> None:
        """End what is still under way. A loser that got through as well is closed."""
        for lane in self._running():
            lane.end = self.clock()
            lane.fate = "timeout" if expired else "cut"
            if lane.task is not None:
                end = lane.end
                lane.task.cancel()
                await asyncio.wait([lane.task])
                if not lane.task.cancelled() and lane.task.exception() is None:
                    lane.task.result().close()
                lane.end = end

    def _result(
        self, start: float, winner: _Lane | None, stream: TcpStream | None, expired: bool
    ) -> Race:
        attempts = {id(lane): self._attempt(lane) for lane in self.lanes}
        won = attempts[id(winner)] if winner is not None else None
        end = won.end if won else self.clock()
        return Race(tuple(attempts.values()), stream, won, self.delay, start, end, expired)

    def _attempt(self, lane: _Lane) -> Attempt:
        end = lane.start if lane.end is None else lane.end
        return Attempt(
            address=lane.address,
            port=self.port,
            family=family_of(lane.address),
            dialled=lane.dialled,
            start=lane.start,
            end=end,
            fate=lane.fate or "cut",
            error=lane.error,
        )
