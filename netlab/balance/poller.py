"""Which sockets may be read or written, and which were reset.

Two kinds. Where there is epoll, one of ours stands inside of the event loop's: the loop hears that
something has happened, and one call here hands all of it on, without a handle and a context for
each event. It also sees a reset of a socket that nobody reads just now (after its peer's end, or
while reading is paused), since EPOLLERR and EPOLLHUP come unasked (epoll_ctl(2)); the loop itself
does not look at such a socket, and a reset would go unseen until the next octet towards it, maybe
for ever. Elsewhere the loop's own readers and writers serve, and it goes unseen so.
"""

import asyncio
import select
import socket
import sys
from abc import ABC, abstractmethod
from typing import Protocol

MOST = 128
"""Events asked for at once."""
ROUNDS = 64
"""How often it is asked again before the loop has its turn."""


class Watched(Protocol):
    """What is told of its socket."""

    sock: socket.socket

    def readable(self) -> None: ...
    def writable(self) -> None: ...
    def was_reset(self) -> None: ...


class Poller(ABC):
    """Hands on what happens to the sockets that it watches."""

    @abstractmethod
    def watch(self, who: Watched, read: bool, write: bool) -> None:
        """Tell of this from now on, instead of what was asked for before; of resets always."""

    @abstractmethod
    def forget(self, who: Watched) -> None:
        """Tell of nothing more: to be called before the socket is closed, too."""

    @abstractmethod
    def close(self) -> None: ...


class LoopPoller(Poller):
    """By the event loop's own means."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def watch(self, who: Watched, read: bool, write: bool) -> None:
        self.forget(who)
        if read:
            self._loop.add_reader(who.sock, who.readable)
        if write:
            self._loop.add_writer(who.sock, who.writable)

    def forget(self, who: Watched) -> None:
        self._loop.remove_reader(who.sock)
        self._loop.remove_writer(who.sock)

    def close(self) -> None:
        """It has nothing of its own."""


if sys.platform == "linux":
    READ, WRITE = select.EPOLLIN, select.EPOLLOUT
    RESET = select.EPOLLERR | select.EPOLLHUP

    class EpollPoller(Poller):
        """By an epoll inside of the event loop's."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop
            self._epoll = select.epoll()
            self._watched: dict[int, Watched] = {}
            loop.add_reader(self._epoll.fileno(), self._look)

        def watch(self, who: Watched, read: bool, write: bool) -> None:
            descriptor = who.sock.fileno()
            events = (READ if read else 0) | (WRITE if write else 0)
            if descriptor in self._watched:
                self._epoll.modify(descriptor, events)
            else:
                self._watched[descriptor] = who
                self._epoll.register(descriptor, events)

        def forget(self, who: Watched) -> None:
            if self._watched.pop(who.sock.fileno(), None) is not None:
                self._epoll.unregister(who.sock.fileno())

        def close(self) -> None:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

        def _look(self) -> None:
            """Hand on what has happened, and what happens meanwhile, but not for ever."""
            for _ in range(ROUNDS):
                ready = self._epoll.poll(0, MOST)
                if not ready:
                    return
                self._hand_on(ready)

        def _hand_on(self, ready: list[tuple[int, int]]) -> None:
            watched = self._watched
            for descriptor, events in ready:
                who = watched.get(descriptor)
                if who is None:  # what came before has closed it
                    continue
                if events == READ:  # nearly always
                    who.readable()
                    continue
                if events & READ:
                    who.readable()
                elif events & WRITE:
                    who.writable()
                if events & RESET and watched.get(descriptor) is who:
                    self._judge(who, events)

        def _judge(self, who: Watched, events: int) -> None:
            """A reset leaves an error: ECONNRESET, or EPIPE after its peer's end. Both directions
            ended in order is a HUP as well. It says nothing new, and while nobody reads what is
            left it would be told for ever: off with it until somebody does."""
            if who.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                who.was_reset()
            elif not events & (READ | WRITE):
                self.forget(who)


def second_look(loop: asyncio.AbstractEventLoop) -> Poller | None:
    """For sockets that the loop itself reads and writes: told of resets alone. None without epoll,
    for the loop's own means watch a socket once."""
    return EpollPoller(loop) if sys.platform == "linux" else None


def poller(loop: asyncio.AbstractEventLoop) -> Poller:
    """The best that this system has."""
    if sys.platform != "linux":
        return LoopPoller(loop)
    return EpollPoller(loop)
