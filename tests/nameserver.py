"""A name server for tests: real sockets on loopback, and a function that answers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from netlab.network.base import SocketAddress

Reply = bytes | None | list[bytes]
Answerer = Callable[[bytes, str], Reply]
"""From a query's octets and its transport to the datagrams that go back; None is silence."""


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, answer: Answerer) -> None:
        self.answer = answer
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self.answer(data, "udp")
        assert self.transport is not None
        for one in [reply] if isinstance(reply, bytes) else reply or []:
            self.transport.sendto(one, addr)


@asynccontextmanager
async def name_server(answer: Answerer, host: str = "127.0.0.1") -> AsyncIterator[SocketAddress]:
    """Serve over UDP and TCP on the same port of loopback."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            length = int.from_bytes(await reader.readexactly(2))
            reply = answer(await reader.readexactly(length), "tcp")
            if reply is None:
                await reader.read()
            for one in [reply] if isinstance(reply, bytes) else reply or []:
                writer.write(len(one).to_bytes(2) + one)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    loop = asyncio.get_running_loop()
    streams = await asyncio.start_server(talk, host, 0)
    port = streams.sockets[0].getsockname()[1]
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Udp(answer), local_addr=(host, port)
    )
    try:
        yield host, port
    finally:
        transport.close()
        streams.close()
        await asyncio.sleep(0)


def closed_port() -> SocketAddress:
    """A UDP port of loopback on which nothing listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return "127.0.0.1", int(sock.getsockname()[1])


def respond(
    query: bytes,
    *records: str,
    rcode: str = "NOERROR",
    authority: tuple[str, ...] = (),
    additional: tuple[str, ...] = (),
    flags: str = "QR RD RA",
) -> bytes:
    """A response; records are lines of a zone file: `www.example. 300 IN A 192.0.2.1`."""
    asked = dns.message.from_wire(query)
    response = dns.message.make_response(asked)
    response.flags = dns.flags.from_text(flags)
    response.set_rcode(dns.rcode.from_text(rcode))
    for section, lines in (
        (response.answer, records),
        (response.authority, authority),
        (response.additional, additional),
    ):
        section.extend(_rrset(line) for line in lines)
    return response.to_wire()


def _rrset(line: str) -> dns.rrset.RRset:
    name, ttl, rdclass, rdtype, data = line.split(None, 4)
    return dns.rrset.from_text(name, int(ttl), rdclass, rdtype, data)


def asked(query: bytes) -> tuple[str, str]:
    """The question: name without its final dot, and type."""
    question = dns.message.from_wire(query).question[0]
    name = question.name.to_text(omit_final_dot=True)
    return name, dns.rdatatype.to_text(question.rdtype)
