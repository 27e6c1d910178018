"""The lab's recursive resolver: a server to its clients, a client to the name servers.

It starts with an empty memory. What it answers it has found by asking the lab's name servers
over their sockets; what it had kept comes with the TTL that is left.
"""

import asyncio
import errno
import time
from collections.abc import Callable, Mapping
from typing import Any

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.rcode import Rcode

from netlab.lab.dnsanswer import beyond_us, blank, failed, outcome
from netlab.lab.dnscache import Cut, Failed, Found
from netlab.lab.dnsrecursion import Errand, Recursion
from netlab.lab.dnsserver import PORT, DnsService
from netlab.lab.service import Dialled, Plain, Seen, World

FAULTS = {"servfail": Rcode.SERVFAIL, "refused": Rcode.REFUSED, "silent": None}


class ResolverService(DnsService):
    """The resolver that the lab's clients are configured with.

    directory: where the name servers' addresses are really dialled.
    """

    faults = tuple(FAULTS)

    def __init__(
        self,
        hosts: Mapping[str, str],
        hints: Cut,
        directory: Mapping[Seen, Dialled],
        world: World,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("resolver", hosts, world)
        self.recursion = Recursion(Upstream(directory).ask, hints, clock)

    async def decide(
        self, query: dns.message.Message
    ) -> tuple[dns.message.Message | None, Mapping[str, Plain]]:
        if self.fault:
            rcode = FAULTS[self.fault]
            refusal = failed(query, rcode, recursion=True) if rcode is not None else None
            return refusal, {"outcome": self.fault, "cached": False, "asked": 0}
        if (beyond := beyond_us(query, recursion=True)) is not None:
            return beyond, {"outcome": outcome(beyond), "cached": False, "asked": 0}
        errand = Errand()
        if query.flags & dns.flags.RD:
            response = await self.find(query, errand)
        else:
            response = self.recall(query)
        cached = errand.asked == 0
        return response, {"outcome": outcome(response), "cached": cached, "asked": errand.asked}

    async def find(self, query: dns.message.Message, errand: Errand) -> dns.message.Message:
        question = query.question[0]
        try:
            found = await self.recursion.resolve(errand, question.name, question.rdtype)
        except Failed as failure:
            return explain(query, failure)
        return present(query, found)

    def recall(self, query: dns.message.Message) -> dns.message.Message:
        """Who does not want recursion gets what is remembered, or the way (RFC 1034 §4.3.1)."""
        question = query.question[0]
        found = self.recursion.cache.known(question.name, question.rdtype)
        if found is not None:
            return present(query, found)
        response = blank(query, recursion=True)
        cut = self.recursion.cache.nearest(question.name) or self.recursion.hints
        names = (name.to_text() for name in cut.servers)
        response.authority.append(dns.rrset.from_text(cut.zone, cut.ttl, "IN", "NS", *names))
        return response


def present(query: dns.message.Message, found: Found) -> dns.message.Message:
    response = blank(query, recursion=True)
    response.set_rcode(found.rcode)
    response.answer.extend(found.records)
    if found.soa is not None:
        response.authority.append(found.soa)
    return response


def explain(query: dns.message.Message, failure: Failed) -> dns.message.Message:
    """SERVFAIL, and to who speaks EDNS in words what failed (RFC 8914)."""
    response = failed(query, Rcode.SERVFAIL, recursion=True)
    response.answer.extend(failure.records)
    if response.edns >= 0:
        reason = dns.edns.EDEOption(failure.code, failure.text)
        response.use_edns(0, 0, response.payload, options=[reason])
    return response


class Upstream:
    """Asks a name server by UDP, and by TCP again where the answer was cut off."""

    def __init__(self, directory: Mapping[Seen, Dialled]) -> None:
        self.directory = directory

    async def ask(self, query: dns.message.Message, address: str) -> dns.message.Message:
        response = await self.ask_udp(query, self.dialled("udp", address))
        if response.flags & dns.flags.TC:
            return await self.ask_tcp(query, self.dialled("tcp", address))
        return response

    def dialled(self, transport: str, address: str) -> Dialled:
        try:
            return self.directory[transport, address, PORT]
        except KeyError:
            raise OSError(errno.ENETUNREACH, f"no route to {address}") from None

    async def ask_udp(self, query: dns.message.Message, at: Dialled) -> dns.message.Message:
        """Each question has a port of its own, so that only a guess of both fits (RFC 5452)."""
        loop = asyncio.get_running_loop()
        transport, listener = await loop.create_datagram_endpoint(
            lambda: Listener(query), remote_addr=at
        )
        try:
            transport.sendto(query.to_wire())
            return await listener.response
        finally:
            transport.abort()

    async def ask_tcp(self, query: dns.message.Message, at: Dialled) -> dns.message.Message:
        reader, writer = await asyncio.open_connection(*at)
        try:
            wire = query.to_wire()
            writer.write(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await reader.readexactly(2), "big")
            response = matching(query, await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            raise OSError(errno.ECONNRESET, "closed the connection instead of answering") from None
        finally:
            writer.close()
        if response is None:
            raise OSError(errno.EBADMSG, "sent something else than the answer")
        return response


class Listener(asyncio.DatagramProtocol):
    """Waits for the response to one query; anything else that comes in is passed over."""

    def __init__(self, query: dns.message.Message) -> None:
        self.query = query
        self.response: asyncio.Future[dns.message.Message] = (
            asyncio.get_running_loop().create_future()
        )

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        response = matching(self.query, data)
        if response is not None and not self.response.done():
            self.response.set_result(response)

    def error_received(self, exc: Exception) -> None:
        if not self.response.done():
            self.response.set_exception(exc)


def matching(query: dns.message.Message, wire: bytes) -> dns.message.Message | None:
    """The response in these octets, if it is one to this very query."""
    try:
        response = dns.message.from_wire(wire)
    except (dns.exception.DNSException, ValueError):
        return None
    return response if query.is_response(response) else None
