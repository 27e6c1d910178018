"""One question to one DNS server, with everything about the exchange kept.

dnspython makes and reads the messages. Sending is our own, because every exchange must be told
apart with its octets and instants: an answer cut short over UDP (TC) and the same question over
TCP are two exchanges (RFC 7766 §5), and so are a lost query and its repetition.
"""

import asyncio
import socket
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from netlab.network.base import SocketAddress
from netlab.network.datagram import Clock, exchange

Transport = Literal["udp", "tcp"]
Fault = Literal["timeout", "unreachable", "malformed"]
GiveUp = asyncio.Future[None]

PAYLOAD = 1232
"""The UDP size we announce: with it an answer fits the smallest IPv6 path, unfragmented."""

HEADER = 12
QR, TC = 0x80, 0x02
"""Bits of the third octet of a message (RFC 1035 §4.1.1)."""

EDNS_UNKNOWN = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP})


# dnspython imports the code of a record's type when it first meets one: 1 to 3 ms, which would
# fall into the first measured exchange.
for _type in ("A", "AAAA", "HTTPS", "CNAME", "NS", "SOA", "OPT"):
    dns.rdata.get_rdata_class(  # type: ignore[no-untyped-call]
        dns.rdataclass.IN, dns.rdatatype.from_text(_type)
    )


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question, and what came of it.

    fault: why there is no response; None when there is one. started_at is when we began (over
    TCP: to connect), sent_at when the query was handed to the kernel. truncated_first: the UDP
    exchange whose answer was cut short, before this one over TCP. earlier: the tries before this
    one which were lost or not understood. received_ttl: the hop limit of the answer's packet.
    """

    server: SocketAddress
    transport: Transport
    sent: bytes
    started_at: float
    sent_at: float
    received_at: float
    received: bytes = b""
    response: dns.message.Message | None = None
    fault: Fault | None = None
    local_port: int | None = None
    received_ttl: int | None = None
    ignored: int = 0
    truncated_first: "Exchange | None" = None
    earlier: tuple["Exchange", ...] = field(default=())

    @property
    def rcode(self) -> str | None:
        """NOERROR, NXDOMAIN, …; None without a response."""
        return None if self.response is None else dns.rcode.to_text(self.response.rcode())

    @property
    def rtt(self) -> float | None:
        """From the query's sending to its answer; None when none came."""
        return self.received_at - self.sent_at if self.received else None

    @property
    def began_at(self) -> float:
        """When the first of all tries began."""
        return min(one.started_at for one in self.all())

    def all(self) -> tuple["Exchange", ...]:
        """Every exchange that this one took, in order, itself last."""
        first = (self.truncated_first,) if self.truncated_first else ()
        return (*self.earlier, *first, self)


async def ask(
    name: str | dns.name.Name,
    rdtype: str,
    server: SocketAddress,
    clock: Clock,
    timeout: float = 2.0,
    *,
    recursion: bool = True,
    attempts: int = 1,
    give_up: GiveUp | None = None,
    payload: int = PAYLOAD,
    server_tcp: SocketAddress | None = None,
) -> Exchange:
    """Ask; never raises for anything that the network does.

    timeout is that of each try. recursion: whether the server is asked to ask others (RD).
    server_tcp: where it is dialled over TCP, if elsewhere. give_up ends the waiting early.
    """
    earlier: list[Exchange] = []
    edns, tries = True, 1
    while True:
        query = make_query(name, rdtype, recursion, payload if edns else None)
        one = await over_udp(query, server, clock, timeout, give_up)
        if one.received and one.received[2] & TC:
            again = await over_tcp(query, server_tcp or server, clock, timeout, give_up)
            return replace(again, truncated_first=one, earlier=tuple(earlier))
        if edns and one.response is not None and one.response.rcode() in EDNS_UNKNOWN:
            # A server from before EDNS: once more without it (RFC 6891 §7).
            edns = False
        elif one.fault == "timeout" and tries < attempts and not (give_up and give_up.done()):
            tries += 1
        else:
            return replace(one, earlier=tuple(earlier))
        earlier.append(one)


def make_query(
    name: str | dns.name.Name, rdtype: str, recursion: bool, payload: int | None
) -> dns.message.QueryMessage:
    """A query with a random id. AD asks to be told whether signatures were checked (RFC 6840)."""
    flags = dns.flags.RD | dns.flags.AD if recursion else dns.flags.Flag(0)
    return dns.message.make_query(
        name, rdtype, use_edns=payload is not None and 0, payload=payload, flags=flags
    )  # fmt: skip


async def over_udp(
    query: dns.message.Message,
    server: SocketAddress,
    clock: Clock,
    timeout: float,
    give_up: GiveUp | None = None,
) -> Exchange:
    wire = query.to_wire()
    began = clock()
    got = await exchange(server, wire, clock, timeout, lambda data: answers(wire, data), give_up)
    response, fault = (None, got.fault) if got.data is None else read(query, got.data)
    return Exchange(
        server=server, transport="udp", sent=wire, started_at=began, sent_at=got.sent_at,
        received_at=got.ended_at, received=got.data or b"", response=response, fault=fault,
        local_port=got.local_port, received_ttl=got.ttl, ignored=got.ignored,
    )  # fmt: skip


async def over_tcp(
    query: dns.message.Message,
    server: SocketAddress,
    clock: Clock,
    timeout: float,
    give_up: GiveUp | None = None,
) -> Exchange:
    """The same over TCP, where two octets of length stand before each message (RFC 1035 §4.2.2)."""
    wire = query.to_wire()
    talk = _Talk(server, clock)
    task = asyncio.ensure_future(talk.exchange(wire))
    waiting: set[asyncio.Future[Any]] = {task} if give_up is None else {task, give_up}
    try:
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    finally:
        task.cancel()
    await asyncio.wait({task})
    data, fault = (b"", "timeout") if task.cancelled() else task.result()
    response: dns.message.Message | None = None
    if data:
        response, fault = read(query, data) if answers(wire, data) else (None, "malformed")
    return Exchange(
        server=server, transport="tcp", sent=wire, started_at=talk.started_at,
        sent_at=talk.sent_at, received_at=clock() if talk.ended_at is None else talk.ended_at,
        received=data, response=response, fault=fault, local_port=talk.local_port,
    )  # fmt: skip


class _Talk:
    """One query over a TCP connection of its own, and its instants."""

    def __init__(self, server: SocketAddress, clock: Clock) -> None:
        self.server = server
        self.clock = clock
        self.started_at = self.sent_at = clock()
        self.ended_at: float | None = None
        self.local_port: int | None = None

    async def exchange(self, wire: bytes) -> tuple[bytes, Fault | None]:
        family = socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET
        loop = asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, self.server)
                self.local_port = int(sock.getsockname()[1])
                self.sent_at = self.clock()
                await loop.sock_sendall(sock, len(wire).to_bytes(2) + wire)
                length = int.from_bytes(await self.exactly(sock, 2))
                data = await self.exactly(sock, length)
            except EOFError:
                return b"", "malformed"
            except OSError:
                return b"", "unreachable"
            finally:
                self.ended_at = self.clock()
        return data, None if data else "malformed"

    async def exactly(self, sock: socket.socket, length: int) -> bytes:
        loop = asyncio.get_running_loop()
        data = b""
        while len(data) < length:
            chunk = await loop.sock_recv(sock, length - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data


def answers(query: bytes, data: bytes) -> bool:
    """Whether these octets claim to answer the query: cheap, since a clock is running.

    Id, response bit and question must be the query's (RFC 5452 §9.1); some servers leave the
    question out when they fail. Whether the rest can be read is seen later: an answer that
    cannot be is malformed, not another's.
    """
    if len(data) < HEADER or data[:2] != query[:2] or not data[2] & QR:
        return False
    question = query[HEADER : question_end(query)]
    return data[4:6] == b"\0\0" or data[HEADER : HEADER + len(question)].lower() == question.lower()


def question_end(query: bytes) -> int:
    """Where the question of a query of ours ends: its name, then type and class."""
    at = HEADER
    while query[at]:
        at += query[at] + 1
    return at + 5


def read(
    query: dns.message.Message, data: bytes
) -> tuple[dns.message.Message | None, Fault | None]:
    """The response in these octets, or the fault in them."""
    try:
        response = dns.message.from_wire(data, ignore_trailing=True)
        return (response, None) if query.is_response(response) else (None, "malformed")
    except Exception:
        # Hostile octets find more exceptions than dnspython documents; none may pass.
        return None, "malformed"
