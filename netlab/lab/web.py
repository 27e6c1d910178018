"""Which web servers the lab has: one for each place where names of the catalogue live.

A place is a set of addresses; the names that lead there, directly or by aliases, share its server
and its certificate. Where the catalogue says so, a hole stands there instead.
"""

from collections.abc import Iterable, Mapping, Sequence

from netlab.lab.authority import Authority
from netlab.lab.catalogue import HOSTS, Host
from netlab.lab.holes import BlackHole, Refusal
from netlab.lab.service import Seen, Service, World
from netlab.lab.sites import site_of
from netlab.lab.sockets import has_ipv6
from netlab.lab.webserver import HTTP, HTTPS, WebServer
from netlab.lab.webtls import TlsEnd


def services(
    world: World, authority: Authority, hosts: Sequence[Host] = HOSTS
) -> Sequence[Service]:
    """A server for each place of the catalogue, and a hole where it says so."""
    return [
        service
        for host, names in places(hosts).items()
        for service in (*standing_at(host, names, world, authority), *holes(host))
    ]


def places(hosts: Sequence[Host]) -> Mapping[Host, tuple[Host, ...]]:
    """The hosts that have addresses, each with all whose names lead there."""
    named = {host.name: host for host in hosts}
    found: dict[tuple[str, ...], list[Host]] = {}
    for host in hosts:
        end = at_the_end(host, named)
        if end is not None and end.v4:
            found.setdefault(end.v4 + end.v6, []).append(host)
    return {
        next(host for host in there if host.v4): tuple(there) for there in found.values()
    }  # fmt: skip


def at_the_end(host: Host, named: Mapping[str, Host]) -> Host | None:
    """Where a host's aliases lead; None if nowhere."""
    for _ in named:
        if not host.cname:
            return host
        if host.cname not in named:
            return None
        host = named[host.cname]
    return None


def ports(host: Host) -> tuple[int, ...]:
    return (HTTP, HTTPS, *host.ports)


def seen(host: Host, addresses: Iterable[str]) -> list[Seen]:
    return [("tcp", address, port) for address in addresses for port in ports(host)]


def standing_at(
    host: Host, names: Sequence[Host], world: World, authority: Authority
) -> Iterable[Service]:
    """The web server of a place (its IPv6 addresses too), or the fault in its stead."""
    id = f"web:{host.name}"
    match host.tcp:
        case "black-hole":
            yield BlackHole(id, seen(host, host.v4))
        case "refused":
            yield Refusal(id, seen(host, host.v4))
        case "":
            addresses = host.v4 + (host.v6 if not host.tcp6 and has_ipv6() else ())
            sites = {each.name: site_of(each) for each in names}
            # One HTTP version must fit all sites of a certificate: the choice falls before
            # the authority is known.
            alpn = min((site.alpn for site in sites.values()), key=len)
            covered = (*(each.name for each in names), *host.sans)
            yield WebServer(
                id,
                [(address, port) for _, address, port in seen(host, addresses)],
                sites,
                TlsEnd(authority, covered, host.tls, alpn),
                world,
            )


def holes(host: Host) -> Iterable[Service]:
    """What stands at a place's IPv6 addresses when its web server does not."""
    id = f"web:{host.name}/ipv6"
    if not host.v6 or host.tcp6 == "unreachable":
        return
    if host.tcp6 == "refused":
        yield Refusal(id, seen(host, host.v6))
    elif host.tcp6 == "black-hole":
        yield BlackHole(id, seen(host, host.v6))
    elif not has_ipv6():
        why = "This machine has no IPv6 loopback: the lab's IPv6 web addresses are black holes."
        yield BlackHole(id, seen(host, host.v6), why)
