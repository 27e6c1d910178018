"""Listening sockets on loopback whose ports outlive them."""

import os
import socket
from dataclasses import dataclass, field
from functools import cache

BACKLOG = 1024
"""Deep: a full accept queue drops SYNs without a word, and the client waits a second."""

LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


@cache
def has_ipv6() -> bool:
    """Whether this machine has ::1 to listen on."""
    if not socket.has_ipv6:
        return False
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def family_of(address: str) -> socket.AddressFamily:
    """The family in which a seen address is dialled."""
    return socket.AF_INET6 if ":" in address and has_ipv6() else socket.AF_INET


def bound(family: socket.AddressFamily, port: int = 0) -> socket.socket:
    """A TCP socket with a port of its own that does not listen: a SYN to it is refused."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Connections that a stopped server leaves in TIME_WAIT keep its port from being bound
        # again unless they and the new socket have this option. For a port that the system is
        # still to pick it is set afterwards, or two sockets might be given the same. Elsewhere
        # than on POSIX systems it would let strangers share the port.
        if port and os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK[family], port))
        if os.name == "posix":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


@dataclass(slots=True)
class Port:
    """A port that can listen, be closed, and listen again under the same number.

    While it is closed a bound socket keeps the number, or the system might lend it to a stranger
    and a stopped server's clients would reach him.
    """

    family: socket.AddressFamily
    number: int = 0
    held: socket.socket | None = field(default=None, repr=False)

    @property
    def dialled(self) -> tuple[str, int]:
        return LOOPBACK[self.family], self.number

    def hold(self) -> None:
        """Bind, without listening."""
        self.release()
        self.held = bound(self.family, self.number)
        self.number = self.held.getsockname()[1]

    def listen(self, backlog: int = BACKLOG) -> socket.socket:
        """The listening socket; it is this port's own, to be closed by hold or release."""
        self.hold()
        assert self.held is not None
        self.held.listen(backlog)
        return self.held

    def release(self) -> None:
        if self.held is not None:
            self.held.close()
            self.held = None
