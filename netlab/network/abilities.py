"""What this machine lets an ordinary program do, each really tried; nothing leaves loopback.

None: this system has no such thing, or does not tell. Every trial is bounded and closes what it
opened.
"""

import contextlib
import errno
import os
import select
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from netlab.dissect import tls
from netlab.network import kernel
from netlab.network.choose import FAR, reachable
from netlab.recording.records import Field

PATIENCE = 1.0
LOOPBACK = "127.0.0.1"
IP_RECVERR, IP_RECVTTL = 11, 12
"""Linux's numbers, which Python 3.11 does not name."""
IO_URING_SETUP = 425
"""The same number on every architecture since the calls were unified (Linux 5.1)."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What the kernel tells of routes, connections and errors."""

    routes: bool | None
    tcp_info: bool | None
    path_mtu: bool | None
    error_queue: bool | None
    ttl: bool | None
    ping: bool | None
    capture: bool | None


@dataclass(frozen=True, slots=True)
class Families:
    """Loopback: a socket was bound there. Out: the kernel knows a way; nothing was sent."""

    ipv4_loopback: bool
    ipv6_loopback: bool
    ipv4_out: bool
    ipv6_out: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The ways to wait for many descriptors, and how many there may be."""

    epoll: bool
    kqueue: bool
    poll: bool
    io_uring: bool | None
    files: tuple[int, int] | None


def families() -> Families:
    out4, out6 = (reachable(address) for address in FAR)
    return Families(binds(LOOPBACK), binds("::1"), out4, out6)


def binds(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.bind((address, 0))
        return True
    return False


def asked() -> Kernel:
    """What the kernel answers this process, on a connection of its own over loopback."""
    with connection() as sock:
        info, mtu = kernel.tcp_info(sock), kernel.path_mtu(sock)
    told = kernel.route(LOOPBACK)
    return Kernel(
        routes=told.interface is not None,
        tcp_info=info is not None,
        path_mtu=mtu is not None,
        error_queue=error_queue(),
        ttl=ttl(),
        ping=opened(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)),
        capture=capture(),
    )


@contextlib.contextmanager
def connection() -> Iterator[socket.socket]:
    """The client's end of a TCP connection over loopback."""
    with socket.create_server((LOOPBACK, 0)) as listening:
        address = listening.getsockname()[:2]
        with socket.create_connection(address, PATIENCE) as sock, listening.accept()[0]:
            yield sock


def error_queue() -> bool | None:
    """Whether an ICMP error comes with its sender: by it a path is found hop by hop."""
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            sock.settimeout(PATIENCE)
            sock.sendto(b"", (LOOPBACK, closed_port()))
            with contextlib.suppress(ConnectionRefusedError):
                sock.recv(1)  # waits for the error; the queue below has whose it is
            _, ancillary, _, _ = sock.recvmsg(64, 512, socket.MSG_ERRQUEUE)
        except OSError:
            return False
    return any(kind == IP_RECVERR for _, kind, _ in ancillary)


def closed_port() -> int:
    """A UDP port of this machine at which nobody listens any more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((LOOPBACK, 0))
        return int(sock.getsockname()[1])


def ttl() -> bool | None:
    """Whether a datagram comes with the TTL that it arrived with."""
    if sys.platform != "linux":
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
            sock.settimeout(PATIENCE)
            sock.bind((LOOPBACK, 0))
            sock.sendto(b"", sock.getsockname())
            _, ancillary, _, _ = sock.recvmsg(1, 64)
        except OSError:
            return False
    return bool(ancillary)


def capture() -> bool | None:
    """Whether packets may be captured: such a socket can be opened. Nothing is read from it."""
    if sys.platform == "darwin":
        return os.access("/dev/bpf0", os.R_OK)
    if sys.platform != "linux":
        return None
    return opened(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))


def opened(make: Callable[[], socket.socket]) -> bool | None:
    """True, or False when this user may not; None where the system has no such socket."""
    try:
        make().close()
    except PermissionError:
        return False
    except OSError as error:
        return False if error.errno in (errno.EACCES, errno.EPERM) else None
    return True


def waiting() -> Waiting:
    return Waiting(
        epoll=hasattr(select, "epoll"),
        kqueue=hasattr(select, "kqueue"),
        poll=hasattr(select, "poll"),
        io_uring=io_uring(),
        files=files(),
    )


def io_uring() -> bool | None:
    """Ask the kernel to set one up with no place for its parameters: EFAULT if it would."""
    if sys.platform != "linux":
        return None
    import ctypes

    ctypes.set_errno(0)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(ctypes.c_long(IO_URING_SETUP), ctypes.c_uint(1), ctypes.c_void_p(None))
    return ctypes.get_errno() in (errno.EFAULT, errno.EINVAL)


def files() -> tuple[int, int] | None:
    """How many descriptors a process may have: now, and after raising it by itself."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return soft, hard


def groups() -> tuple[str, ...]:
    """The key exchange groups of our own ClientHello, read from its octets; nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = context.wrap_bio(incoming, outgoing, server_hostname="www.example.com")
    with contextlib.suppress(ssl.SSLWantReadError):
        connection.do_handshake()
    every = list(within(tls.records(outgoing.read())))
    named = next((field for field in every if field.name == "named_group_list"), None)
    inside = named.children if named else ()
    return tuple(str(one.meaning or one.value) for one in inside if one.name == "group")


def within(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        yield from within(field.children)
