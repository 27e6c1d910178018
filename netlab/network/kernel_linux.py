"""Linux's answers: routes by netlink, connections by TCP_INFO. None of it needs privileges.

`/proc/net/route` would miss policy routing and IPv6; netlink is asked what `ip route get` asks.
"""

import contextlib
import errno
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

NETLINK_ROUTE = 0
NLMSG_ERROR = 2
NLM_F_REQUEST = 1
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
RTN_LOCAL = 2
RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT = 6, 7, 8
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_METRICS, RTA_VIA = 1, 4, 5, 7, 8, 18
RTAX_MTU = 2
SIOCGIFMTU = 0x8921
IP_MTU, IPV6_MTU = 14, 24

ANSWER_WITHIN = 1.0
"""Seconds. The kernel answers in a fraction of a millisecond, or not at all."""

MESSAGE = struct.Struct("=IHHII")
ROUTE = struct.Struct("=BBBBBBBBI")
ATTRIBUTE = struct.Struct("=HH")


class NotTold(Exception):
    """The kernel does not answer this process (a sandbox forbids netlink, say)."""


@dataclass(frozen=True, slots=True)
class LinuxRoute:
    """What RTM_GETROUTE answers. local: the destination is this machine."""

    destination: str
    source: str | None
    interface: str | None
    gateway: str | None
    local: bool
    mtu: int | None


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """A part of `struct tcp_info`; times in seconds. retransmits: since the connection's start."""

    rtt: float
    rttvar: float
    mss: int
    advertised_mss: int
    window: int
    retransmits: int
    path_mtu: int
    receive_space: int


def route(destination: str) -> LinuxRoute:
    """Ask for the way to an address, as `ip route get` does. Raises OSError if there is none."""
    address = ipaddress.ip_address(destination.partition("%")[0])
    answer = _ask(_request(address.version, address.packed))
    length, kind, _, _, _ = MESSAGE.unpack_from(answer)
    if kind == NLMSG_ERROR:
        code = -struct.unpack_from("=i", answer, MESSAGE.size)[0]
        raise OSError(code, f"no route to {destination}")
    if kind != RTM_NEWROUTE or len(answer) < MESSAGE.size + ROUTE.size:
        raise NotTold(f"netlink answered with message type {kind}")
    return _route(destination, answer[:length])


def _request(version: int, packed: bytes) -> bytes:
    family = socket.AF_INET6 if version == 6 else socket.AF_INET
    header = ROUTE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    body = header + ATTRIBUTE.pack(ATTRIBUTE.size + len(packed), RTA_DST) + packed
    return MESSAGE.pack(MESSAGE.size + len(body), RTM_GETROUTE, NLM_F_REQUEST, 1, 0) + body


def _ask(request: bytes) -> bytes:
    if sys.platform != "linux":
        raise NotTold("netlink is Linux's")
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as sock:
            sock.settimeout(ANSWER_WITHIN)
            sock.sendto(request, (0, 0))
            answer = sock.recv(16384)
    except OSError as error:
        raise NotTold(str(error)) from error
    if len(answer) < MESSAGE.size + 4:
        raise NotTold("netlink's answer is too short")
    return answer


def _route(destination: str, answer: bytes) -> LinuxRoute:
    kind = ROUTE.unpack_from(answer, MESSAGE.size)[7]
    if kind in (RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT):
        raise OSError(errno.ENETUNREACH, f"no route to {destination}")
    found = dict(_attributes(answer[MESSAGE.size + ROUTE.size :]))
    index = found.get(RTA_OIF)
    interface = _interface(struct.unpack("=I", index)[0]) if index else None
    metrics = dict(_attributes(found.get(RTA_METRICS, b"")))
    own = metrics.get(RTAX_MTU)
    return LinuxRoute(
        destination,
        _address(found.get(RTA_PREFSRC)),
        interface,
        _address(found.get(RTA_GATEWAY)) or _via(found.get(RTA_VIA)),
        kind == RTN_LOCAL,
        struct.unpack("=I", own)[0] if own else _interface_mtu(interface),
    )


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + ATTRIBUTE.size <= len(data):
        length, kind = ATTRIBUTE.unpack_from(data, at)
        if length < ATTRIBUTE.size:
            return
        yield kind & 0x3FFF, data[at + ATTRIBUTE.size : at + length]
        at += (length + 3) & ~3


def _address(packed: bytes | None) -> str | None:
    return str(ipaddress.ip_address(packed)) if packed else None


def _via(attribute: bytes | None) -> str | None:
    """A gateway of the other family (RFC 5549): two octets of family, then the address."""
    return _address(attribute[2:]) if attribute else None


def _interface(index: int) -> str | None:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return None


def _interface_mtu(interface: str | None) -> int | None:
    """By ioctl: /sys shows another network namespace's interfaces to whoever entered one."""
    if interface is None or sys.platform == "win32":
        return None
    import fcntl

    request = struct.pack("16sI12x", interface.encode(), 0)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            answer = fcntl.ioctl(sock, SIOCGIFMTU, request)
    except OSError:
        return None
    return int(struct.unpack_from("=16sI", answer)[1])


TCP_INFO_SIZE = 104
"""Up to and with tcpi_total_retrans: eight octets, then 24 words. All kernels since 2.6.18."""


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """Read TCP_INFO of a connected socket, or None where there is none to read."""
    if sys.platform != "linux":
        return None
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
    except OSError:
        return None
    if len(raw) < TCP_INFO_SIZE:
        return None
    words = struct.unpack_from("=24I", raw, 8)
    return TcpInfo(
        rtt=words[15] / 1e6,
        rttvar=words[16] / 1e6,
        mss=words[2],
        advertised_mss=words[19],
        window=words[18],
        retransmits=words[23],
        path_mtu=words[13],
        receive_space=words[22],
    )


def path_mtu(sock: socket.socket) -> int | None:
    """IP_MTU of a connected socket."""
    six = sock.family == socket.AF_INET6
    level, option = (socket.IPPROTO_IPV6, IPV6_MTU) if six else (socket.IPPROTO_IP, IP_MTU)
    with contextlib.suppress(OSError):
        return sock.getsockopt(level, option)
    return None
