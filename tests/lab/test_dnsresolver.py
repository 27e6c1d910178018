"""The resolver over real sockets, with the name servers that it needs behind it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from netlab.lab.dns import RESOLVER, services
from netlab.lab.dnsanswer import outcome
from netlab.lab.dnsresolver import Listener, ResolverService, Upstream, matching
from netlab.lab.dnssockets import Sockets
from netlab.lab.service import Dialled, Entry, Seen, Service, World

Directory = dict[Seen, Dialled]


class Names:
    """All of the lab's DNS, running: ask the resolver, see what was told."""

    def __init__(self) -> None:
        self.told: list[Entry] = []
        self.directory: Directory = {}
        self.services = services(World(self.told.append, lambda _: 0.0))

    async def start(self) -> None:
        for service in self.services:
            self.directory.update(await service.start())

    async def stop(self) -> None:
        for service in self.services:
            await service.stop()

    def service(self, id: str) -> Service:
        return next(service for service in self.services if service.id == id)

    async def ask(self, name: str, rdtype: str = "A", flags: int = 0x0100) -> dns.message.Message:
        query = dns.message.make_query(name, rdtype, use_edns=0, flags=flags)
        return await Upstream(self.directory).ask(query, RESOLVER[0])

    def last(self) -> Mapping[str, object]:
        return [entry for entry in self.told if entry.service == "resolver"][-1].detail


def run(client: Callable[[Names], Awaitable[None]]) -> None:
    async def both() -> None:
        names = Names()
        try:
            await names.start()
            await client(names)
        finally:
            await names.stop()

    asyncio.run(both())


def lines(response: dns.message.Message) -> list[str]:
    return [line for rrset in response.answer for line in rrset.to_text().splitlines()]


def test_the_answer_comes_from_the_name_servers_and_then_from_memory() -> None:
    async def client(names: Names) -> None:
        response = await names.ask("www.google.com")
        assert lines(response) == ["www.google.com. 300 IN A 203.0.113.10"]
        assert response.flags & dns.flags.RA
        assert not response.flags & dns.flags.AA
        assert names.last()["cached"] is False
        walked = [entry.service for entry in names.told if entry.service != "resolver"]
        assert [one.rpartition(".")[0].split(".", 1)[1] for one in walked] == [
            "root-servers", "gtld-servers", "google",
        ]  # fmt: skip
        await names.ask("www.google.com")
        assert names.last()["cached"] is True
        assert len([entry for entry in names.told if entry.service != "resolver"]) == 3

    run(client)


def test_a_second_answer_has_aged() -> None:
    async def client(names: Names) -> None:
        resolver = names.service("resolver")
        assert isinstance(resolver, ResolverService)
        await names.ask("www.google.com")
        later = time.monotonic() + 100
        resolver.recursion.cache.answers.clock = lambda: later
        assert 199 <= (await names.ask("www.google.com")).answer[0].ttl <= 200

    run(client)


@pytest.mark.parametrize(
    ("name", "rdtype", "expected"),
    [
        (".", "NS", {f". 518400 IN NS {letter}.root-servers.net." for letter in "afkm"}),
        ("www.google.com", "HTTPS", {'www.google.com. 300 IN HTTPS 1 . alpn="h2"'}),
        ("www.google.com", "AAAA", {"www.google.com. 300 IN AAAA 2001:db8:6::10"}),
        ("www.example.co.kr", "A", {"www.example.co.kr. 3600 IN A 203.0.113.60"}),
        ("a.root-servers.net", "A", {"a.root-servers.net. 3600000 IN A 192.0.2.1"}),
        (
            "www.naver.com",
            "A",
            {
                "www.naver.com. 600 IN CNAME www.naver.com.nheos.com.",
                "www.naver.com.nheos.com. 30 IN A 203.0.113.20",
                "www.naver.com.nheos.com. 30 IN A 203.0.113.21",
            },
        ),
    ],
)
def test_names_of_every_kind(name: str, rdtype: str, expected: set[str]) -> None:
    async def client(names: Names) -> None:
        assert set(lines(await names.ask(name, rdtype))) == expected

    run(client)


def test_every_breakage_ends_as_it_should_and_says_why() -> None:
    async def client(names: Names) -> None:
        for label, rcode in (
            ("nxdomain", Rcode.NXDOMAIN),
            ("nodata", Rcode.NOERROR),
            ("servfail", Rcode.SERVFAIL),
            ("refused-dns", Rcode.SERVFAIL),
            ("lame", Rcode.SERVFAIL),
            ("delegation-loop", Rcode.SERVFAIL),
            ("cname-loop", Rcode.SERVFAIL),
        ):
            response = await names.ask(f"{label}.broken.example.org")
            assert response.rcode() == rcode, label
            said = any(option.otype == dns.edns.OptionType.EDE for option in response.options)
            assert said == (rcode == Rcode.SERVFAIL), label

    run(client)


def test_a_silent_name_server_costs_less_than_a_client_waits() -> None:
    async def client(names: Names) -> None:
        start = time.perf_counter()
        response = await names.ask("silent-dns.broken.example.org")
        assert response.rcode() == Rcode.SERVFAIL
        assert 0.8 <= time.perf_counter() - start < 1.5

    run(client)


def test_a_large_answer_takes_tcp_on_both_sides() -> None:
    async def client(names: Names) -> None:
        response = await names.ask("truncated.broken.example.org")
        assert lines(response)[-1].endswith(" IN A 198.51.100.9")
        told = [entry.detail for entry in names.told if "truncated" in str(entry.detail["name"])]
        own = [one["transport"] for one in told if one["outcome"] == "answer"]
        assert sorted(map(str, own)) == ["tcp", "tcp", "udp", "udp"]

    run(client)


def test_without_recursion_desired_only_memory_answers() -> None:
    async def client(names: Names) -> None:
        unknown = await names.ask("www.google.com", flags=0)
        assert outcome(unknown) == "referral"
        assert unknown.authority[0].name.to_text() == "."
        await names.ask("www.google.com")
        assert lines(await names.ask("www.google.com", flags=0))
        nearer = await names.ask("mail.google.com", flags=0)
        assert nearer.authority[0].name.to_text() == "google.com."

    run(client)


def test_what_no_resolver_should_do_it_does_not() -> None:
    async def client(names: Names) -> None:
        assert (await names.ask("google.com", "AXFR")).rcode() == Rcode.REFUSED
        small = await names.ask("google.com", "ANY")
        assert [rrset.rdtype for rrset in small.answer] == [RdataType.HINFO]

    run(client)


def test_a_stopped_name_server_is_passed_over_and_all_stopped_fail() -> None:
    async def client(names: Names) -> None:
        for number in (1, 2, 3):
            await names.service(f"ns:ns{number}.google.com").stop()
        assert lines(await names.ask("www.google.com"))
        await names.service("ns:ns4.google.com").stop()
        assert (await names.ask("google.com")).rcode() == Rcode.SERVFAIL

    run(client)


def test_who_does_not_speak_edns_gets_none() -> None:
    async def client(names: Names) -> None:
        query = dns.message.make_query("cname-loop.broken.example.org", "A")
        response = await Upstream(names.directory).ask(query, RESOLVER[0])
        assert (response.rcode(), response.edns) == (Rcode.SERVFAIL, -1)

    run(client)


QUERY = dns.message.make_query("www.google.com", "A", id=7)


def test_only_the_response_to_this_query_counts() -> None:
    good = dns.message.make_response(QUERY)
    assert matching(QUERY, good.to_wire()) is not None
    other = dns.message.make_response(dns.message.make_query("www.naver.com", "A", id=7))
    guess = dns.message.make_response(dns.message.make_query("www.google.com", "A", id=8))
    for wire in (other.to_wire(), guess.to_wire(), QUERY.to_wire(), b"", good.to_wire()[:-1]):
        assert matching(QUERY, wire) is None


def test_a_stray_datagram_is_passed_over() -> None:
    async def listen() -> None:
        listener = Listener(QUERY)
        listener.datagram_received(b"stray", ("127.0.0.1", 9))
        assert not listener.response.done()
        for _ in range(2):
            listener.datagram_received(dns.message.make_response(QUERY).to_wire(), ("", 9))
        listener.error_received(ConnectionRefusedError())
        assert (await listener.response).id == 7

    asyncio.run(listen())


def test_an_address_that_is_not_of_the_lab_has_no_route() -> None:
    with pytest.raises(OSError, match=r"no route to 192\.0\.2\.99"):
        asyncio.run(Upstream({}).ask(QUERY, "192.0.2.99"))


@pytest.mark.parametrize("reply", [None, b"\0" * 12, QUERY.to_wire()])
def test_a_bad_answer_over_tcp_is_an_error(reply: bytes | None) -> None:
    async def respond(wire: bytes, transport: str, peer_port: int) -> bytes | None:
        return reply

    async def ask() -> None:
        sockets = Sockets(respond, idle=0.01)
        at = await sockets.open("127.0.0.1")
        try:
            with pytest.raises(OSError, match=r"instead of answering|something else"):
                await Upstream({}).ask_tcp(QUERY, at)
        finally:
            await sockets.close()

    asyncio.run(ask())
