"""Chapter 4: down from the root, past every kind of bad server, on loopback."""

import re
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace import lookup, walk, walk_told
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.places import Places
from netlab.experiments.trace.walk import Walked, reason
from netlab.experiments.trace.walker import QUESTIONS, End, Hop
from netlab.lab import Lab
from netlab.network.base import SocketAddress
from netlab.network.dnsanswer import Answer, Record
from netlab.network.dnsreferral import Reading
from netlab.network.lab import LabNetwork
from netlab.recording.recorder import Recorder
from netlab.recording.records import Value
from tests.dnsworld import Story, header, play
from tests.nameserver import Answerer, asked, closed_port, respond
from tests.witness import find, need

ROOT, ROOT2, TLD, OWN, OWN2, OTHER = (f"192.0.2.{last}" for last in range(1, 7))
NAME = "www.shop.example"
RECORD = f"{NAME}. 300 IN A 203.0.113.1"

Servers = Mapping[str, Answerer | SocketAddress]


def refer(zone: str, *servers: str, glue: tuple[str, ...] = ()) -> Answerer:
    """Refers everything to these servers; glue are lines `name address`."""

    def answer(query: bytes, _: str) -> bytes:
        pairs = (line.split() for line in glue)
        return respond(
            query, flags="QR", authority=tuple(f"{zone}. 3600 IN NS {one}." for one in servers),
            additional=tuple(f"{name}. 3600 IN A {address}" for name, address in pairs),
        )  # fmt: skip

    return answer


def own(*records: str, flags: str = "QR AA", **said: Any) -> Answerer:
    """Answers with what belongs to the question's name, by authority."""

    def answer(query: bytes, _: str) -> bytes:
        name, rdtype = asked(query)
        fitting = [
            one for one in records
            if one.split()[0] == f"{name}." and one.split()[3] in (rdtype, "CNAME")
        ]  # fmt: skip
        return respond(query, *fitting, flags=flags, **said)

    return answer


def silent(query: bytes, transport: str) -> None:
    return None


TO_EXAMPLE = refer("example", "ns.example", glue=(f"ns.example {TLD}",))
TO_SHOP = refer(
    "shop.example", "ns1.shop.example", "ns2.shop.example",
    glue=(f"ns1.shop.example {OWN}", f"ns2.shop.example {OWN2}"),
)  # fmt: skip
SOUND: dict[str, Answerer | SocketAddress] = {ROOT: TO_EXAMPLE, TLD: TO_SHOP, OWN: own(RECORD)}


def resolved(*addresses: str, ttl: int = 100, error: str | None = None) -> Lookup:
    """What the resolver is taken to have said."""
    records = tuple(Record(NAME, "A", ttl, address) for address in addresses)
    return Lookup(
        NAME, addresses, error=error, answers={"A": Answer(NAME, (), records, error=error)}
    )  # fmt: skip


def go(
    servers: Servers,
    found: Lookup | None = None,
    roots: tuple[str, ...] = (ROOT,),
    total: float = 0.6,
    patience: float = 0.15,
    **options: Any,
) -> tuple[Walked | None, Story]:
    async def run(bench: Bench) -> Walked | None:
        given = resolved("203.0.113.1") if found is None else found
        return await walk.run(bench, NAME, given, total=total, patience=patience, **options)

    return play(run, servers, roots=roots)


def hops(story: Story, *keys: str) -> list[tuple[Value, ...]]:
    found = story.facts["dns.delegation"]
    assert isinstance(found, list)
    rows: list[tuple[Value, ...]] = []
    for hop in found:
        assert isinstance(hop, dict)
        rows.append(tuple(hop[key] for key in keys))
    return rows


def test_from_the_root_to_the_answer() -> None:
    walked, story = go(SOUND)
    assert walked is not None
    assert (walked.addresses, walked.error) == (("203.0.113.1",), None)
    assert hops(story, "zone", "server", "address", "kind", "next_zone", "could_ask") == [
        (".", "a.root", ROOT, "referral", "example", 1),
        ("example", "ns.example", TLD, "referral", "shop.example", 1),
        ("shop.example", "ns1.shop.example", OWN, "answer", None, 2),
    ]
    assert hops(story, "glue", "bailiwick", "transport", "ttl") == [
        (1, True, "udp", 3600), (2, True, "udp", 3600), (None, None, "udp", 300),
    ]  # fmt: skip
    assert all(isinstance(rtt, float) and rtt > 0 for (rtt,) in hops(story, "rtt"))
    assert story.facts["dns.authoritative"] == ["203.0.113.1"]
    assert story.facts["dns.authoritative_ttl"] == 300
    assert "dns.walk_error" not in story.facts
    assert story.findings == []


def test_each_hop_is_two_messages_between_named_actors() -> None:
    _, story = go(SOUND)
    assert [(one.sender, one.receiver) for one in story.messages] == [
        pair for address in (ROOT, TLD, OWN)
        for pair in (("you", f"ns:{address}"), (f"ns:{address}", "you"))
    ]  # fmt: skip
    assert [one.title for one in story.messages][-2:] == [f"A {NAME}?", "NOERROR, 1 answer"]


def test_the_walk_stands_outside_of_the_journey() -> None:
    _, story = go(SOUND)
    assert {one.path for one in story.phases} == {"aside"}
    whole = story.one("walk from the root")
    assert [one.lane for one in story.phases if one.parent == whole.id] == [
        "a.root", "ns.example", "ns1.shop.example"
    ]  # fmt: skip
    assert isinstance(story.facts["dns.walk_time"], float)


def test_it_asks_without_recursion() -> None:
    seen: list[bytes] = []

    def answer(query: bytes, transport: str) -> Any:
        seen.append(query)
        return own(RECORD)(query, transport)

    go({**SOUND, OWN: answer})
    assert seen[0][2] & 0x01 == 0


def test_the_resolvers_age_is_the_lifetime_that_has_passed() -> None:
    _, story = go(SOUND, resolved("203.0.113.1", ttl=120))
    assert story.facts["dns.resolver_age"] == 180
    assert story.facts["dns.difference"] == "none"


def test_a_longer_lifetime_is_no_age() -> None:
    _, story = go(SOUND, resolved("203.0.113.1", ttl=900))
    assert "dns.resolver_age" not in story.facts
    assert any("longer lifetime" in one.title for one in story.findings)


def test_other_addresses_are_explained() -> None:
    _, story = go(SOUND, resolved("203.0.113.9"))
    assert story.facts["dns.difference"] == "other-addresses"
    (finding,) = story.findings
    assert (finding.severity, "CDN" in finding.advice) == ("note", True)


@pytest.mark.parametrize(
    ("resolver", "walk_", "error", "code"),
    [
        (set(), set(), "nxdomain", None),
        ({"a"}, {"a"}, None, "none"),
        ({"a"}, {"a", "b"}, None, "other-addresses"),
        (set(), {"a"}, None, "only-walk"),
        ({"a"}, set(), "nxdomain", "only-resolver"),
        ({"a"}, set(), "blocked", None),
        ({"a"}, set(), "timeout", None),
    ],
)
def test_a_difference_needs_two_that_speak(
    resolver: set[str], walk_: set[str], error: str | None, code: str | None
) -> None:
    assert walk_told.difference(resolver, walk_, error) == code


def test_glue_from_beyond_the_zone_is_not_believed() -> None:
    """It is looked up instead, in a walk of its own that remembers what was passed."""
    poisoned = refer(
        "shop.example", "ns.other.test",
        glue=("ns.other.test 192.0.2.66", f"www.shop.example {OTHER}"),
    )  # fmt: skip

    def root(query: bytes, transport: str) -> Any:
        if asked(query)[0].endswith(".test"):
            return refer("test", "ns.test", glue=(f"ns.test {OTHER}",))(query, transport)
        return TO_EXAMPLE(query, transport)

    servers = {
        ROOT: root, TLD: poisoned, OTHER: own(f"ns.other.test. 60 IN A {OWN}"), OWN: own(RECORD),
    }  # fmt: skip
    walked, story = go(servers)
    assert walked is not None
    assert walked.addresses == ("203.0.113.1",)
    assert hops(story, "zone", "server", "purpose") == [
        (".", "a.root", None),
        ("example", "ns.example", None),
        (".", "a.root", "to find ns.other.test"),
        ("test", "ns.test", "to find ns.other.test"),
        ("shop.example", "ns.other.test", None),
    ]
    assert hops(story, "glue", "bailiwick")[1] == (0, False)
    assert story.facts["dns.glue_refused"] == 1


def test_an_alias_is_followed_from_the_closest_zone_that_is_known() -> None:
    alias = own(f"{NAME}. 60 IN CNAME cdn.other.example.")

    def tld(query: bytes, transport: str) -> Any:
        if asked(query)[0] == "cdn.other.example":
            return refer("other.example", "ns.other.example", glue=(f"ns.other.example {OTHER}",))(
                query, transport
            )
        return TO_SHOP(query, transport)

    target = own("cdn.other.example. 20 IN A 203.0.113.7")
    walked, story = go({ROOT: TO_EXAMPLE, TLD: tld, OWN: alias, OTHER: target})
    assert walked is not None
    assert walked.addresses == ("203.0.113.7",)
    assert hops(story, "zone", "kind", "next_zone") == [
        (".", "referral", "example"),
        ("example", "referral", "shop.example"),
        ("shop.example", "cname", "cdn.other.example"),
        ("example", "referral", "other.example"),
        ("other.example", "answer", None),
    ]
    assert story.facts["dns.authoritative_ttl"] == 20


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (own(flags="QR"), "lame"),
        (own(RECORD, flags="QR RA"), "lame"),
        (own(rcode="REFUSED", flags="QR"), "refused"),
        (own(rcode="SERVFAIL", flags="QR"), "servfail"),
        (lambda query, _: respond(query, RECORD)[:-3], "malformed"),
        (silent, "timeout"),
        (closed_port(), "unreachable"),
        (refer("example", "ns.example"), "lame"),
    ],
)
def test_a_server_of_no_use_is_followed_by_the_next(
    bad: Answerer | SocketAddress, kind: str
) -> None:
    walked, story = go({**SOUND, OWN: bad, OWN2: own(RECORD)})
    assert walked is not None
    assert walked.error is None
    assert hops(story, "server", "kind")[2:] == [
        ("ns1.shop.example", kind), ("ns2.shop.example", "answer")
    ]  # fmt: skip
    (finding,) = story.findings
    assert (finding.severity, kind in finding.title) == ("warning", True)


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (own(flags="QR"), "lame"),
        (own(rcode="REFUSED", flags="QR"), "refused"),
        (own(rcode="SERVFAIL", flags="QR"), "servfail"),
        (own(rcode="NXDOMAIN"), "nxdomain"),
        (own(), "nodata"),
        (lambda query, _: respond(query, RECORD)[:-3], "malformed"),
        (silent, "timeout"),
        (closed_port(), "unreachable"),
        (
            own(
                f"{NAME}. 60 IN CNAME b.shop.example.",
                f"b.shop.example. 60 IN CNAME {NAME}.",
            ),
            "cname-loop",
        ),
    ],
)
@pytest.mark.parametrize("error", [None, "servfail"])
def test_every_end_has_its_code_and_a_finding(
    last: Answerer | SocketAddress, code: str, error: str | None
) -> None:
    found = resolved(error=error) if error else resolved("203.0.113.1")
    walked, story = go({**SOUND, OWN: last, OWN2: last}, found)
    assert walked is not None
    assert (walked.addresses, walked.error, story.facts["dns.walk_error"]) == ((), code, code)
    severity = (
        "note" if code in walk_told.HARMLESS else "fault" if error else "warning"
    )  # fmt: skip
    titles = [one for one in story.findings if one.severity == severity]
    assert titles
    assert not any("{" in one.title + one.advice for one in story.findings)
    assert story.one("walk from the root").outcome == "failed"


@pytest.mark.parametrize(
    "root", [silent, own(rcode="REFUSED", flags="QR"), own(RECORD, flags="QR RA")]
)
def test_a_blocked_port_is_said_and_is_no_fault(root: Answerer) -> None:
    _, story = go({ROOT: root, ROOT2: root}, roots=(ROOT, ROOT2))
    assert story.facts["dns.walk_error"] == "blocked"
    (finding,) = story.findings
    assert (finding.severity, "journey does not" in finding.advice) == ("note", True)
    assert "dns.difference" not in story.facts


def test_the_next_root_server_is_asked() -> None:
    walked, story = go({**SOUND, ROOT: silent, ROOT2: TO_EXAMPLE}, roots=(ROOT, ROOT2))
    assert walked is not None
    assert walked.error is None
    assert hops(story, "server", "kind")[:2] == [("a.root", "timeout"), ("b.root", "referral")]


def test_three_servers_of_a_zone_are_enough() -> None:
    roots = tuple(f"192.0.2.{last}" for last in range(101, 108))
    refused = own(rcode="REFUSED", flags="QR")
    _, story = go(dict.fromkeys(roots, refused), roots=roots)
    assert len(hops(story, "server")) == 3


def test_no_route_to_any_root_server() -> None:
    walked, story = go({}, roots=(ROOT, ROOT2))
    assert walked is not None
    assert walked.error == "unreachable"
    assert hops(story, "rtt", "kind") == [(None, "unreachable")] * 2
    assert story.messages == []


def test_zones_whose_servers_lie_in_each_other() -> None:
    def tld(query: bytes, transport: str) -> Any:
        shop = asked(query)[0].endswith("shop.example")
        zone, server = ("shop", "ns.yard") if shop else ("yard", "ns.shop")
        return refer(f"{zone}.example", f"{server}.example")(query, transport)

    walked, story = go({ROOT: TO_EXAMPLE, TLD: tld}, resolved(error="servfail"))
    assert walked is not None
    assert walked.error == "loop"
    assert [one.severity for one in story.findings] == ["fault"]


def test_an_endless_delegation_is_given_up() -> None:
    """Each server's only server has a name one zone further down, and no address."""

    def tld(query: bytes, transport: str) -> Any:
        name, _ = asked(query)
        zone = ".".join(name.split(".")[-2:])
        return refer(zone, f"ns.x{zone}")(query, transport)

    walked, story = go({ROOT: TO_EXAMPLE, TLD: tld})
    assert walked is not None
    assert walked.error == "too-long"
    assert len(hops(story, "zone")) < QUESTIONS


def test_an_endless_chain_of_aliases_is_given_up() -> None:
    to_all = refer("example", "ns.example", glue=(f"ns.example {TLD}",))

    def tld(query: bytes, transport: str) -> Any:
        zone = ".".join(asked(query)[0].split(".")[-2:])
        return refer(zone, f"ns.{zone}", glue=(f"ns.{zone} {OWN}",))(query, transport)

    def hop(query: bytes, transport: str) -> Any:
        name, _ = asked(query)
        number = int(match[1]) if (match := re.match(r"\D*(\d+)", name)) else 0
        return respond(query, f"{name}. 9 IN CNAME h{number + 1}.z{number}.example.", flags="QR AA")

    walked, _ = go({ROOT: to_all, TLD: tld, OWN: hop}, total=5.0)
    assert walked is not None
    assert walked.error == "too-long"


def test_the_whole_walk_is_bounded_in_time() -> None:
    glue = tuple(f"ns{i}.shop.example 192.0.2.{100 + i}" for i in range(3))
    names = tuple(line.split()[0] for line in glue)
    servers: dict[str, Answerer | SocketAddress] = {
        ROOT: TO_EXAMPLE, TLD: refer("shop.example", *names, glue=glue),
        **{line.split()[1]: silent for line in glue},
    }  # fmt: skip
    walked, story = go(servers, total=0.2, patience=5.0)
    assert walked is not None
    assert walked.error == "timeout"
    assert isinstance(story.facts["dns.walk_time"], float)
    assert story.facts["dns.walk_time"] < 2.0
    assert len(hops(story, "server")) == 3


def test_there_is_nothing_to_walk_to() -> None:
    walked, story = go(SOUND, Lookup("localhost", ("127.0.0.1",), asked=False))
    assert (walked, story.facts, story.messages) == (None, {}, [])


@pytest.mark.parametrize(
    ("v4", "v6", "family", "rdtype"),
    [(True, True, None, "A"), (True, False, None, "A"), (False, True, None, "AAAA"),
     (False, False, None, "A"), (True, True, 6, "AAAA"), (False, True, 4, "A")],
)  # fmt: skip
def test_the_question_is_one_that_the_resolver_answered(
    v4: bool, v6: bool, family: Any, rdtype: str
) -> None:
    def answer(kind: str, there: bool) -> Answer:
        return Answer(NAME, records=(Record(NAME, kind, 1, "x"),) if there else ())

    found = Lookup(NAME, answers={"A": answer("A", v4), "AAAA": answer("AAAA", v6)})
    assert walk.question_type(found, family) == rdtype


def test_a_refusal_further_down_is_no_blocked_port() -> None:
    def hop(zone: str, kind: str) -> Hop:
        return Hop(zone, "s", "a", "q", Reading(kind), 1)

    assert reason(End("refused"), [hop(".", "referral"), hop("com", "refused")]) == "refused"
    assert reason(End("loop"), []) == "loop"


async def through_the_lab(bench: Bench, name: str) -> Walked | None:
    found = await lookup.run(bench, name, Places("none"))
    return await walk.run(bench, name, found)


def in_the_lab(lab: Lab, name: str) -> tuple[Walked | None, Story]:
    import asyncio

    recorder = Recorder(header())
    walked = asyncio.run(through_the_lab(Bench(recorder, LabNetwork(lab)), name))
    return walked, Story(recorder.finish().records)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("www.google.com", None),
        ("www.naver.com", None),
        ("cdn.example.net", None),
        ("truncated.broken.example.org", None),
        ("nxdomain.broken.example.org", "nxdomain"),
        ("nodata.broken.example.org", "nodata"),
        ("servfail.broken.example.org", "servfail"),
        ("refused-dns.broken.example.org", "refused"),
        ("lame.broken.example.org", "lame"),
        ("delegation-loop.broken.example.org", "loop"),
        ("cname-loop.broken.example.org", "cname-loop"),
    ],
)
def test_the_labs_hosts_end_as_they_are_meant_to(lab: Lab, name: str, error: str | None) -> None:
    walked, story = in_the_lab(lab, name)
    assert walked is not None
    assert walked.error == error
    if error is None:
        assert story.facts["dns.difference"] == "none"
        assert int(str(story.facts["dns.resolver_age"])) >= 0


def dig(at: SocketAddress, *words: str) -> str:
    program = find("dig")
    assert program is not None
    line = [program, f"@{at[0]}", "-p", str(at[1]), "+tries=1", "+time=5", *words]
    return subprocess.run(line, capture_output=True, text=True, timeout=20, check=True).stdout


@pytest.mark.witness
@pytest.mark.parametrize("name", ["www.google.com", "www.example.com"])
def test_dig_sees_the_same_at_every_hop(lab: Lab, name: str) -> None:
    """Each server that was walked past refers dig to the same zone; the last gives the answer."""
    need("dig")
    walked, story = in_the_lab(lab, name)
    assert walked is not None
    for hop in walked.hops:
        at = LabNetwork(lab).dialled(hop.address, 53, "udp")
        said = dig(at, "+norecurse", name, "A")
        if hop.reading.cut is None:
            answers = re.findall(rf"^{re.escape(name)}\.\s+(\d+)\s+IN\s+A\s+(\S+)$", said, re.M)
            assert {address for _, address in answers} == set(walked.addresses)
            assert {int(ttl) for ttl, _ in answers} == {story.facts["dns.authoritative_ttl"]}
            assert " aa" in said
        else:
            zones = re.findall(r"^(\S+)\s+(\d+)\s+IN\s+NS\s+(\S+)\.$", said, re.M)
            cut = hop.reading.cut
            assert {zone for zone, _, _ in zones} == {cut.zone.to_text()}
            assert {server for _, _, server in zones} == set(cut.servers)
            assert {int(ttl) for _, ttl, _ in zones} == {cut.ttl}


@pytest.mark.witness
def test_dig_sees_the_same_at_the_resolver(lab: Lab) -> None:
    need("dig")
    _, story = in_the_lab(lab, "cdn.example.net")
    facts = story.facts
    at = (str(facts["dns.resolver_host"]), int(str(facts["dns.resolver_port"])))
    said = dig(at, "cdn.example.net", "A")
    chain = re.findall(r"^(\S+)\.\s+\d+\s+IN\s+CNAME\s+(\S+)\.$", said, re.M)
    links = facts["dns.cname_chain"]
    assert isinstance(links, list)
    assert chain == [(one["name"], one["target"]) for one in links if isinstance(one, dict)]
    (flags,) = re.findall(r"^;; flags: ([a-z ]+);", said, re.M)
    assert facts["dns.flags"] == flags.split()
    assert "203.0.113.40" in said
    assert "203.0.113.40" in str(facts["dns.answers"])
