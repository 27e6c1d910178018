"""The walk itself: from our own root hints down to whoever answers with authority.

Everything is bounded: time, questions, servers asked per zone, aliases, and the walks within the
walk that find the address of a name server whose parent told none. Without bounds a zone could be
built that keeps walkers busy for ever.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import dns.name

from netlab.network.base import Network, NoRoute
from netlab.network.dnsanswer import Record, text
from netlab.network.dnsclient import Exchange, ask
from netlab.network.dnsreferral import ROOT, USEFUL, Cut, Reading, read_response

Clock = Callable[[], float]

TOTAL = 6.0
PATIENCE = 1.0
"""Seconds for the whole walk, and for one server."""
SERVERS = 3
QUESTIONS = 40
REFERRALS = 16
ALIASES = 8
DEPTH = 3

ENDS = frozenset({"too-long", "loop", "timeout"})
"""Why a name server's address was not found: these are told; else it is just out of reach."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One server asked. could_ask: how many servers the zone has.

    purpose: the name of the server whose address was wanted, in a walk within the walk.
    """

    zone: str
    server: str
    address: str
    question: str
    reading: Reading
    could_ask: int
    exchange: Exchange | None = None
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """Where a walk came to: a code as of `Reading.kind`, `answer` among them."""

    kind: str
    records: tuple[Record, ...] = ()
    links: tuple[Record, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.data for one in self.records if one.type in ("A", "AAAA"))


@dataclass(slots=True)
class Walker:
    """Walks, remembers the zones it passed, and keeps a hop for every server it asked."""

    network: Network
    clock: Clock
    prefer: Literal[4, 6] = 4
    total: float = TOTAL
    patience: float = PATIENCE
    hops: list[Hop] = field(default_factory=list)
    cuts: dict[dns.name.Name, Cut] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    began: float = 0.0

    async def walk(self, name: str, rdtype: str) -> End:
        """From the root to the answer."""
        self.began = self.clock()
        self.cuts[ROOT] = Cut(ROOT, {one.name: one.addresses for one in self.network.roots})
        return await self._resolve(dns.name.from_text(name), rdtype, "", 0)

    @property
    def left(self) -> float:
        return self.total - (self.clock() - self.began)

    @property
    def spent(self) -> bool:
        return self.left <= 0 or len(self.hops) >= QUESTIONS

    async def _resolve(self, name: dns.name.Name, rdtype: str, purpose: str, depth: int) -> End:
        """Follow aliases to the end, each from the closest zone that is known by then."""
        links: list[Record] = []
        seen: set[dns.name.Name] = set()
        for _ in range(ALIASES):
            if name in seen:
                return End("cname-loop", (), tuple(links))
            seen.add(name)
            reading = await self._descend(name, rdtype, purpose, depth)
            links += reading.links
            if reading.kind != "cname" or reading.target is None:
                return End(reading.kind, reading.records, tuple(links))
            name = reading.target
        return End("too-long", (), tuple(links))

    async def _descend(
        self, name: dns.name.Name, rdtype: str, purpose: str, depth: int
    ) -> Reading:  # fmt: skip
        cut = self._nearest(name)
        for _ in range(REFERRALS):
            reading = await self._ask_zone(cut, name, rdtype, purpose, depth)
            if reading.kind != "referral" or reading.cut is None:
                return reading
            cut = self.cuts[reading.cut.zone] = reading.cut
        return Reading("too-long")

    def _nearest(self, name: dns.name.Name) -> Cut:
        while name not in self.cuts:
            name = name.parent()
        return self.cuts[name]

    async def _ask_zone(
        self, cut: Cut, name: dns.name.Name, rdtype: str, purpose: str, depth: int
    ) -> Reading:
        """Ask its servers in turn until one is of use."""
        last, asked = Reading("unreachable"), 0
        async for server, address in self._servers(cut, depth):
            if self.spent:
                return Reading("timeout" if self.left <= 0 else "too-long")
            if not address:
                last = last if asked else Reading(server)
                continue
            last = await self._ask(cut, server, address, name, rdtype, purpose)
            asked += 1
            if last.kind in USEFUL or asked == SERVERS:
                break
        return last

    async def _servers(self, cut: Cut, depth: int) -> AsyncIterator[tuple[str, str]]:
        """Server and address; or a code and no address, where an address cannot be found."""
        known = [(one, self._preferred(its)) for one, its in cut.servers.items() if its]
        for server, address in known:
            yield server, address
        for server in [one for one, its in cut.servers.items() if not its][:SERVERS]:
            end = await self._address_of(server, depth)
            if end.addresses:
                self._remember(cut, server, end.addresses)
                yield server, self._preferred(end.addresses)
            else:
                yield end.kind if end.kind in ENDS else "unreachable", ""

    def _preferred(self, addresses: tuple[str, ...]) -> str:
        fitting = (one for one in addresses if (":" in one) == (self.prefer == 6))
        return next(fitting, addresses[0])

    async def _address_of(self, server: str, depth: int) -> End:
        """A walk within the walk, for a name server of which no address was told."""
        if server in self.pending:
            return End("loop")
        if depth >= DEPTH:
            return End("too-long")
        self.pending.add(server)
        try:
            rdtype = "AAAA" if self.prefer == 6 else "A"
            return await self._resolve(dns.name.from_text(server), rdtype, server, depth + 1)
        finally:
            self.pending.discard(server)

    def _remember(self, cut: Cut, server: str, addresses: tuple[str, ...]) -> None:
        newest = self.cuts.get(cut.zone, cut)
        self.cuts[cut.zone] = replace(newest, servers={**newest.servers, server: addresses})

    async def _ask(
        self, cut: Cut, server: str, address: str, name: dns.name.Name, rdtype: str, purpose: str
    ) -> Reading:
        exchange: Exchange | None = None
        try:
            udp = self.network.dialled(address, 53, "udp")
            tcp = self.network.dialled(address, 53, "tcp")
        except NoRoute:
            reading = Reading("unreachable")
        else:
            patience = max(0.01, min(self.patience, self.left))
            exchange = await ask(
                name, rdtype, udp, self.clock, patience, recursion=False, server_tcp=tcp
            )
            reading = self._believe(read_response(exchange, name, rdtype, cut.zone), cut)
        question = f"{rdtype} {text(name)}"
        self.hops.append(
            Hop(
                text(cut.zone), server, address, question, reading, len(cut.servers), exchange,
                purpose,
            )
        )  # fmt: skip
        return reading

    def _believe(self, reading: Reading, cut: Cut) -> Reading:
        """A root server never recurses: one that seems to is somebody else on its address.

        Further down it may as well be a lame server that answers from memory.
        """
        if reading.kind == "intercepted" and cut.zone != ROOT:
            return replace(reading, kind="lame")
        return reading
