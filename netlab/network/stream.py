"""A connection as the layers above see it: octets in, octets out, and a tape of both."""

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from netlab.network.tape import Tape

Clock = Callable[[], float]

READ_SIZE = 64 * 1024


class Stream(Protocol):
    """An open connection, plain TCP or TLS over it.

    read and write raise TimeoutError after `timeout` seconds (None: no limit of their own), and
    OSError (ConnectionResetError, ssl.SSLError ...) when the connection breaks.
    """

    @property
    def sock(self) -> socket.socket:
        """The TCP socket: its addresses and the kernel's knowledge. Never read from it."""

    @property
    def tape(self) -> Tape:
        """The octets of this layer: the plaintext of a TLS connection."""

    @property
    def wire(self) -> Tape:
        """The octets that TCP carried: the records of a TLS connection, else the same tape."""

    @property
    def alpn(self) -> str | None:
        """The application protocol that TLS settled on (`h2`), or None."""

    async def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        """At least one octet, at most max_bytes; none when the other side ended its stream."""

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        """Hand all of data to the kernel. The tape's instant is when that was done."""

    async def close(self) -> None:
        """Close, once or many times. Never waits for the other side."""


class TcpStream:
    """A TCP connection on a connected, non-blocking socket, which it owns from now on."""

    def __init__(self, sock: socket.socket, clock: Clock) -> None:
        self.sock = sock
        self.clock = clock
        self.tape = Tape()
        sock.setblocking(False)
        # Nagle would hold a small write back until the peer's delayed ACK: 40 ms that look
        # like server time (RFC 896, RFC 1122 §4.2.3.2).
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def wire(self) -> Tape:
        return self.tape

    @property
    def alpn(self) -> str | None:
        return None

    async def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            data = await loop.sock_recv(self.sock, max_bytes)
        self.tape.add(self.clock(), "received", data)
        return data

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(timeout):
            await loop.sock_sendall(self.sock, data)
        self.tape.add(self.clock(), "sent", data)

    async def close(self) -> None:
        self.sock.close()
