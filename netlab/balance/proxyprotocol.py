"""The PROXY protocol, version 2: a line before the first octet that says who the client is.

Behind a balancer that ends TCP, every connection comes from the balancer. HAProxy's
"The PROXY protocol, versions 1 & 2" (haproxy.org/download/2.9/doc/proxy-protocol.txt), §2.2: it
stands once, at the head of the connection, before anything of TLS or HTTP, and a receiver must be
told to expect it, for anybody could claim to be anyone.
"""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
"""§2.2: twelve octets which no other protocol begins with."""
VERSION_2, PROXY = 0x20, 0x01
"""§2.2, the 13th octet: the version in the high half, the command in the low one."""
TCP4, TCP6 = 0x11, 0x21
"""§2.2, the 14th: address family (1 for IPv4, 2 for IPv6) and transport (1 for a stream)."""

LOCAL = SIGNATURE + struct.pack("!BBH", VERSION_2, 0, 0)
"""§2.2: the balancer itself is who connects, as a check does. No address is told."""

Address = tuple[str, int]


def header(source: Address, destination: Address) -> bytes:
    """Who connected, and to which address of the balancer's. Raises ValueError for no addresses."""
    here, there = _plain(source[0]), _plain(destination[0])
    if here.version != there.version:  # one family for both: the wider (§2.2)
        here, there = _wide(here), _wide(there)
    family = TCP4 if here.version == 4 else TCP6
    block = here.packed + there.packed + struct.pack("!HH", source[1], destination[1])
    return SIGNATURE + struct.pack("!BBH", VERSION_2 | PROXY, family, len(block)) + block


def _plain(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """As a socket for both families has it, an IPv4 client's address is mapped: unmap it."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _wide(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(f"::ffff:{address}" if address.version == 4 else address.packed)
