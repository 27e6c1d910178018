"""What a name server answers: a function from its zones and a query to a response.

The algorithm is RFC 1034 §4.3.2 without its recursive part. No clock, no socket.
"""

import struct
from collections.abc import Sequence
from typing import Literal

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rrset
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from netlab.lab.zones import Zone

Transport = Literal["udp", "tcp"]

UDP_SIZE = 1232
"""The largest UDP answer sent, and asked for: it fits any IPv6 path unfragmented."""
PLAIN_SIZE = 512
"""The largest UDP answer to one who does not speak EDNS (RFC 1035 §4.2.1)."""

HEADER = struct.Struct("!6H")
TRANSFERS = (RdataType.AXFR, RdataType.IXFR)
ADDRESSES = (RdataType.A, RdataType.AAAA)
LINKS = 16
"""Aliases followed within one answer; a loop ends here too."""


def read(wire: bytes) -> dns.message.Message | bytes | None:
    """The query in these octets; or the error to send back; or None: say nothing at all.

    What is itself a response is never answered, or two servers could shout at each other.
    """
    if len(wire) < HEADER.size:
        return None
    _, flags, questions, *_ = HEADER.unpack_from(wire)
    if flags & dns.flags.QR:
        return None
    if dns.opcode.from_flags(flags) != dns.opcode.QUERY:
        return refusal(wire, Rcode.NOTIMP)
    if questions != 1:
        return refusal(wire, Rcode.FORMERR)
    try:
        return dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError, struct.error):
        return refusal(wire, Rcode.FORMERR)


def refusal(wire: bytes, rcode: Rcode) -> bytes:
    """A bare header: the question is not repeated, as it could not be read (RFC 1035 §4.1.1)."""
    identifier, flags, *_ = HEADER.unpack_from(wire)
    kept = flags & (0x7800 | dns.flags.RD)
    return HEADER.pack(identifier, dns.flags.QR | kept | rcode, 0, 0, 0, 0)


def blank(query: dns.message.Message, recursion: bool = False) -> dns.message.Message:
    """A response to this query with nothing in it yet. EDNS is spoken to who speaks it."""
    return dns.message.make_response(query, recursion_available=recursion, our_payload=UDP_SIZE)


def failed(
    query: dns.message.Message, rcode: Rcode, recursion: bool = False
) -> dns.message.Message:
    response = blank(query, recursion)
    response.set_rcode(rcode)
    return response


def beyond_us(query: dns.message.Message, recursion: bool = False) -> dns.message.Message | None:
    """The answer to questions that no server of the lab takes up; None if it is an ordinary one."""
    question = query.question[0]
    if query.edns > 0:
        return failed(query, Rcode.BADVERS, recursion)
    if question.rdclass != dns.rdataclass.IN or question.rdtype in TRANSFERS:
        return failed(query, Rcode.REFUSED, recursion)
    if dns.rdatatype.is_metatype(question.rdtype) and question.rdtype != RdataType.ANY:
        return failed(query, Rcode.NOTIMP, recursion)
    if question.rdtype == RdataType.ANY:
        return smallest_any(query, recursion)
    return None


def smallest_any(query: dns.message.Message, recursion: bool) -> dns.message.Message:
    """ANY gets one small made-up record, so that it amplifies nothing (RFC 8482 §4.2)."""
    response = blank(query, recursion)
    name = query.question[0].name
    response.answer.append(dns.rrset.from_text(name, 3600, "IN", "HINFO", '"RFC8482" ""'))
    return response


def answer(zones: Sequence[Zone], query: dns.message.Message) -> dns.message.Message:
    """What a server that holds these zones says."""
    if (beyond := beyond_us(query)) is not None:
        return beyond
    question = query.question[0]
    zone = zone_for(zones, question.name, question.rdtype)
    if zone is None:
        return failed(query, Rcode.REFUSED)
    response = blank(query)
    fill(response, zone, question.name, question.rdtype)
    return response


def zone_for(zones: Sequence[Zone], name: dns.name.Name, rdtype: RdataType) -> Zone | None:
    """The closest zone. DS stands above the cut, in the parent's zone (RFC 4035 §3.1.4.1)."""
    enclosing = [zone for zone in zones if name.is_subdomain(zone.origin)]
    if rdtype == RdataType.DS:
        enclosing = [zone for zone in enclosing if zone.origin != name] or enclosing
    return max(enclosing, key=lambda zone: len(zone.origin), default=None)


def fill(
    response: dns.message.Message, zone: Zone, name: dns.name.Name, rdtype: RdataType
) -> None:  # fmt: skip
    """Steps 3 and 4 of RFC 1034 §4.3.2, following aliases as long as they stay in the zone."""
    for _ in range(LINKS):
        cut = zone.cut_above(name)
        if cut is not None and not (rdtype == RdataType.DS and cut == name):
            refer(response, zone, cut)
            return
        response.flags |= dns.flags.AA
        alias = zone.get(name, RdataType.CNAME)
        if alias is None or rdtype == RdataType.CNAME:
            conclude(response, zone, name, rdtype)
            return
        if alias in response.answer:
            return
        response.answer.append(alias)
        name = alias[0].target
        if not name.is_subdomain(zone.origin):
            return


def refer(response: dns.message.Message, zone: Zone, cut: dns.name.Name) -> None:
    """Point to the servers of the zone below; an alias found on the way stays the answer."""
    servers = zone.get(cut, RdataType.NS)
    assert servers is not None, "a cut is made by its NS records"
    if not response.answer:
        response.authority.append(servers)
        add_addresses(response, zone, servers)


def add_addresses(response: dns.message.Message, zone: Zone, servers: dns.rrset.RRset) -> None:
    for record in servers:
        for rdtype in ADDRESSES:
            glue = zone.get(record.target, rdtype)
            if glue is not None:
                response.additional.append(glue)


def conclude(
    response: dns.message.Message, zone: Zone, name: dns.name.Name, rdtype: RdataType
) -> None:  # fmt: skip
    """The answer at the end of the chain, or why there is none, with the SOA (RFC 2308 §3)."""
    found = zone.get(name, rdtype)
    if found is not None:
        response.answer.append(found)
        if rdtype == RdataType.NS:
            add_addresses(response, zone, found)
        return
    if name not in zone.names:
        response.set_rcode(Rcode.NXDOMAIN)
    response.authority.append(zone.soa)


def misbehave(
    manner: str, query: dns.message.Message, roots: dns.rrset.RRset
) -> dns.message.Message | None:  # fmt: skip
    """What a faulty server says. A lame one knows nothing of the zone and points at the root."""
    match manner:
        case "servfail":
            return failed(query, Rcode.SERVFAIL)
        case "refused":
            return failed(query, Rcode.REFUSED)
        case "lame":
            response = blank(query)
            response.authority.append(roots)
            return response
        case _:
            return None


def outcome(response: dns.message.Message) -> str:
    """One word for what a response is."""
    if response.rcode() != Rcode.NOERROR:
        return dns.rcode.to_text(response.rcode()).lower()
    if response.answer:
        wanted = response.question[0].rdtype
        alias_only = wanted != RdataType.CNAME and response.answer[-1].rdtype == RdataType.CNAME
        return "cname" if alias_only else "answer"
    if any(rrset.rdtype == RdataType.SOA for rrset in response.authority):
        return "nodata"
    return "referral"


def render(
    response: dns.message.Message, query: dns.message.Message, transport: Transport
) -> bytes:
    """The octets to send. Over UDP, what the asker has no room for is cut off, and TC says so."""
    if transport == "tcp":
        return response.to_wire(max_size=65_535, prefer_truncation=True)
    room = max(PLAIN_SIZE, min(query.payload, UDP_SIZE)) if query.edns >= 0 else PLAIN_SIZE
    return response.to_wire(max_size=room, prefer_truncation=True)
