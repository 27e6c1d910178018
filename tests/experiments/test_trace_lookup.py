"""Chapter 3 against servers on loopback that answer as they are told."""

import asyncio
from collections.abc import Callable
from typing import Any

import dns.message
import dns.rcode
import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace import lookup, lookup_told, questions
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.places import Places
from netlab.network.base import JournalEntry
from netlab.network.dnsanswer import Service
from netlab.recording.ledger import ledger
from netlab.recording.records import WIRE_CAP
from tests.dnsworld import Story, World, play
from tests.nameserver import Answerer, Reply, asked, closed_port, respond

RESOLVER = "192.0.2.53"
V4, V6 = "www.example. 300 IN A 192.0.2.1", "www.example. 60 IN AAAA 2001:db8::1"
HTTPS = "www.example. 300 IN HTTPS 1 . alpn=h2,h3"


def zone(*records: str, **said: Any) -> Answerer:
    """Answers with the records of the type asked for, and all CNAMEs before them."""

    def answer(query: bytes, transport: str) -> Reply:
        _, rdtype = asked(query)
        fitting = [one for one in records if one.split()[3] in (rdtype, "CNAME")]
        return respond(query, *fitting, **said)

    return answer


def only(rdtype: str, reply: Callable[[bytes], Reply], other: Answerer) -> Answerer:
    """As `other`, but for this type."""
    return lambda query, transport: (
        reply(query) if asked(query)[1] == rdtype else other(query, transport)
    )


def look(
    *servers: Answerer | tuple[str, int],
    host: str = "www.example",
    places: Places | None = None,
    **options: Any,
) -> tuple[Lookup, Story]:
    addresses = [f"192.0.2.{53 + number}" for number in range(len(servers))]
    return play(
        lambda bench: lookup.run(bench, host, places or Places("none"), **options),
        dict(zip(addresses, servers, strict=True)),
        resolvers=tuple(addresses) or (RESOLVER,),
    )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "FIRST_TIMEOUT", 0.15)
    monkeypatch.setattr(questions, "LAST_TIMEOUT", 0.15)
    monkeypatch.setattr(questions, "LATE", 0.02)


def test_addresses_https_and_all_that_came_along() -> None:
    found, story = look(zone(V4, V6, HTTPS))
    facts = story.facts
    assert found.addresses == ("2001:db8::1", "192.0.2.1")
    assert facts["dns.answers"] == ["2001:db8::1", "192.0.2.1"]
    assert facts["dns.resolver"] == "192.0.2.53:53"
    assert facts["dns.resolver_host"] == "127.0.0.1"
    assert facts["dns.resolver_dialled"] == f"127.0.0.1:{facts['dns.resolver_port']}"
    assert (facts["dns.rcode"], facts["dns.flags"]) == ("NOERROR", ["qr", "rd", "ra"])
    assert (facts["dns.transport"], facts["dns.truncated"], facts["dns.ttl"]) == ("udp", False, 60)
    assert facts["dns.https"] == [{"priority": 1, "target": ".", "params": {"alpn": ["h2", "h3"]}}]
    assert facts["dns.https_effect"] == "alpn"
    assert {str(one["data"]) for one in facts["dns.records"]} == {  # type: ignore[union-attr, index, call-overload]
        "192.0.2.1", "2001:db8::1", '1 . alpn="h2,h3"',
    }  # fmt: skip
    assert "dns.error" not in facts
    assert facts["dns.cname_chain"] == []
    assert story.findings == []


def test_the_time_is_that_of_the_first_address() -> None:
    found, story = look(zone(V4, V6))
    facts = story.facts
    assert facts["dns.rtt"] in (facts["dns.rtt.a"], facts["dns.rtt.aaaa"])
    assert facts["dns.rtt.https"]
    assert set(found.arrivals) == {"192.0.2.1", "2001:db8::1"}
    first = min(found.arrivals.values())
    assert story.one("the resolver's answer").end >= first


def test_each_query_and_answer_is_a_message_with_its_octets() -> None:
    _, story = look(zone(V4, V6))
    queries = [one for one in story.messages if one.sender == "you"]
    answers = [one for one in story.messages if one.sender == "resolver"]
    assert sorted(one.title for one in queries) == [
        "A www.example?", "AAAA www.example?", "HTTPS www.example?"
    ]  # fmt: skip
    assert len(answers) == 3
    for message in story.messages:
        parsed = dns.message.from_wire(message.wire)
        assert parsed.question[0].name.to_text() == "www.example."
        assert message.wire_length == len(message.wire) < WIRE_CAP
        assert message.fields[0].name == "header"
        assert message.protocol == "DNS"
        assert message.arrived
    assert "NOERROR, 1 answer" in {one.title for one in answers}


def test_phases_partition_the_wait() -> None:
    _, story = look(zone(V4, V6))
    whole = story.one("dns")
    share = story.one("the resolver's answer")
    assert (whole.path, share.path, share.parent) == ("journey", "journey", whole.id)
    assert whole.start <= share.start <= share.end <= whole.end
    details = [one for one in story.phases if one.path == "detail"]
    assert {one.lane for one in details} == {"A", "AAAA", "HTTPS"}
    parents = {one.id: one for one in story.phases}
    for one in details:
        above = parents[one.parent or ""]
        assert above.start <= one.start <= one.end <= above.end
    assert ledger(story.records).by_owner["resolver"] == pytest.approx(share.end - share.start)


def test_configured_delays_are_apart() -> None:
    """As the lab tells them: by our port; and those of name servers that the resolver asked."""
    import time

    def answer(bench: Bench) -> Answerer:
        world = bench.network
        assert isinstance(world, World)

        def reply(query: bytes, _: str) -> Reply:
            start = time.perf_counter()
            while time.perf_counter() < start + 0.004:
                pass
            world.entries += (
                JournalEntry(start, "ns:a.root", "delay", 1, until=start + 0.001),
                JournalEntry(start + 0.002, "resolver", "delay", 1, until=start + 0.003),
                JournalEntry(start + 0.003, "web", "delay", 1, until=start + 0.004),
            )
            return zone(V6)(query, "udp")

        return reply

    async def run(bench: Bench) -> Lookup:
        from tests.nameserver import name_server

        world = bench.network
        assert isinstance(world, World)
        async with name_server(answer(bench)) as address:
            world.where[RESOLVER] = address
            return await lookup.run(bench, "www.example", Places("none"), 6)

    _, story = play(run, {}, resolvers=(RESOLVER,))
    delays = [one for one in story.phases if one.owner == "configured delay"]
    # The delay behind the resolver counts; those at another client's port do not.
    assert [round(one.end - one.start, 4) for one in delays][:1] == [0.001]
    assert ledger(story.records).by_owner["configured delay"] == pytest.approx(
        sum(one.end - one.start for one in delays)
    )


@pytest.mark.parametrize(
    ("family", "types", "addresses"),
    [(4, {"A", "HTTPS"}, ("192.0.2.1",)), (6, {"AAAA", "HTTPS"}, ("2001:db8::1",))],
)
def test_only_the_family_that_is_wanted_is_asked_for(
    family: int, types: set[str], addresses: tuple[str, ...]
) -> None:
    seen: list[str] = []

    def answer(query: bytes, transport: str) -> Reply:
        seen.append(asked(query)[1])
        return zone(V4, V6)(query, transport)

    found, _ = look(answer, family=family)
    assert (set(seen), found.addresses) == (types, addresses)


def test_the_https_record_of_another_port_has_another_name() -> None:
    seen: list[tuple[str, str]] = []

    def answer(query: bytes, transport: str) -> Reply:
        seen.append(asked(query))
        return zone(V4)(query, transport)

    look(answer, port=8443)
    assert ("_8443._https.www.example", "HTTPS") in seen
    assert ("www.example", "A") in seen


def test_a_chain_with_a_lifetime_per_link() -> None:
    found, story = look(
        zone(
            "www.example. 300 IN CNAME b.example.", "b.example. 20 IN CNAME c.example.",
            "c.example. 60 IN A 192.0.2.1",
        )
    )  # fmt: skip
    assert story.facts["dns.cname_chain"] == [
        {"name": "www.example", "target": "b.example", "ttl": 300},
        {"name": "b.example", "target": "c.example", "ttl": 20},
    ]
    assert (story.facts["dns.ttl"], found.addresses) == (20, ("192.0.2.1",))


def test_truncation_is_two_exchanges() -> None:
    def answer(query: bytes, transport: str) -> Reply:
        return zone(V4)(query, transport) if transport == "tcp" else respond(query, flags="QR TC")

    found, story = look(answer, family=4)
    assert (story.facts["dns.transport"], story.facts["dns.truncated"]) == ("tcp", True)
    assert found.addresses == ("192.0.2.1",)
    titles = [one.title for one in story.messages if "HTTPS" not in one.title][:4]
    assert titles == [
        "A www.example?", "NOERROR, truncated", "A www.example? over TCP",
        "NOERROR, 1 answer over TCP",
    ]  # fmt: skip
    assert [one.name for one in story.phases if one.lane == "A"] == ["A over UDP", "A over TCP"]


@pytest.mark.parametrize(
    ("server", "error"),
    [
        (zone(rcode="NXDOMAIN"), "nxdomain"),
        (zone(), "nodata"),
        (zone(rcode="SERVFAIL"), "servfail"),
        (zone(rcode="REFUSED"), "refused"),
        (zone(rcode="YXDOMAIN"), "yxdomain"),
        (zone(authority=("example. 9 IN NS ns.example.",), flags="QR"), "referral"),
        (lambda query, _: respond(query, V4)[:-3], "malformed"),
        (
            zone("www.example. 9 IN CNAME b.example.", "b.example. 9 IN CNAME www.example."),
            "cname-loop",
        ),
        (lambda *_: None, "timeout"),
        (closed_port(), "unreachable"),
    ],
)
def test_every_failure_has_its_code_and_a_finding(
    server: Answerer | tuple[str, int], error: str, impatient: None
) -> None:
    found, story = look(server)
    assert (found.addresses, found.error, story.facts["dns.error"]) == ((), error, error)
    (fault,) = [one for one in story.findings if one.severity == "fault"]
    assert fault.title
    assert fault.advice
    assert "{" not in fault.title + fault.advice
    written = {one.id for one in story.records if hasattr(one, "id")}
    assert set(fault.facts) <= written
    assert story.one("dns").outcome == "failed"
    assert [one.outcome for one in story.phases if one.name == "the resolver's answer"] == [
        "failed"
    ]


def test_no_route_to_the_resolver() -> None:
    found, story = play(
        lambda bench: lookup.run(bench, "www.example", Places("none")), {}, resolvers=(RESOLVER,)
    )
    assert (found.error, story.facts["dns.error"]) == ("unreachable", "unreachable")
    assert story.messages == []


def test_no_resolver_at_all() -> None:
    found, story = play(lambda bench: lookup.run(bench, "www.example", Places("none")), {})
    assert (found.error, story.facts["dns.error"]) == ("unreachable", "unreachable")


def test_a_lost_query_is_a_message_that_never_arrived(impatient: None) -> None:
    _, story = look(lambda *_: None, family=4)
    assert {one.arrived for one in story.messages} == {False}
    assert [one.title for one in story.messages if one.title.startswith("A ")] == [
        "A www.example?", "A www.example?"
    ]  # fmt: skip


def test_what_the_server_says_of_its_failure_is_handed_on() -> None:
    def answer(query: bytes, _: str) -> Reply:
        response = dns.message.make_response(dns.message.from_wire(query))
        response.set_rcode(dns.rcode.SERVFAIL)
        response.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "no DS")])
        return response.to_wire()

    _, story = look(answer)
    assert story.facts["dns.extended_errors"] == ["dnssec bogus: no DS"]
    assert "The resolver adds: dnssec bogus: no DS." in story.findings[0].advice


@pytest.mark.parametrize("first", [zone(rcode="SERVFAIL"), zone(rcode="REFUSED"), closed_port()])
def test_the_next_resolver_is_asked_when_one_fails(first: Answerer | tuple[str, int]) -> None:
    found, story = look(first, zone(V4))
    assert found.addresses == ("192.0.2.1",)
    assert any("192.0.2.53 failed at first" in one.title for one in story.findings)


def test_a_denial_is_final() -> None:
    seen: list[str] = []

    def second(query: bytes, transport: str) -> Reply:
        seen.append("asked")
        return zone(V4)(query, transport)

    assert look(zone(rcode="NXDOMAIN"), second)[0].error == "nxdomain"
    assert seen == []


def test_one_family_is_enough(impatient: None) -> None:
    server = only("AAAA", lambda query: respond(query, rcode="SERVFAIL"), zone(V4))
    found, story = look(server)
    assert (found.addresses, found.error) == (("192.0.2.1",), None)
    assert any("question for AAAA failed (servfail)" in one.title for one in story.findings)


def test_ipv4_waits_a_moment_for_ipv6(impatient: None) -> None:
    """RFC 8305 §3: 50 ms, and what comes later is waited for apart."""
    found, story = look(only("AAAA", lambda _: None, zone(V4, HTTPS)))
    share = story.one("the resolver's answer")
    assert found.addresses == ("192.0.2.1",)
    assert share.end - found.arrivals["192.0.2.1"] == pytest.approx(0.05, abs=0.03)
    late = story.one("late answers")
    assert (late.path, late.start >= share.end) == ("aside", True)
    assert [one.arrived for one in story.messages if one.title.startswith("AAAA")] == [False]


def test_ipv6_waits_for_nobody(impatient: None) -> None:
    found, story = look(only("A", lambda _: None, zone(V6)))
    share = story.one("the resolver's answer")
    assert found.addresses == ("2001:db8::1",)
    assert share.end == found.arrivals["2001:db8::1"]


def test_ipv4_waits_no_longer_than_for_a_denial(impatient: None) -> None:
    found, story = look(only("HTTPS", lambda _: None, zone(V4)))
    share = story.one("the resolver's answer")
    assert share.end - share.start < 0.05
    assert found.error is None
    assert any("question for HTTPS failed (timeout)" in one.title for one in story.findings)
    assert "dns.https_effect" not in story.facts


@pytest.mark.parametrize(
    ("records", "effect"),
    [
        ([], "none"),
        ([Service(1, ".", {})], "none"),
        ([Service(1, ".", {"ipv4hint": ["192.0.2.1"]})], "none"),
        ([Service(1, ".", {"alpn": ["h3"]})], "alpn"),
        ([Service(1, ".", {"alpn": ["h3"], "ech": "AA"})], "ech"),
        ([Service(1, ".", {"alpn": ["h3"], "port": 8443, "ech": "AA"})], "port"),
        ([Service(1, "pool.example", {"port": 8443})], "target"),
        ([Service(0, "pool.example", {})], "target"),
        ([Service(9, ".", {"alpn": ["h3"]}), Service(1, ".", {"port": 8443})], "port"),
    ],
)
def test_what_an_https_record_changes(records: list[Service], effect: str) -> None:
    assert lookup_told.effect(tuple(records)) == effect


def test_the_search_list_is_tried_until_a_name_exists() -> None:
    def answer(query: bytes, transport: str) -> Reply:
        name, _ = asked(query)
        if name == "printer.b.example":
            return zone("printer.b.example. 60 IN A 192.0.2.9")(query, transport)
        return respond(query, rcode="NXDOMAIN")

    short = Places("none", search=("a.example", "b.example", "c.example"))
    found, story = look(answer, host="printer", places=short)
    assert (found.name, found.addresses) == ("printer.b.example", ("192.0.2.9",))
    assert story.facts["dns.searched"] == ["printer.a.example", "printer.b.example"]
    assert [one.outcome for one in story.phases if one.name == "dns"] == ["failed", "done"]
    assert "dns.error" not in story.facts


def test_a_failure_ends_the_search() -> None:
    short = Places("none", search=("a.example", "b.example"))
    found, story = look(zone(rcode="SERVFAIL"), host="printer", places=short)
    assert (found.name, found.error) == ("printer.a.example", "servfail")
    assert "dns.searched" not in story.facts


@pytest.mark.parametrize("host", ["a..b", "x" * 64 + ".example", "a." * 130 + "b"])
def test_a_name_that_cannot_be_asked_for(host: str) -> None:
    found, story = look(zone(V4), host=host)
    assert (found.error, found.asked, story.facts["dns.error"]) == ("bad-name", False, "bad-name")
    assert story.messages == []
    assert [one.severity for one in story.findings] == ["fault"]


@pytest.mark.parametrize(
    ("places", "family", "addresses", "origin"),
    [
        (Places("localhost", (), ("::1", "127.0.0.1"), "RFC 6761 §6.3"), None,
         ("::1", "127.0.0.1"), "standard"),
        (Places("localhost", (), ("::1", "127.0.0.1"), "RFC 6761 §6.3"), 4, ("127.0.0.1",),
         "standard"),
        (Places("address", (), ("192.0.2.1",), "the address itself"), None, ("192.0.2.1",),
         "measured"),
        (Places("none", ("10.0.0.7",), ("10.0.0.7",), "/etc/hosts"), None, ("10.0.0.7",),
         "measured"),
    ],
)  # fmt: skip
def test_what_is_known_is_not_asked_for(
    places: Places, family: int | None, addresses: tuple[str, ...], origin: str
) -> None:
    seen: list[bytes] = []
    found, story = look(lambda query, _: seen.append(query), places=places, family=family)
    assert (found.addresses, found.asked, found.error, seen) == (addresses, False, None, [])
    assert set(found.arrivals) == set(addresses)
    (fact,) = [one for one in story.records if getattr(one, "name", "") == "dns.answers"]
    assert getattr(fact, "origin", "") == origin
    assert story.phases == []


def test_a_literal_of_the_other_family_is_a_fault() -> None:
    found, story = look(zone(), places=Places("address", (), ("2001:db8::1",), "itself"), family=4)
    assert (found.addresses, found.error) == ((), "nodata")
    assert [one.severity for one in story.findings] == ["fault"]


def with_system(answer: Callable[..., Any], *records: str) -> Story:
    async def run(bench: Bench) -> Lookup:
        bench.network.asks_system = True
        return await lookup.run(bench, "www.example", Places("none"), getaddrinfo=answer)

    return play(run, {RESOLVER: zone(*records)}, resolvers=(RESOLVER,))[1]


def entries(*addresses: str) -> Callable[..., Any]:
    return lambda *_, **__: [(0, 0, 0, "", (address, 0)) for address in addresses]


def test_getaddrinfo_stands_beside_it() -> None:
    story = with_system(entries("192.0.2.1", "2001:db8::1"), V4, V6)
    assert story.facts["dns.system"] == ["192.0.2.1", "2001:db8::1"]
    assert story.facts["dns.system_differs"] is False
    assert story.one("getaddrinfo").path == "aside"
    assert story.one("getaddrinfo").start >= story.one("dns").end


def test_getaddrinfo_may_differ_and_is_not_dialled() -> None:
    story = with_system(entries("10.0.0.7"), V4)
    assert story.facts["dns.system_differs"] is True
    assert story.facts["dns.answers"] == ["192.0.2.1"]


def test_getaddrinfo_may_know_more() -> None:
    story = with_system(entries("10.0.0.7"))
    assert story.facts["dns.error"] == "nodata"
    assert any("own getaddrinfo knows the name" in one.title for one in story.findings)


def test_getaddrinfo_may_fail() -> None:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(-2, "Name or service not known")

    story = with_system(fail, V4)
    assert story.facts["dns.system_error"] == "Name or service not known"
    assert story.one("getaddrinfo").outcome == "failed"


def test_an_interrupt_leaves_nothing_running(impatient: None) -> None:
    async def run(bench: Bench) -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await lookup.run(bench, "www.example", Places("none"))
        await asyncio.sleep(0)
        return len(asyncio.all_tasks())

    tasks, _ = play(run, {RESOLVER: lambda *_: None}, resolvers=(RESOLVER,))
    assert tasks == 1
