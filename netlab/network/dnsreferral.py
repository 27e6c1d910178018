"""What a name server's response means to whoever walks down from the root (RFC 1034 §5.3.3).

A server answers with authority, or refers to the servers of a zone below, or is of no use.
Addresses that come along (glue) are believed only for names inside of the zone whose server tells
them: of others it may know nothing, or lie (the bailiwick rule; RFC 2181 §5.4.1, RFC 5452 §6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from netlab.network.dnsanswer import Record, follow, records_of, text
from netlab.network.dnsclient import Exchange

ROOT = dns.name.root

USEFUL = frozenset({"answer", "cname", "referral", "nxdomain", "nodata", "cname-loop"})
"""Kinds of response after which no other server of the zone need be asked."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A zone, and the servers that its parent names for it, with the addresses that are known."""

    zone: dns.name.Name
    servers: Mapping[str, tuple[str, ...]]
    ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a response means.

    kind: answer, cname, referral, nxdomain, nodata, cname-loop; or lame, intercepted, timeout,
    unreachable, malformed, or a response code. target: where an alias leads. cut: to whom a
    referral leads. believed, refused: how many addresses of glue were, and were not.
    """

    kind: str
    records: tuple[Record, ...] = ()
    links: tuple[Record, ...] = ()
    target: dns.name.Name | None = None
    cut: Cut | None = None
    believed: int = 0
    refused: int = 0
    ttl: int | None = field(default=None)


def read_response(
    exchange: Exchange, name: dns.name.Name, rdtype: str, zone: dns.name.Name
) -> Reading:
    """Read a response of a server of this zone; never raises for what it sent."""
    response = exchange.response
    if response is None:
        return Reading(exchange.fault or "malformed")
    code = (exchange.rcode or "").lower()
    if code not in ("noerror", "nxdomain"):
        return Reading(code)
    chain = follow(response, name, rdtype, zone)
    links = tuple(chain.links)
    authoritative = bool(response.flags & dns.flags.AA)
    if not authoritative and (links or chain.rrset is not None):
        return Reading(_not_its_own(response))
    if chain.loops:
        return Reading("cname-loop", links=links)
    if chain.rrset is not None:
        records = records_of(chain.rrset)
        return Reading("answer", records, links, ttl=records[0].ttl)
    if links and not (code == "nxdomain" and chain.name.is_subdomain(zone)):
        return Reading("cname", links=links, target=chain.name, ttl=links[0].ttl)
    if code == "nxdomain":
        return Reading("nxdomain" if authoritative else _not_its_own(response), links=links)
    return _referral(response, name, zone) or Reading("nodata" if authoritative else "lame")


def _not_its_own(response: dns.message.Message) -> str:
    """An answer without authority, from one who recurses: somebody stands in the server's place.

    A lame server may answer from its memory too, so that only the walk can tell the two apart.
    """
    return "intercepted" if response.flags & dns.flags.RA else "lame"


def _referral(
    response: dns.message.Message, name: dns.name.Name, zone: dns.name.Name
) -> Reading | None:
    """Downwards, on the way to the name; anything else is no referral but lame."""
    for rrset in response.authority:
        below = rrset.name != zone and rrset.name.is_subdomain(zone)
        if rrset.rdtype == dns.rdatatype.NS and below and name.is_subdomain(rrset.name):
            return _cut(response, rrset, zone)
    return None


def _cut(response: dns.message.Message, rrset: dns.rrset.RRset, zone: dns.name.Name) -> Reading:
    servers: dict[str, tuple[str, ...]] = {}
    believed = refused = 0
    for rdata in rrset:
        server: dns.name.Name = rdata.target
        glue = tuple(_glue(response, server))
        inside = server.is_subdomain(zone)
        servers[text(server)] = glue if inside else ()
        believed += len(glue) if inside else 0
        refused += 0 if inside else len(glue)
    cut = Cut(rrset.name, servers, rrset.ttl)
    return Reading("referral", cut=cut, believed=believed, refused=refused, ttl=rrset.ttl)


def _glue(response: dns.message.Message, server: dns.name.Name) -> list[str]:
    return [
        record.data
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA)
        if (found := response.get_rrset(response.additional, server, dns.rdataclass.IN, kind))
        for record in records_of(found)
    ]
