"""What a resolver remembers, and for how long.

Four memories, kept apart so that none is taken for another: answers, which may be told on;
denials (RFC 2308); failures (RFC 9520); and cuts, the referrals and glue that only show the way
and are never told as answers (RFC 2181 §5.4.1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import dns.name
import dns.rrset
from dns.edns import EDECode
from dns.rcode import Rcode
from dns.rdatatype import RdataType

Key = TypeVar("Key")
Value = TypeVar("Value")

Question = tuple[dns.name.Name, RdataType]

ENTRIES = 4096
FAILURE_KEPT = 1.0
"""Seconds for which a failure is not looked into again: the least that RFC 9520 §3.2 allows."""


class Memory(Generic[Key, Value]):
    """Things with a lifetime; the oldest gives way when there are too many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.things: dict[Key, tuple[Value, float, float]] = {}

    def put(self, key: Key, value: Value, lifetime: float) -> None:
        """A lifetime of 0 is for this once only (RFC 1035 §3.2.1): nothing is kept."""
        self.things.pop(key, None)
        if lifetime <= 0:
            return
        while len(self.things) >= ENTRIES:
            self.things.pop(next(iter(self.things)))
        now = self.clock()
        self.things[key] = (value, now, now + lifetime)

    def get(self, key: Key) -> tuple[Value, float] | None:
        """The thing and its age in seconds, as long as its time is not up."""
        if key not in self.things:
            return None
        value, since, until = self.things[key]
        now = self.clock()
        if now >= until:
            del self.things[key]
            return None
        return value, now - since


@dataclass(frozen=True, slots=True)
class Cut:
    """A zone, its name servers, and the addresses that came with them; empty: to be looked up."""

    zone: dns.name.Name
    servers: Mapping[dns.name.Name, tuple[str, ...]]
    ttl: int


@dataclass(frozen=True, slots=True)
class Found:
    """What one question led to: records from the alias to the answer; or a no, with its SOA."""

    records: tuple[dns.rrset.RRset, ...]
    rcode: Rcode = Rcode.NOERROR
    soa: dns.rrset.RRset | None = None


@dataclass
class Failed(Exception):
    """No answer could be had. code: of the extended errors of RFC 8914 §4. records: so far.

    cause: what is at the bottom of it, without the names of all that failed because of it.
    """

    code: EDECode
    text: str
    records: tuple[dns.rrset.RRset, ...] = ()
    cause: str = ""

    def __str__(self) -> str:
        return self.text


class Cache:
    """The four memories of one resolver, on one clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.answers: Memory[Question, dns.rrset.RRset] = Memory(clock)
        self.denials: Memory[tuple[dns.name.Name, RdataType | None], Found] = Memory(clock)
        self.failures: Memory[Question, Failed] = Memory(clock)
        self.cuts: Memory[dns.name.Name, Cut] = Memory(clock)

    def known(self, name: dns.name.Name, rdtype: RdataType) -> Found | None:
        """What is remembered of a question, its TTLs counted down (RFC 1034 §5.3.3 step 1)."""
        for wanted in (rdtype, RdataType.CNAME):
            if (kept := self.answers.get((name, wanted))) is not None:
                return Found((aged(*kept),))
        for key in ((name, None), (name, rdtype)):
            if (no := self.denials.get(key)) is not None:
                found, age = no
                soa = aged(found.soa, age) if found.soa is not None else None
                return Found((), found.rcode, soa)
        return None

    def keep(self, records: dns.rrset.RRset) -> None:
        self.answers.put((records.name, records.rdtype), records, records.ttl)

    def deny(self, name: dns.name.Name, rdtype: RdataType, found: Found) -> None:
        """Keep a no: of the name as a whole if it does not exist, else of this type alone."""
        if found.soa is not None:
            key = (name, None if found.rcode == Rcode.NXDOMAIN else rdtype)
            self.denials.put(key, found, found.soa.ttl)

    def nearest(self, name: dns.name.Name) -> Cut | None:
        """The closest zone above a name whose servers are remembered (step 2)."""
        while True:
            if (kept := self.cuts.get(name)) is not None:
                return kept[0]
            if name == dns.name.root:
                return None
            name = name.parent()


def aged(records: dns.rrset.RRset, age: float) -> dns.rrset.RRset:
    """The same records with what is left of their TTL."""
    return with_ttl(records, records.ttl - int(age))


def with_ttl(records: dns.rrset.RRset, ttl: int) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(records.name, ttl, list(records))
