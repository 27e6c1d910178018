"""Where clients come in: some at once, and none while there are no descriptors to be had.

asyncio's own server tries as often as its backlog is long when descriptors run out, and tells of
each time with a traceback: a flood of connections becomes one of text.
"""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Callable

AT_ONCE = 64
"""Connections accepted before the others get their turn."""
PAUSE = 0.05
"""Seconds without accepting when there is no room; clients wait in the kernel's queue."""
CLIENTS = 8192
SELECT = 200
"""Clients where select() is all there is: Python's on Windows takes 512 sockets."""
RESERVE = 48
"""Descriptors for all but clients and their backends."""
FEWEST = 8
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE})


def places() -> int:
    """How many clients there may be: each takes two descriptors, its own and a backend's."""
    if sys.platform == "win32":
        return SELECT
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return CLIENTS
    return max(FEWEST, min(CLIENTS, (soft - RESERVE) // 2))


class Door:
    """Gives each client that comes to `admit`. room: whether there is any for another."""

    def __init__(
        self,
        listener: socket.socket,
        admit: Callable[[socket.socket, str, int], None],
        room: Callable[[], bool] = lambda: True,
    ) -> None:
        self.listener = listener
        self.admit = admit
        self.room = room
        self.loop = asyncio.get_running_loop()
        listener.setblocking(False)
        self.loop.add_reader(listener, self.accept)

    def accept(self) -> None:
        for _ in range(AT_ONCE):
            if not self.room():
                self.pause()
                return
            try:
                client, address = self.listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:
                self.pause()
                return
            self.let_in(client, address)

    def let_in(self, client: socket.socket, address: tuple[str, int]) -> None:
        client.setblocking(False)
        self.admit(client, address[0], address[1])

    def pause(self) -> None:
        self.loop.remove_reader(self.listener)
        self.loop.call_later(PAUSE, self.again)

    def again(self) -> None:
        if self.listener.fileno() >= 0:
            self.loop.add_reader(self.listener, self.accept)

    def shut(self) -> None:
        """Take those that the kernel has connected already, and no other."""
        if self.listener.fileno() < 0:
            return
        self.loop.remove_reader(self.listener)
        with contextlib.suppress(OSError):  # EAGAIN: there are no more
            while self.room():
                self.let_in(*self.listener.accept())
        self.listener.close()

    def close(self) -> None:
        """Take nobody any more."""
        if self.listener.fileno() >= 0:
            self.loop.remove_reader(self.listener)
            self.listener.close()
