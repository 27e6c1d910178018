"""What the kernel knows and tells anyone who asks: the way to an address, and a connection.

Linux tells most. Elsewhere only the source address is certain; what is not known is listed, never
guessed.
"""

import socket
import sys
from dataclasses import dataclass
from typing import Literal

from netlab.network import kernel_linux
from netlab.network.kernel_linux import TcpInfo

RouteKind = Literal["loopback", "direct", "gateway"]

DISCARD = 9
"""A port to connect a UDP socket to; that sends nothing."""


@dataclass(frozen=True, slots=True)
class Route:
    """How packets to `destination` leave. None: this system does not say (`unknown` lists it).

    mtu is the route's own where one is set, else the interface's.
    """

    destination: str
    source: str | None
    interface: str | None
    gateway: str | None
    kind: RouteKind | None
    mtu: int | None
    unknown: tuple[str, ...] = ()


def route(destination: str) -> Route:
    """Ask the kernel. Raises OSError (ENETUNREACH ...) when no route leads there."""
    if sys.platform == "linux":
        try:
            return _from_linux(kernel_linux.route(destination))
        except kernel_linux.NotTold:
            pass
    return _from_socket(destination)


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """What the kernel keeps about a TCP connection, or None where it does not tell."""
    return kernel_linux.tcp_info(sock) if sys.platform == "linux" else None


def path_mtu(sock: socket.socket) -> int | None:
    """The largest packet that a connected socket may send, as far as the kernel knows."""
    return kernel_linux.path_mtu(sock) if sys.platform == "linux" else None


def _from_linux(found: kernel_linux.LinuxRoute) -> Route:
    kind: RouteKind = "gateway" if found.gateway else "direct"
    if found.local:
        kind = "loopback"
    unknown = tuple(
        name
        for name, value in (("interface", found.interface), ("mtu", found.mtu))
        if value is None
    )
    return Route(
        found.destination, found.source, found.interface, found.gateway, kind, found.mtu, unknown
    )


def _from_socket(destination: str) -> Route:
    """A connected UDP socket knows its source address; no packet is sent for that."""
    family = socket.AF_INET6 if ":" in destination else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((destination, DISCARD))
        source = str(sock.getsockname()[0])
    kind: RouteKind | None = "loopback" if source == destination else None
    unknown = ("interface", "mtu") if kind else ("interface", "gateway", "mtu")
    return Route(destination, source, None, None, kind, None, unknown)
