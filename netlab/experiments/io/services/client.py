"""One client of the services that never block: what came in goes out, what does not fit waits."""

import socket
from collections.abc import Iterator

READ, WRITE, GONE = 1, 2, 0
"""What a client waits for: that there is something to read, that there is room to write."""

buffer = bytearray(65536)
"""One for all of them: only one client is being served at any instant."""
view = memoryview(buffer)


class Client:
    """wish: READ or WRITE."""

    __slots__ = ("sock", "unsent", "wish")

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.unsent: bytes | memoryview = b""
        self.wish = READ

    def serve(self) -> int:
        """Do what can be done now; answers what this client waits for next, GONE at its end."""
        try:
            if self.wish == READ:
                count = self.sock.recv_into(buffer)
                if count == 0:
                    return self.close()
                self.unsent = view[:count]
            self.unsent = self.unsent[self.sock.send(self.unsent) :]
        except BlockingIOError:
            pass  # nothing there to read, or no room to write
        except OSError:
            return self.close()
        if not self.unsent:
            self.wish = READ
        else:  # while its socket is full, it is not read from: nothing piles up here
            self.unsent, self.wish = bytes(self.unsent), WRITE
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
