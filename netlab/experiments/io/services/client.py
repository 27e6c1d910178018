"""One client of a service that never blocks.

What came in goes out again; what does not fit waits for room.
"""

import socket
from collections.abc import Iterator

READ, WRITE, GONE = 1, 2, 0
"""What a client waits for: something to read, room to write, nothing."""

buffer = bytearray(65536)
"""One for all of them: only one client is being served at any instant."""
view = memoryview(buffer)


class Client:
    """wish: READ or WRITE."""

    __slots__ = ("sock", "unsent", "wish")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock, self.unsent, self.wish = sock, b"", READ

    def serve(self) -> int:
        """Do what can be done now; answers what this client waits for next."""
        if self.wish == WRITE:
            return self.send(self.unsent)
        try:
            count = self.sock.recv_into(buffer)
        except BlockingIOError:
            return READ
        except OSError:
            return self.close()
        return self.send(view[:count]) if count else self.close()

    def send(self, octets: bytes | memoryview) -> int:
        """Send, and keep what does not fit: until that is out, no more is read."""
        try:
            sent = self.sock.send(octets)
        except BlockingIOError:
            sent = 0
        except OSError:
            return self.close()
        if sent == len(octets):
            self.wish = READ
        else:
            self.unsent, self.wish = bytes(octets[sent:]), WRITE
        return self.wish

    def close(self) -> int:
        self.sock.close()
        return GONE


def accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """All who stand at the door, until accept would block."""
    while True:
        try:
            yield listener.accept()[0]
        except BlockingIOError:
            return
        except ConnectionAbortedError:
            continue  # it has gone again already
