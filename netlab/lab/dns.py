"""The door of the lab's DNS: all its servers, its root hints and its resolver's address."""

from collections.abc import Iterable, Sequence

import dns.name
import dns.rrset

from netlab.lab.dnscache import Cut
from netlab.lab.dnsresolver import ResolverService
from netlab.lab.dnsserver import AuthoritativeServer
from netlab.lab.service import Dialled, Seen, Service, World
from netlab.lab.sockets import has_ipv6
from netlab.lab.zones import ADDRESSES, ROOT_SERVERS, name_servers

ROOTS: tuple[tuple[str, tuple[str, ...]], ...] = tuple(
    (name, ADDRESSES[name]) for name in ROOT_SERVERS
)
"""Root hints: the names and addresses of the root's servers, as any resolver ships them."""

RESOLVER: tuple[str, int] = ("192.0.2.53", 53)

HINT_TTL = 518_400


def services(world: World) -> Sequence[Service]:
    """Every name server, and last the resolver, which finds them by what they wrote down."""
    directory: dict[Seen, Dialled] = {}
    ipv6 = has_ipv6()
    roots = dns.rrset.from_text(
        dns.name.root, HINT_TTL, "IN", "NS", *(f"{name}." for name in ROOT_SERVERS)
    )
    servers = [
        AuthoritativeServer(server, hosts(server.addresses, ipv6), roots, directory, world)
        for server in name_servers()
    ]
    return (*servers, ResolverService(hosts(RESOLVER[:1], ipv6), hints(), directory, world))


def hints() -> Cut:
    servers = {dns.name.from_text(name): addresses for name, addresses in ROOTS}
    return Cut(dns.name.root, servers, HINT_TTL)


def hosts(addresses: Iterable[str], ipv6: bool) -> dict[str, str]:
    """The loopback address that stands for each seen one; IPv4's for all without IPv6."""
    return {
        address: "::1" if ipv6 and ":" in address else "127.0.0.1" for address in addresses
    }  # fmt: skip
