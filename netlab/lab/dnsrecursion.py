"""How a resolver finds an answer: the algorithm of RFC 1034 §5.3.3, without sockets.

From the closest zone that it knows, the resolver asks a name server, and is referred downwards
until one answers with authority. Whatever a server says beyond its own zone is not believed.
Everything is bounded: aliases, referrals, name servers whose own address must be looked up
first, and questions altogether; otherwise a name could be built that keeps resolvers busy for
ever (the loops, and the fan-out that was published as NXNSAttack).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rrset
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from netlab.lab.dnsanswer import ADDRESSES, LINKS, UDP_SIZE
from netlab.lab.dnscache import FAILURE_KEPT, Cache, Cut, Failed, Found, with_ttl

Ask = Callable[[dns.message.Message, str], Awaitable[dns.message.Message]]
"""Put a query to the server at an address. Raises OSError; may take for ever."""

Verdict = Literal["answer", "referral", "failure", "lame"]

TRY = 0.4
"""Seconds to wait for a server before the next one is asked."""
TOTAL = 1.4
"""Seconds that a client's question may take in all; then it is SERVFAIL."""
REFERRALS = 16
DEPTH = 4
"""Name servers of name servers of name servers whose addresses are looked up."""
QUESTIONS = 60

OTHER, NO_AUTHORITY = dns.edns.EDECode.OTHER, dns.edns.EDECode.NO_REACHABLE_AUTHORITY


@dataclass(slots=True)
class Errand:
    """What a client's question has cost so far, and the name servers being looked up for it."""

    asked: int = 0
    pending: set[dns.name.Name] = field(default_factory=set)


class Recursion:
    """A resolver's mind: its cache, its root hints, and a way to ask."""

    def __init__(self, ask: Ask, hints: Cut, clock: Callable[[], float]) -> None:
        self.ask = ask
        self.hints = hints
        self.cache = Cache(clock)

    async def resolve(self, errand: Errand, name: dns.name.Name, rdtype: RdataType) -> Found:
        """Answer in time, or raise Failed; a failure is remembered for a moment."""
        if (failed := self.cache.failures.get((name, rdtype))) is not None:
            raise failed[0]
        try:
            async with asyncio.timeout(TOTAL):
                return await self.find(errand, name, rdtype)
        except TimeoutError:
            failure = Failed(NO_AUTHORITY, "the name servers did not answer in time")
        except Failed as error:
            failure = error
        self.cache.failures.put((name, rdtype), failure, FAILURE_KEPT)
        raise failure

    async def find(self, errand: Errand, name: dns.name.Name, rdtype: RdataType) -> Found:
        """Follow aliases to the end. A loop is an error (RFC 1034 §3.6.2)."""
        records: list[dns.rrset.RRset] = []
        seen: set[dns.name.Name] = set()
        while name not in seen and len(records) <= LINKS:
            found = self.cache.known(name, rdtype) or await self.walk(errand, name, rdtype)
            records += found.records
            seen.update(one.name for one in found.records)
            target = alias_target(found, rdtype)
            if target is None:
                return Found(tuple(records), found.rcode, found.soa)
            name = target
        what = "lead in a circle" if name in seen else "never end"
        raise Failed(OTHER, f"the CNAME records {what}", tuple(records))

    async def walk(self, errand: Errand, name: dns.name.Name, rdtype: RdataType) -> Found:
        """Ask downwards, from the closest zone known to the one that answers."""
        above = name.parent() if rdtype == RdataType.DS and name != dns.name.root else name
        cut = self.cache.nearest(above) or self.hints
        for _ in range(REFERRALS):
            verdict, response = await self.ask_zone(errand, cut, name, rdtype)
            if verdict == "answer":
                return self.take(response, cut.zone, name, rdtype)
            cut = self.learn(response, cut.zone, name)
        raise Failed(NO_AUTHORITY, "referred from server to server without end")

    async def ask_zone(
        self, errand: Errand, cut: Cut, name: dns.name.Name, rdtype: RdataType
    ) -> tuple[Verdict, dns.message.Message]:
        """The first usable response of a zone's servers. Who was silent is asked once more."""
        silent: list[str] = []
        faults: list[str] = []
        async for address in self.addresses(errand, cut, silent, faults):
            try:
                response = await self.put(errand, address, name, rdtype)
            except TimeoutError:
                silent.append(address)
                faults.append(f"{address} did not answer")
            except OSError as error:
                faults.append(f"{address} cannot be reached: {error.strerror or error}")
            else:
                verdict = judge(response, cut.zone, name, rdtype)
                if verdict in ("answer", "referral"):
                    return verdict, response
                faults.append(f"{address} {fault(verdict, response)}")
        what = f"no name server of {cut.zone.to_text()} answers for it: {faults[-1]}"
        raise Failed(NO_AUTHORITY, what, cause=faults[-1])

    async def addresses(
        self, errand: Errand, cut: Cut, silent: list[str], faults: list[str]
    ) -> AsyncIterator[str]:
        """Every server's addresses, looked up where no glue came; then the silent ones again."""
        for server, glue in cut.servers.items():
            try:
                for address in glue or await self.look_up(errand, server):
                    yield address
            except Failed as error:
                faults.append(error.cause or f"{server.to_text()} has no address: {error}")
        for address in tuple(silent):
            yield address

    async def look_up(self, errand: Errand, server: dns.name.Name) -> tuple[str, ...]:
        """The address of a name server, by a question of its own."""
        if server in errand.pending:
            raise Failed(NO_AUTHORITY, "finding it leads back to itself")
        if len(errand.pending) >= DEPTH:
            raise Failed(NO_AUTHORITY, "it lies too many look-ups deep")
        errand.pending.add(server)
        try:
            found = await self.find(errand, server, RdataType.A)
        finally:
            errand.pending.discard(server)
        if not found.records or found.records[-1].rdtype != RdataType.A:
            raise Failed(NO_AUTHORITY, "there is none")
        return tuple(record.address for record in found.records[-1])

    async def put(
        self, errand: Errand, address: str, name: dns.name.Name, rdtype: RdataType
    ) -> dns.message.Message:
        """One question to one server. Not "recursion desired": it is our work (RFC 1034 §4.3.1)."""
        errand.asked += 1
        if errand.asked > QUESTIONS:
            raise Failed(OTHER, "too many questions for one answer")
        query = dns.message.make_query(name, rdtype, use_edns=0, payload=UDP_SIZE, flags=0)
        async with asyncio.timeout(TRY):
            return await self.ask(query, address)

    def learn(self, response: dns.message.Message, zone: dns.name.Name, name: dns.name.Name) -> Cut:
        """Remember the zone below with its servers; of the addresses, what the zone may tell."""
        servers = referral(response, zone, name)
        assert servers is not None, "judged to be a referral"
        glue = {record.target: glue_for(response, record.target, zone) for record in servers}
        ttls = [one.ttl for records in glue.values() for one in records]
        addresses = {
            server: tuple(record.address for one in records for record in one)
            for server, records in glue.items()
        }
        cut = Cut(servers.name, addresses, min([servers.ttl, *ttls]))
        self.cache.cuts.put(cut.zone, cut, cut.ttl)
        return cut

    def take(
        self,
        response: dns.message.Message,
        zone: dns.name.Name,
        name: dns.name.Name,
        rdtype: RdataType,
    ) -> Found:
        """The answer as far as this zone may give it, remembered; or its no."""
        records: list[dns.rrset.RRset] = []
        at = name
        while at.is_subdomain(zone) and (one := answers(response, at, rdtype)) is not None:
            if one in records:
                break
            records.append(one)
            self.cache.keep(one)
            if one.rdtype != RdataType.CNAME or rdtype == RdataType.CNAME:
                break
            at = one[0].target
        if records:
            return Found(tuple(records))
        found = Found((), response.rcode(), denial(response, zone, name))
        self.cache.deny(name, rdtype, found)
        return found


def alias_target(found: Found, rdtype: RdataType) -> dns.name.Name | None:
    """Where to go on, if what was found ends in an alias."""
    if rdtype == RdataType.CNAME or not found.records:
        return None
    last = found.records[-1]
    target: dns.name.Name | None = last[0].target if last.rdtype == RdataType.CNAME else None
    return target


def answers(
    response: dns.message.Message, name: dns.name.Name, rdtype: RdataType
) -> dns.rrset.RRset | None:
    for wanted in (rdtype, RdataType.CNAME):
        found = response.get_rrset(response.answer, name, dns.rdataclass.IN, wanted)
        if found:
            return found
    return None


def judge(
    response: dns.message.Message, zone: dns.name.Name, name: dns.name.Name, rdtype: RdataType
) -> Verdict:
    """What a response is to someone who asked a server of this zone about this name."""
    if response.rcode() not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return "failure"
    if response.flags & dns.flags.AA:
        says = response.rcode() == Rcode.NXDOMAIN or answers(response, name, rdtype)
        if says or denial(response, zone, name):
            return "answer"
    if referral(response, zone, name) is not None:
        return "referral"
    return "lame"


def fault(verdict: Verdict, response: dns.message.Message) -> str:
    if verdict == "failure":
        return f"answered {dns.rcode.to_text(response.rcode())}"
    return "does not serve it"


def referral(
    response: dns.message.Message, zone: dns.name.Name, name: dns.name.Name
) -> dns.rrset.RRset | None:
    """The servers of a zone nearer to the name. Upwards or sideways is no referral."""
    for one in response.authority:
        nearer = one.name != zone and one.name.is_subdomain(zone)
        if one.rdtype == RdataType.NS and nearer and name.is_subdomain(one.name):
            return one
    return None


def denial(
    response: dns.message.Message, zone: dns.name.Name, name: dns.name.Name
) -> dns.rrset.RRset | None:
    """The SOA of a no, with the time for which it may be kept (RFC 2308 §5)."""
    for one in response.authority:
        own = one.name.is_subdomain(zone) and name.is_subdomain(one.name)
        if one.rdtype == RdataType.SOA and own:
            return with_ttl(one, min(one.ttl, one[0].minimum))
    return None


def glue_for(
    response: dns.message.Message, server: dns.name.Name, zone: dns.name.Name
) -> list[dns.rrset.RRset]:
    """The addresses of a name server that came along, if its name lies within the zone asked."""
    if not server.is_subdomain(zone):
        return []
    sets = (
        response.get_rrset(response.additional, server, dns.rdataclass.IN, rdtype)
        for rdtype in ADDRESSES
    )
    return [one for one in sets if one]
