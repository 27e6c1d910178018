"""The lab's name space: which zones there are, who serves them, and what stands in them.

A zone is delegated twice over: its parent lists its name servers (with glue, where the parent's
own name space holds their names), and the zone itself lists them again, with authority. Both are
made here from one table, so that they never disagree but where a fault wants them to.

Real names stand over addresses kept for documentation (RFC 5737, RFC 3849). example.net has its
name servers in example.com, of which net knows no address: whoever asks must look them up first.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import dns.name
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType

from netlab.lab.catalogue import HOSTS, Host

Manner = Literal["", "servfail", "refused", "silent", "lame"]
"""How a whole name server misbehaves; empty is in good order."""

TWO_DAYS = 172_800


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone and its name servers. ttl: of the NS records at the parent; own_ttl: in the zone.

    negative: the SOA's MINIMUM, how long a "no" may be kept (RFC 2308 §5).
    served: whether any server holds the zone at all.
    """

    origin: str
    servers: tuple[str, ...]
    ttl: int = TWO_DAYS
    own_ttl: int = 86_400
    negative: int = 900
    contact: str = ""
    served: bool = True


@dataclass(frozen=True, slots=True)
class NameServer:
    """A name server by name, where it lives, and the zones that it holds."""

    name: str
    addresses: tuple[str, ...]
    manner: Manner = ""
    zones: tuple["Zone", ...] = ()


@dataclass(slots=True)
class Records:
    """A record set as a master file would have it: parsed only when someone asks."""

    ttl: int
    data: list[str]


@dataclass(slots=True)
class Zone:
    """The records of one zone, and its cuts: names below which another zone begins.

    Of some two hundred record sets a run asks for a dozen; to parse them all would take most of
    the time that the name servers need to start.
    """

    origin: dns.name.Name
    nodes: dict[dns.name.Name, dict[RdataType, Records]] = field(default_factory=dict)
    parsed: dict[tuple[dns.name.Name, RdataType], dns.rrset.RRset] = field(default_factory=dict)
    cuts: set[dns.name.Name] = field(default_factory=set)
    names: set[dns.name.Name] = field(default_factory=set)

    def add(self, name: str, ttl: int, rdtype: RdataType, data: Iterable[str]) -> None:
        """Take a record set in. All names above it exist with it (RFC 8020 §2)."""
        owner = dns.name.from_text(name)
        whole = self.nodes.setdefault(owner, {}).setdefault(rdtype, Records(ttl, []))
        whole.data += (one for one in data if one not in whole.data)
        self.names.update(upwards(owner, self.origin))
        if rdtype == RdataType.NS and owner != self.origin:
            self.cuts.add(owner)

    def get(self, name: dns.name.Name, rdtype: RdataType) -> dns.rrset.RRset | None:
        records = self.nodes.get(name, {}).get(rdtype)
        if records is None:
            return None
        if (name, rdtype) not in self.parsed:
            made = dns.rrset.from_text_list(name, records.ttl, "IN", rdtype, records.data)
            self.parsed[name, rdtype] = made
        return self.parsed[name, rdtype]

    @property
    def soa(self) -> dns.rrset.RRset:
        found = self.get(self.origin, RdataType.SOA)
        assert found is not None, "every zone is built with one"
        return found

    def cut_above(self, name: dns.name.Name) -> dns.name.Name | None:
        """The highest cut at or above this name: from there on this zone has no say."""
        above = list(upwards(name, self.origin))
        return next((one for one in reversed(above) if one in self.cuts), None)


def upwards(name: dns.name.Name, origin: dns.name.Name) -> Iterator[dns.name.Name]:
    """This name and all above it, up to and with the origin."""
    while name != origin:
        yield name
        name = name.parent()
    yield origin


def closest(name: dns.name.Name, zones: dict[dns.name.Name, Zone]) -> Zone | None:
    """The zone that encloses a name most closely."""
    for above in upwards(name, dns.name.root):
        if above in zones:
            return zones[above]
    return None


ROOT_SERVERS = tuple(f"{letter}.root-servers.net" for letter in "afkm")
GTLD_SERVERS = tuple(f"{letter}.gtld-servers.net" for letter in "acm")
ORG_SERVERS = ("b0.org.afilias-nst.org", "d0.org.afilias-nst.org")
KR_SERVERS = ("b.dns.kr", "c.dns.kr", "d.dns.kr")
GOOGLE_SERVERS = tuple(f"ns{number}.google.com" for number in (1, 2, 3, 4))


def pair(origin: str, prefix: str = "ns") -> tuple[str, ...]:
    return (f"{prefix}1.{origin}", f"{prefix}2.{origin}")


DELEGATIONS: tuple[Delegation, ...] = (
    Delegation(".", ROOT_SERVERS, own_ttl=518_400, negative=86_400,
               contact="nstld.verisign-grs.com"),
    Delegation("root-servers.net", ROOT_SERVERS, own_ttl=3_600_000,
               contact="nstld.verisign-grs.com"),
    Delegation("com", GTLD_SERVERS, own_ttl=TWO_DAYS, contact="nstld.verisign-grs.com"),
    Delegation("net", GTLD_SERVERS, own_ttl=TWO_DAYS, contact="nstld.verisign-grs.com"),
    Delegation("gtld-servers.net", GTLD_SERVERS, own_ttl=TWO_DAYS,
               contact="nstld.verisign-grs.com"),
    Delegation("org", ORG_SERVERS, negative=3_600),
    Delegation("afilias-nst.org", ORG_SERVERS, ttl=3_600),
    Delegation("kr", KR_SERVERS),
    Delegation("co.kr", KR_SERVERS, ttl=86_400),
    Delegation("google.com", GOOGLE_SERVERS, own_ttl=345_600, negative=60,
               contact="dns-admin.google.com"),
    Delegation("naver.com", pair("naver.com"), negative=600),
    Delegation("nheos.com", pair("nheos.com", "gns"), negative=300),
    Delegation("example.com", pair("example.com")),
    Delegation("edge.example.com", pair("edge.example.com"), ttl=3_600, negative=60),
    Delegation("example.net", pair("example.com")),
    Delegation("example.org", pair("example.org"), ttl=3_600),
    Delegation("broken.example.org", pair("broken.example.org"), ttl=3_600, negative=60),
    Delegation("example.co.kr", pair("example.co.kr"), ttl=86_400),
)  # fmt: skip


def numbered(names: tuple[str, ...], v4: str, v6: str = "") -> dict[str, tuple[str, ...]]:
    """Addresses for name servers in a row: `v4` names the first, `v6` is a prefix."""
    net, _, first = v4.rpartition(".")
    return {
        name: (f"{net}.{int(first) + index}", *([f"{v6}{index + 1}"] if v6 else []))
        for index, name in enumerate(names)
    }


ADDRESSES: dict[str, tuple[str, ...]] = {
    **numbered(ROOT_SERVERS, "192.0.2.1", "2001:db8:1::"),
    **numbered(GTLD_SERVERS, "192.0.2.11", "2001:db8:2::"),
    **numbered(ORG_SERVERS, "192.0.2.21", "2001:db8:3::"),
    **numbered(KR_SERVERS, "192.0.2.31"),
    **numbered(GOOGLE_SERVERS, "198.51.100.129", "2001:db8:53::"),
    **numbered(pair("naver.com"), "198.51.100.141"),
    **numbered(pair("nheos.com", "gns"), "198.51.100.145"),
    **numbered(pair("example.com"), "198.51.100.151"),
    **numbered(pair("example.org"), "198.51.100.155"),
    **numbered(pair("edge.example.com"), "198.51.100.161"),
    **numbered(pair("broken.example.org"), "198.51.100.165"),
    **numbered(pair("example.co.kr"), "198.51.100.171"),
}

MANNERS: dict[str, tuple[Manner, str]] = {
    "servfail": ("servfail", "198.51.100.181"),
    "refused": ("refused", "198.51.100.182"),
    "silent": ("silent", "198.51.100.183"),
    "lame": ("lame", "198.51.100.184"),
}
"""The faults for which a host is a zone of its own, whose only name server misbehaves."""


def name_servers() -> tuple[NameServer, ...]:
    """All name servers of the lab, each with its zones."""
    zones = build()
    held: dict[str, list[Zone]] = {name: [] for name in ADDRESSES}
    for one in DELEGATIONS:
        for server in one.servers:
            held[server].append(zones[dns.name.from_text(one.origin)])
    sound = [NameServer(name, ADDRESSES[name], "", tuple(its)) for name, its in held.items()]
    return (*sound, *misbehaving())


def misbehaving() -> Iterator[NameServer]:
    for host in HOSTS:
        if host.dns in MANNERS:
            manner, address = MANNERS[host.dns]
            yield NameServer(f"ns1.{host.name}", (address,), manner)


def build() -> dict[dns.name.Name, Zone]:
    """Every zone of the lab by its origin."""
    delegations = (*DELEGATIONS, *faulty_delegations())
    addresses = ADDRESSES | {server.name: server.addresses for server in misbehaving()}
    zones = {
        (origin := dns.name.from_text(one.origin)): Zone(origin) for one in DELEGATIONS
    }  # fmt: skip
    for one in delegations:
        if one.served:
            add_apex(zones[dns.name.from_text(one.origin)], one)
        if one.origin != ".":
            delegate(zones, one, addresses)
    add_root_glue(zones[dns.name.root])
    for name in ADDRESSES:
        add_addresses(home(name, zones), name, ADDRESSES[name], own_ttl(name))
    for host in HOSTS:
        add_host(home(host.name, zones), host)
    return zones


def faulty_delegations() -> Iterator[Delegation]:
    for host in HOSTS:
        if host.dns in MANNERS:
            yield Delegation(host.name, (f"ns1.{host.name}",), ttl=3_600, served=False)
        elif host.dns == "delegation-loop":
            # Each zone's only server is named within the other, and no one knows an address.
            partner = f"other-{host.name}"
            yield Delegation(host.name, (f"ns.{partner}",), ttl=3_600, served=False)
            yield Delegation(partner, (f"ns.{host.name}",), ttl=3_600, served=False)


def home(name: str, zones: dict[dns.name.Name, Zone]) -> Zone:
    zone = closest(dns.name.from_text(name), zones)
    assert zone is not None, "the root encloses every name"
    return zone


def own_ttl(server: str) -> int:
    return max(one.own_ttl for one in DELEGATIONS if server in one.servers)


def add_apex(zone: Zone, one: Delegation) -> None:
    """SOA and NS: what a zone says of itself."""
    contact = one.contact or f"hostmaster.{one.origin}"
    timers = f"2026010100 7200 900 1209600 {one.negative}"
    soa = f"{one.servers[0]}. {contact}. {timers}"
    ttl = max(one.negative, 60)
    zone.add(one.origin, ttl, RdataType.SOA, [soa])
    zone.add(one.origin, one.own_ttl, RdataType.NS, absolute(one.servers))


def delegate(
    zones: dict[dns.name.Name, Zone], one: Delegation, addresses: dict[str, tuple[str, ...]]
) -> None:
    """Say at the parent who serves the zone, with the addresses that the parent may tell.

    Glue is told of names within the parent's own space (RFC 9471 §2); of others it would be
    hearsay, which nobody should believe.
    """
    origin = dns.name.from_text(one.origin)
    parent = closest(origin.parent(), zones)
    assert parent is not None, "the root encloses every name"
    parent.add(one.origin, one.ttl, RdataType.NS, absolute(one.servers))
    for server in one.servers:
        if server in addresses and dns.name.from_text(server).is_subdomain(parent.origin):
            add_addresses(parent, server, addresses[server], one.ttl)


def absolute(names: Iterable[str]) -> list[str]:
    return [f"{name}." for name in names]


def add_root_glue(root: Zone) -> None:
    """The root tells its own servers' addresses, as a priming answer needs (RFC 8109 §4.2)."""
    for server in ROOT_SERVERS:
        add_addresses(root, server, ADDRESSES[server], 518_400)


def add_addresses(zone: Zone, name: str, addresses: tuple[str, ...], ttl: int) -> None:
    for rdtype, colon in ((RdataType.A, False), (RdataType.AAAA, True)):
        family = [address for address in addresses if (":" in address) is colon]
        if family:
            zone.add(name, ttl, rdtype, family)


def add_host(zone: Zone, host: Host) -> None:
    """What a line of the catalogue puts into its zone; some faults put nothing there."""
    if host.dns == "nodata":
        text = '"This name exists and has no address."'
        zone.add(host.name, host.ttl, RdataType.TXT, [text])
    elif host.dns == "cname-loop":
        add_chain(zone, host, (host.name, f"back-{host.name}", host.name))
    elif host.dns == "truncated":
        add_chain(zone, host, (host.name, *long_names(zone.origin, 6)))
    elif host.cname:
        add_chain(zone, host, (host.name, host.cname))
    elif not host.dns:
        add_addresses(zone, host.name, (*host.v4, *host.v6), host.ttl)
    if host.https_record:
        # RFC 9460 §9: priority 1, the name itself, HTTP/2 without trying HTTP/1.1 first.
        zone.add(host.name, host.ttl, RdataType.HTTPS, ['1 . alpn="h2"'])


def add_chain(zone: Zone, host: Host, names: tuple[str, ...]) -> None:
    """Aliases from each name to the next; the last has the host's addresses, unless it loops."""
    for name, target in itertools.pairwise(names):
        zone.add(name, host.ttl, RdataType.CNAME, absolute([target]))
    if names[-1] != names[0] and not host.cname:
        add_addresses(zone, names[-1], (*host.v4, *host.v6), host.ttl)


def long_names(origin: dns.name.Name, count: int) -> Iterator[str]:
    """Names of nearly 255 octets that share no ending, so that compression saves nothing.

    Six such links make an answer of some 1500 octets: more than any UDP answer here may have.
    """
    for number in range(1, count + 1):
        label = f"long-{number}-".ljust(63, "x")
        yield f"{label}.{label}.{label}.link-{number}.{origin.to_text(omit_final_dot=True)}"
