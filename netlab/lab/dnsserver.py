"""Authoritative name servers, and what all DNS servers of the lab have in common.

Each query is told in the journal with what became of it. Then the server waits out its
configured distance, tells that too, and answers.
"""

import asyncio
import time
from abc import abstractmethod
from collections.abc import Mapping, MutableMapping

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

from netlab.lab.dnsanswer import Transport, answer, misbehave, outcome, read, render
from netlab.lab.dnssockets import Sockets
from netlab.lab.service import Dialled, Entry, Plain, Seen, Service, World
from netlab.lab.zones import NameServer

PORT = 53


class DnsService(Service):
    """A DNS server at some addresses. Started again, it takes its old ports if it can.

    hosts: for each seen address the loopback address that stands for it.
    """

    def __init__(self, id: str, hosts: Mapping[str, str], world: World) -> None:
        self.id = id
        self.hosts = dict(hosts)
        self.world = world
        self.open: dict[str, Sockets] = {}
        self.ports: dict[str, int] = {}

    async def start(self) -> Mapping[Seen, Dialled]:
        """Open one pair of sockets for each loopback address in use."""
        if not self.open:
            for host in dict.fromkeys(self.hosts.values()):
                sockets = self.open[host] = Sockets(self.respond)
                _, self.ports[host] = await sockets.open(host, self.ports.get(host, 0))
        return {
            (transport, seen, PORT): (host, self.ports[host])
            for seen, host in self.hosts.items()
            for transport in ("udp", "tcp")
        }

    async def stop(self) -> None:
        was_open, self.open = self.open, {}
        for sockets in was_open.values():
            await sockets.close()

    async def respond(self, wire: bytes, transport: Transport, peer_port: int) -> bytes | None:
        """From a query's octets to the answer's."""
        came = time.perf_counter()
        query = read(wire)
        if not isinstance(query, dns.message.Message):
            if query is not None:
                self.tell_refusal(came, query, transport, peer_port)
            return query
        response, found = await self.decide(query)
        self.tell_query(came, query, transport, peer_port, found)
        if response is None:
            return None
        await self.wait_out_distance(peer_port)
        return render(response, query, transport)

    @abstractmethod
    async def decide(
        self, query: dns.message.Message
    ) -> tuple[dns.message.Message | None, Mapping[str, Plain]]:
        """The response, or None for silence; and what to tell of it."""

    def tell_refusal(
        self, came: float, reply: bytes, transport: Transport, peer_port: int
    ) -> None:  # fmt: skip
        rcode = dns.rcode.to_text(dns.rcode.from_flags(reply[3], 0)).lower()
        detail: dict[str, Plain] = {"transport": transport, "outcome": rcode, "cached": False}
        self.world.tell(Entry(came, self.id, "query", peer_port, detail=detail))

    def tell_query(
        self,
        came: float,
        query: dns.message.Message,
        transport: Transport,
        peer_port: int,
        found: Mapping[str, Plain],
    ) -> None:
        question = query.question[0]
        detail: dict[str, Plain] = {
            "name": question.name.to_text(),
            "type": dns.rdatatype.to_text(question.rdtype),
            "transport": transport,
            **found,
        }
        self.world.tell(Entry(came, self.id, "query", peer_port, detail=detail))

    async def wait_out_distance(self, peer_port: int) -> None:
        distance = self.world.distance(self.id)
        if distance <= 0:
            return
        start = time.perf_counter()
        await asyncio.sleep(distance)
        self.world.tell(Entry(start, self.id, "delay", peer_port, until=time.perf_counter()))


class AuthoritativeServer(DnsService):
    """A name server that answers from its zones alone, or misbehaves in its own manner.

    directory: where the server writes its endpoints for the resolver to find.
    """

    faults = ("servfail", "refused", "silent", "lame")

    def __init__(
        self,
        server: NameServer,
        hosts: Mapping[str, str],
        roots: dns.rrset.RRset,
        directory: MutableMapping[Seen, Dialled],
        world: World,
    ) -> None:
        super().__init__(f"ns:{server.name}", hosts, world)
        self.server = server
        self.roots = roots
        self.directory = directory

    async def start(self) -> Mapping[Seen, Dialled]:
        mapping = await super().start()
        self.directory.update(mapping)
        return mapping

    async def decide(
        self, query: dns.message.Message
    ) -> tuple[dns.message.Message | None, Mapping[str, Plain]]:
        manner = self.fault or self.server.manner
        if not manner:
            response = answer(self.server.zones, query)
            return response, {"outcome": outcome(response), "cached": False}
        return misbehave(manner, query, self.roots), {"outcome": manner, "cached": False}
