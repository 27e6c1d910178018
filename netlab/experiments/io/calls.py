"""Counts and times the calls that a model makes, at the place where it makes them.

A call costs two looks at the clock and one entry in a list (which threads may all append to); what
that comes to is measured and printed (`cost`). A busy poller makes a hundred thousand calls a
second: those are only counted, in the model itself, and one round in many is timed.
"""

import asyncio
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import Any, Literal, NamedTuple, ParamSpec, TypeVar

from netlab.experiments.io.usage import switches

P = ParamSpec("P")
R = TypeVar("R")

What = Literal[
    "running", "blocked", "waiting for readiness", "waiting for completion", "polling for nothing"
]
"""What a thread was doing. `running` covers a call that returned at once with something done."""


class Call(NamedTuple):
    """One call: by which thread, its name, on which descriptor (-1: on many, or on none)."""

    thread: int
    name: str
    descriptor: int
    what: What
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Thread:
    """A stretch of a thread's life, with what the system says that this thread alone used."""

    id: int
    start: float
    end: float
    cpu: float
    voluntary: int | None
    involuntary: int | None


class Calls:
    """The calls of one run."""

    def __init__(self) -> None:
        self.made: list[Call] = []
        self.threads: list[Thread] = []
        self.only_counted: Counter[str] = Counter()

    def wait(self, name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make a call that sleeps until one of many descriptors is ready."""
        return self.timed(name, -1, "waiting for readiness", function, *args, **kwargs)

    def block(self, name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make a call that sleeps until what it asks for is done."""
        return self.timed(name, -1, "blocked", function, *args, **kwargs)

    def tell(self, name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make a call that tells the kernel something and returns: epoll_ctl and the like.

        The first argument is the socket that it is about.
        """
        return self.timed(name, descriptor(args), "running", function, *args, **kwargs)

    def timed(
        self,
        name: str,
        about: int,
        what: What,
        function: Callable[P, R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        start = perf_counter()
        try:
            result = function(*args, **kwargs)
        except BlockingIOError:  # EAGAIN: it would have had to wait, and nothing is under way
            what = "polling for nothing"
            raise
        finally:
            self.made.append(Call(threading.get_ident(), name, about, what, start, perf_counter()))
        return result

    def complete(self, name: str, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make a call that sleeps until something that was ordered has been done."""
        return self.timed(name, -1, "waiting for completion", function, *args, **kwargs)

    def came(self, sock: socket.socket, name: str = "recv") -> None:
        """A call that was not timed, and brought something just now."""
        now = perf_counter()
        self.made.append(Call(threading.get_ident(), name, sock.fileno(), "running", now, now))

    def counted(self, name: str, wasted: int) -> None:
        """So many calls that brought nothing, which the model counted itself."""
        self.only_counted[name] += wasted

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Around what a thread does for one request: what this thread used meanwhile."""
        start, cpu, before = perf_counter(), thread_time(), switches()
        try:
            yield
        finally:
            used = [None if a is None or b is None else b - a
                    for a, b in zip(before, switches(), strict=True)]  # fmt: skip
            self.threads.append(
                Thread(threading.get_ident(), start, perf_counter(), thread_time() - cpu, *used)
            )

    def event_loop(self) -> asyncio.AbstractEventLoop:
        """asyncio's own loop over a selector that counts."""
        return asyncio.SelectorEventLoop(CountingSelector(self))

    @property
    def counts(self) -> Counter[str]:
        return Counter(call.name for call in self.made) + self.only_counted

    @property
    def eagain(self) -> int:
        made = sum(call.what == "polling for nothing" for call in self.made)
        return made + self.only_counted.total()

    def wasted(self, name: str) -> int:
        """Calls of this name that brought nothing."""
        made = sum(call.name == name and call.what == "polling for nothing" for call in self.made)
        return made + self.only_counted[name]

    def cost(self, one_poll: float) -> float:
        """Seconds that counting and timing took, from what one of each takes here.

        one_poll: seconds to count one call that is only counted.
        """
        each = _each()
        return each * len(self.made) + one_poll * self.only_counted.total()


def descriptor(args: Iterable[object]) -> int:
    """The descriptor that the first argument stands for."""
    first = next(iter(args), None)
    if isinstance(first, int):
        return first
    return first.fileno() if isinstance(first, socket.socket) else -1


class Socket(socket.socket):
    """A socket whose send and recv count and time themselves; nothing else about it differs."""

    calls: Calls

    def send(self, *args: Any) -> int:
        what: What = "blocked" if self.gettimeout() is None else "running"
        return self.calls.timed("send", self.fileno(), what, super().send, *args)

    def recv(self, *args: Any) -> bytes:
        what: What = "blocked" if self.gettimeout() is None else "running"
        return self.calls.timed("recv", self.fileno(), what, super().recv, *args)


NAMES = {
    "EpollSelector": ("epoll_wait", "epoll_ctl"),
    "KqueueSelector": ("kevent", "kevent"),
    "PollSelector": ("poll", "register"),
    "DevpollSelector": ("ioctl", "write"),
    "SelectSelector": ("select", "register"),
}
"""The system calls behind a selector: to wait, and to say what is waited for."""


class CountingSelector(selectors.DefaultSelector):
    """The system's best selector, whose calls are counted and timed."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()
        self._calls = calls
        self._wait, self._tell = NAMES[selectors.DefaultSelector.__name__]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return self._calls.wait(self._wait, super().select, timeout)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._calls.tell(self._tell, super().register, fileobj, events, data)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._calls.tell(self._tell, super().modify, fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._calls.tell(self._tell, super().unregister, fileobj)


ROUNDS = 2000


def _each() -> float:
    """Seconds that one timed call costs beyond the call itself, on this machine, now."""
    probe = Calls()
    bare = _spent(lambda: [descriptor(()) for _ in range(ROUNDS)])
    timed = _spent(
        lambda: [probe.timed("probe", -1, "running", descriptor, ()) for _ in range(ROUNDS)]
    )
    return max(0.0, timed - bare) / ROUNDS


def _spent(work: Callable[[], object]) -> float:
    start = thread_time()
    work()
    return thread_time() - start
