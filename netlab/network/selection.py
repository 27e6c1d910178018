"""Which of a name's addresses is tried first: Destination Address Selection (RFC 6724 §6).

An address is judged together with the source that this machine would send from. Rules 3, 4 and 7
are left out: no ordinary program is told of deprecated, home or tunnelled addresses. Connecting a
UDP socket asks the kernel for the source, and sends nothing.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Literal

Code = Literal["unusable", "scope", "label", "precedence", "prefix", "given"]
SourceOf = Callable[[str], str | None]
"""The source that the kernel would send from to this address; None when there is no way."""

DISCARD = 9
"""The port that sources are asked for (RFC 863). Some port must be named; none is reached."""

LINK_LOCAL, SITE_LOCAL, GLOBAL = 0x2, 0x5, 0xE
"""Scopes, by the numbers that multicast addresses carry them in (RFC 4291 §2.7)."""

POLICY: tuple[tuple[IPv6Network, int, int], ...] = tuple(
    (IPv6Network(prefix), precedence, label)
    for prefix, precedence, label in (
        ("::1/128", 50, 0),
        ("::ffff:0:0/96", 35, 4),
        ("::/96", 1, 3),
        ("2001::/32", 5, 5),
        ("2002::/16", 30, 2),
        ("3ffe::/16", 1, 12),
        ("fec0::/10", 1, 11),
        ("fc00::/7", 3, 13),
        ("::/0", 40, 1),
    )
)
"""The default policy table (RFC 6724 §2.1): prefix, precedence, label. The first match is the
longest."""

INTERFACE_ID = 64
"""Bits of a source that are its interface's own, and common to nobody (RFC 6724 §2.2)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of RFC 6724 §6, by its number there."""

    number: int
    code: Code


RULES = (
    Rule(1, "unusable"),
    Rule(2, "scope"),
    Rule(5, "label"),
    Rule(6, "precedence"),
    Rule(8, "scope"),
    Rule(9, "prefix"),
)
LEAVE = Rule(10, "given")


def ordered(destinations: Sequence[str], source_of: SourceOf) -> tuple[str, ...]:
    """The destinations, the one to prefer first; equals stay as they were given (rule 10)."""
    return tuple(sorted(destinations, key=lambda one: _demerits(one, source_of(one))))


def deciding(first: str, second: str, source_of: SourceOf) -> Rule:
    """The rule that puts one of the two before the other."""
    both = zip(
        RULES, _demerits(first, source_of(first)), _demerits(second, source_of(second)), strict=True
    )
    return next((rule for rule, one, other in both if one != other), LEAVE)


def _demerits(address: str, source: str | None) -> tuple[int, ...]:
    """One figure for each of the RULES, the smaller the better.

    Rules 1 to 8 never leave an IPv4 address level with an IPv6 address, since each family has
    precedences of its own; so rule 9, which compares within a family, can be a figure as well.
    """
    to = mapped(address)
    by = None if source is None else mapped(source)
    _, precedence, label = _policy(to)
    return (
        by is None,
        by is None or scope(by) != scope(to),
        by is None or _policy(by)[2] != label,
        -precedence,
        scope(to),
        0 if by is None else -_common(by, to),
    )


def mapped(address: str) -> IPv6Address:
    """The address as the policy table writes it: IPv4 as IPv4-mapped (RFC 6724 §2.1)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return parsed if parsed.version == 6 else IPv6Address(b"\0" * 10 + b"\xff\xff" + parsed.packed)


def scope(address: IPv6Address) -> int:
    """How far an address is meant to reach (RFC 6724 §3.1, §3.2 and §3.4)."""
    v4 = address.ipv4_mapped
    if v4 is not None:
        return LINK_LOCAL if v4.is_link_local or v4.is_loopback else GLOBAL
    if address.is_multicast:
        return address.packed[1] & 0xF
    if address.is_link_local or address.is_loopback:
        return LINK_LOCAL
    return SITE_LOCAL if address.is_site_local else GLOBAL


def _policy(address: IPv6Address) -> tuple[IPv6Network, int, int]:
    return next(row for row in POLICY if address in row[0])


def _common(source: IPv6Address, address: IPv6Address) -> int:
    """Leading bits in common, IPv6 only.

    Among IPv4 addresses rule 9 would undo the turns that a resolver gives them in: a distance in
    numbers says nothing of the way there. §6 lets whoever sorts put aside rules 9 and 10.
    """
    if address.ipv4_mapped is not None:
        return 0
    return min(128 - (int(source) ^ int(address)).bit_length(), INTERFACE_ID)


def kernel_source(address: str) -> str | None:
    """Ask this machine's kernel."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as sock:
            sock.connect((address, DISCARD))
            return str(sock.getsockname()[0])
    except OSError:
        return None
