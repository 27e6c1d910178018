"""What a DNS response says about one question: a chain of aliases, then records, or an error.

Only records whose owner names follow from the question count; whatever else a response carries
beside them is not believed (RFC 2181 §5.4.1, RFC 5452 §6).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from netlab.network.dnsclient import Exchange

MOST_LINKS = 16
"""Longer chains of aliases are taken for loops."""

LARGEST_TTL = 2**31 - 1
"""A lifetime with the highest bit set is to be read as none (RFC 2181 §8)."""


@dataclass(frozen=True, slots=True)
class Record:
    """A resource record as text; names without their final dot."""

    name: str
    type: str
    ttl: int
    data: str


@dataclass(frozen=True, slots=True)
class Service:
    """An HTTPS record (RFC 9460): priority 0 is an alias, others offer a service."""

    priority: int
    target: str
    params: Mapping[str, str | int | list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """links: the aliases, in order. records: what stands at their end. owner: its name there.

    error: None, or a code: nxdomain, nodata, servfail, refused, cname-loop, timeout, unreachable,
    malformed, or another response code in small letters.
    """

    owner: str
    links: tuple[Record, ...] = ()
    records: tuple[Record, ...] = ()
    services: tuple[Service, ...] = ()
    error: str | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.data for one in self.records if one.type in ("A", "AAAA"))

    @property
    def ttl(self) -> int | None:
        """The least lifetime of chain and records."""
        return min((one.ttl for one in (*self.links, *self.records)), default=None)


@dataclass(slots=True)
class _Chain:
    name: dns.name.Name
    links: list[Record] = field(default_factory=list)
    rrset: dns.rrset.RRset | None = None
    loops: bool = False


def read_answer(exchange: Exchange, name: str, rdtype: str) -> Answer:
    """What the exchange says of this name and type; never raises for what a server sent."""
    if exchange.response is None:
        return Answer(name, error=exchange.fault)
    chain = follow(exchange.response, dns.name.from_text(name), rdtype)
    owner, links = text(chain.name), tuple(chain.links)
    if chain.loops:
        return Answer(owner, links, error="cname-loop")
    code = (exchange.rcode or "").lower()
    if code != "noerror":
        return Answer(owner, links, error=code)
    if chain.rrset is None:
        return Answer(owner, links, error="referral" if _refers(exchange.response) else "nodata")
    services = tuple(_service(one) for one in chain.rrset) if rdtype == "HTTPS" else ()
    return Answer(owner, links, records_of(chain.rrset), services)


def _refers(response: dns.message.Message) -> bool:
    """Whether an empty answer only says whom else to ask (RFC 2308 §2.2): no SOA stands by it."""
    kinds = {rrset.rdtype for rrset in response.authority}
    denied = response.flags & dns.flags.AA or dns.rdatatype.SOA in kinds
    return not denied and dns.rdatatype.NS in kinds


def follow(
    response: dns.message.Message,
    name: dns.name.Name,
    rdtype: str,
    within: dns.name.Name | None = None,
) -> _Chain:
    """Go from alias to alias inside of the answer section; `within` a zone if one is given."""
    chain = _Chain(name)
    seen = {name}
    while True:
        chain.rrset = _find(response, chain.name, rdtype)
        alias = _find(response, chain.name, "CNAME")
        if chain.rrset is not None or alias is None:
            return chain
        chain.links.append(records_of(alias)[0])
        chain.name = alias[0].target
        if chain.name in seen or len(chain.links) > MOST_LINKS:
            chain.loops = True
            return chain
        if within is not None and not chain.name.is_subdomain(within):
            return chain
        seen.add(chain.name)


def _find(
    response: dns.message.Message, name: dns.name.Name, rdtype: str
) -> dns.rrset.RRset | None:
    wanted = dns.rdatatype.from_text(rdtype)
    found = response.get_rrset(response.answer, name, dns.rdataclass.IN, wanted)
    return found or None


def records_of(rrset: dns.rrset.RRset) -> tuple[Record, ...]:
    kind = dns.rdatatype.to_text(rrset.rdtype)
    ttl = rrset.ttl if rrset.ttl <= LARGEST_TTL else 0
    return tuple(Record(text(rrset.name), kind, ttl, _data(one)) for one in rrset)


def _data(rdata: Any) -> str:
    if rdata.rdtype == dns.rdatatype.CNAME:
        return text(rdata.target)
    return str(rdata.to_text())


def text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def _service(rdata: Any) -> Service:
    params = {_key(number): _value(rdata.params[number]) for number in sorted(rdata.params)}
    return Service(rdata.priority, text(rdata.target), params)


def _key(number: int) -> str:
    from dns.rdtypes.svcbbase import ParamKey

    known = number in ParamKey.__members__.values()
    return ParamKey(number).name.lower().replace("_", "-") if known else f"key{number}"


def _value(value: Any) -> str | int | list[str]:
    """alpn and address hints as lists, a port as a number, all else as it is written."""
    if value is None:
        return ""
    if isinstance(ids := getattr(value, "ids", None), tuple):
        return [one.decode("ascii", "backslashreplace") for one in ids]
    if isinstance(addresses := getattr(value, "addresses", None), tuple):
        return [str(one) for one in addresses]
    if isinstance(port := getattr(value, "port", None), int):
        return port
    return str(value.to_text()).strip('"')


def extended_errors(exchange: Exchange) -> tuple[str, ...]:
    """What a server says of why it failed (RFC 8914), in its own words behind the registry's."""
    if exchange.response is None:
        return ()
    return tuple(
        _extended(one) for one in exchange.response.options if isinstance(one, dns.edns.EDEOption)
    )


def _extended(option: dns.edns.EDEOption) -> str:
    # dnspython makes a member for every number, named by its digits where the registry has none.
    name = dns.edns.EDECode(option.code).name.replace("_", " ").lower()
    name = f"code {name}" if name.isdecimal() else name
    if option.code == dns.edns.EDECode.OTHER and option.text:
        return option.text
    return f"{name}: {option.text}" if option.text else name
