"""Two sockets, and the octets of each on their way to the other.

Nothing here looks at an octet. What comes is sent on at once, from one buffer that all share; what
the far side does not take at once waits, and while anything waits the near side is not read: its
kernel buffer fills, TCP closes the window, and the sender waits. So one chunk a direction is all
that is ever held here.

Raw sockets rather than asyncio's transports: those neither pass a reset as a reset nor see one
while they do not read, and what they do between reading and writing costs more than both.
"""

import socket
import struct
import sys
from collections.abc import Callable

from netlab.balance.poller import Poller

CHUNK = 256 << 10
"""The most that is read at once, and that waits in one direction."""
BUFFER = memoryview(bytearray(CHUNK))
"""Shared: what is read is sent, or copied to where it waits, before anybody else reads."""
ABORT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""SO_LINGER with no time: close sends a reset."""

RESET_BY_CLIENT = "reset by the client"
RESET_BY_BACKEND = "reset by the backend"

NOT_NOW = (BlockingIOError, InterruptedError)


class Side:
    """One socket of a pair.

    waiting: octets for its peer, which it does not take yet. ended: its peer has sent its end;
    shut: we have sent ours. received: octets of its peer so far; sent: of those that waited.
    """

    __slots__ = (
        "ended", "far", "pair", "poller", "receive", "received", "send", "sent", "shut", "sock",
        "waiting",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, pair: "Pair") -> None:
        self.sock = sock
        self.receive = sock.recv_into
        self.send = sock.send
        self.pair = pair
        self.poller = pair.poller
        self.far: Side = self
        self.waiting: memoryview | None = None
        self.ended = False
        self.shut = False
        self.received = 0
        self.sent = 0

    def watch(self) -> None:
        """Read while the far side takes it; write while something waits; mind resets always."""
        read = not self.ended and self.far.waiting is None
        self.poller.watch(self, read, self.waiting is not None)

    def readable(self) -> None:
        try:
            count = self.receive(BUFFER)
        except NOT_NOW:
            return
        except OSError:
            self.pair.reset(self)
            return
        if not count:
            self.end()
            return
        self.received += count
        far = self.far
        try:
            sent = far.send(BUFFER[:count])
        except NOT_NOW:
            sent = 0
        except OSError:
            self.pair.reset(far)
            return
        if sent < count:
            far.wait(BUFFER[sent:count])

    def wait(self, data: memoryview) -> None:
        """Keep what its peer does not take yet: that holds up the far side."""
        self.waiting = memoryview(bytes(data))
        self.watch()
        self.far.watch()

    def writable(self) -> None:
        if self.waiting is None:
            return
        try:
            sent = self.send(self.waiting)
        except NOT_NOW:
            return
        except OSError:
            self.pair.reset(self)
            return
        self.sent += sent
        if sent < len(self.waiting):
            self.waiting = self.waiting[sent:]
            return
        self.waiting = None
        self.watch()
        if self.far.ended:
            self.shutdown()
        else:
            self.far.watch()

    def end(self) -> None:
        """Its peer will send no more: neither shall we to the far side's, once all has gone."""
        self.ended = True
        if self.far.waiting is None:
            self.far.shutdown()
        if not self.pair.closed:
            self.watch()

    def shutdown(self) -> None:
        self.shut = True
        if self.far.shut:
            self.pair.close("ended")
            return
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.pair.reset(self)

    def was_reset(self) -> None:
        self.pair.reset(self)

    def close(self, abort: bool = False) -> None:
        self.poller.forget(self)
        self.waiting = None
        if abort:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
        self.sock.close()


class Pair:
    """A client's connection and ours to its backend.

    over: told once how it went: "ended" in order, or in a few words what cut it.
    """

    __slots__ = ("client", "closed", "over", "poller", "server")

    def __init__(
        self,
        client: socket.socket,
        server: socket.socket,
        poller: Poller,
        over: Callable[[str], None],
    ) -> None:
        self.poller = poller
        self.over = over
        self.closed = False
        self.client = Side(client, self)
        self.server = Side(server, self)
        self.client.far, self.server.far = self.server, self.client

    def start(self, first: bytes = b"") -> None:
        """first: what the backend is told before the client's own octets."""
        self.server.watch()
        self.client.watch()
        if first:
            self.server.wait(memoryview(first))
            self.server.writable()

    def progress(self) -> tuple[int | bool, ...]:
        """Differs from before when an octet or an end has passed since."""
        both = (self.client, self.server)
        return tuple(part for side in both for part in (side.received, side.sent, side.ended))

    def reset(self, side: Side) -> None:
        """One side was reset: so is the other."""
        self.close(RESET_BY_CLIENT if side is self.client else RESET_BY_BACKEND, True)

    def close(self, how: str, abort: bool = False) -> None:
        if not self.closed:
            self.closed = True
            self.client.close(abort)
            self.server.close(abort)
            self.over(how)
