"""One name server over real sockets: what it sends, and what it tells."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import dns.message
import dns.rrset
import pytest

from netlab.lab.dnsanswer import outcome
from netlab.lab.dnsresolver import Upstream
from netlab.lab.dnsserver import AuthoritativeServer
from netlab.lab.service import Dialled, Entry, Seen, World
from netlab.lab.zones import Manner, NameServer, name_servers

GOOGLE = next(server for server in name_servers() if server.name == "ns1.google.com")
ADDRESS = "198.51.100.129"
ROOTS = dns.rrset.from_text(".", 60, "IN", "NS", "a.root-servers.net.")
Directory = dict[Seen, Dialled]


def run(
    client: Callable[[AuthoritativeServer, Directory], Awaitable[None]],
    server: NameServer = GOOGLE,
    distance: float = 0.0,
) -> list[Entry]:
    """Run a client against one server; what the server told."""
    told: list[Entry] = []

    async def both() -> None:
        directory: Directory = {}
        hosts = dict.fromkeys(server.addresses, "127.0.0.1")
        world = World(told.append, lambda _: distance)
        service = AuthoritativeServer(server, hosts, ROOTS, directory, world)
        mapping = await service.start()
        assert mapping == directory
        try:
            await client(service, directory)
        finally:
            await service.stop()

    asyncio.run(both())
    return told


def query(name: str = "www.google.com") -> dns.message.Message:
    return dns.message.make_query(name, "A", flags=0)


def test_every_address_is_there_by_udp_and_tcp() -> None:
    async def client(_: AuthoritativeServer, directory: Directory) -> None:
        assert set(directory) == {
            (transport, address, 53) for transport in ("udp", "tcp") for address in GOOGLE.addresses
        }

    run(client)


def test_each_query_is_told_with_its_outcome() -> None:
    async def client(_: AuthoritativeServer, directory: Directory) -> None:
        upstream = Upstream(directory)
        assert outcome(await upstream.ask(query(), ADDRESS)) == "answer"
        tcp = await upstream.ask_tcp(query("nothing.google.com"), directory["tcp", ADDRESS, 53])
        assert outcome(tcp) == "nxdomain"

    before = time.perf_counter()
    first, second = run(client)
    assert before < first.at < second.at < time.perf_counter()
    assert (first.service, first.event) == ("ns:ns1.google.com", "query")
    assert first.peer_port
    assert first.detail == {
        "name": "www.google.com.", "type": "A", "transport": "udp", "outcome": "answer",
        "cached": False,
    }  # fmt: skip
    assert second.detail["outcome"] == "nxdomain"
    assert second.detail["transport"] == "tcp"


def test_a_distance_is_waited_out_and_told() -> None:
    took = 0.0

    async def client(_: AuthoritativeServer, directory: Directory) -> None:
        nonlocal took
        start = time.perf_counter()
        await Upstream(directory).ask(query(), ADDRESS)
        took = time.perf_counter() - start

    told, delay = run(client, distance=0.02)
    assert (told.event, delay.event) == ("query", "delay")
    assert delay.peer_port == told.peer_port
    assert delay.until is not None
    assert 0.019 < delay.until - delay.at < took


def test_garbage_is_told_and_answered_with_formerr() -> None:
    reply = b""

    async def client(service: AuthoritativeServer, _: Directory) -> None:
        nonlocal reply
        reply = await service.respond(query().to_wire()[:-3], "udp", 4711) or b""
        assert await service.respond(b"hello", "udp", 4711) is None

    (told,) = run(client)
    assert reply[3] & 0x0F == 1
    assert told.detail["outcome"] == "formerr"


@pytest.mark.parametrize("manner", ["servfail", "refused", "lame", "silent"])
def test_a_faulty_server_tells_its_fault(manner: Manner) -> None:
    async def client(service: AuthoritativeServer, _: Directory) -> None:
        reply = await service.respond(query().to_wire(), "udp", 4711)
        assert (reply is None) == (manner == "silent")

    (told,) = run(client, NameServer("ns1.broken", ("198.51.100.181",), manner))
    assert told.detail["outcome"] == manner


def test_stopped_it_refuses_and_started_again_it_has_its_port_back() -> None:
    async def client(service: AuthoritativeServer, directory: Directory) -> None:
        before = dict(directory)
        await service.stop()
        with pytest.raises(ConnectionRefusedError):
            await Upstream(directory).ask(query(), ADDRESS)
        assert await service.start() == before
        assert outcome(await Upstream(directory).ask(query(), ADDRESS)) == "answer"

    run(client)


def test_starting_twice_changes_nothing() -> None:
    async def client(service: AuthoritativeServer, directory: Directory) -> None:
        before = dict(directory)
        assert await service.start() == before

    run(client)
