"""The resolver's algorithm against servers that are mere functions: no socket, no time."""

import asyncio
from collections.abc import Callable, Mapping

import dns.message
import dns.name
import dns.rrset
import pytest
from dns.rcode import Rcode
from dns.rdatatype import RdataType

from netlab.lab import dnsrecursion
from netlab.lab.dns import hints
from netlab.lab.dnsanswer import answer, misbehave
from netlab.lab.dnscache import Cut, Failed, Found
from netlab.lab.dnsrecursion import Errand, Recursion, judge
from netlab.lab.zones import NameServer, name_servers

SERVERS = {address: server for server in name_servers() for address in server.addresses}
ROOTS = dns.rrset.from_text(".", 518_400, "IN", "NS", "a.root-servers.net.")
Says = Callable[[dns.message.Message], dns.message.Message]


class Internet:
    """All name servers of the lab as functions; `asked` says who was asked what."""

    def __init__(self, instead: Mapping[str, Says | Exception] | None = None) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.instead = instead or {}

    async def ask(self, query: dns.message.Message, address: str) -> dns.message.Message:
        question = query.question[0]
        name = question.name.to_text()
        self.asked.append((address, name, RdataType(question.rdtype).name))
        match self.instead.get(address):
            case Exception() as error:
                raise error
            case None:
                response = respond(SERVERS[address], query)
            case says:
                response = says(query)
        return dns.message.from_wire(response.to_wire())


def respond(server: NameServer, query: dns.message.Message) -> dns.message.Message:
    if not server.manner:
        return answer(server.zones, query)
    response = misbehave(server.manner, query, ROOTS)
    if response is None:
        raise TimeoutError
    return response


def name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


def resolve(internet: Internet, *questions: tuple[str, str], now: float = 0.0) -> Found:
    """The answer to the last of the questions, put to one resolver in turn."""
    recursion = Recursion(internet.ask, hints(), lambda: now)

    async def run() -> Found:
        for text, rdtype in questions:
            found = await recursion.resolve(Errand(), name(text), RdataType.from_text(rdtype))
        return found

    return asyncio.run(run())


def failure(internet: Internet, text: str) -> Failed:
    with pytest.raises(Failed) as caught:
        resolve(internet, (text, "A"))
    return caught.value


def texts(found: Found) -> list[str]:
    return sorted(line for rrset in found.records for line in rrset.to_text().splitlines())


def test_the_walk_goes_from_the_root_down() -> None:
    internet = Internet()
    found = resolve(internet, ("www.google.com", "A"))
    assert texts(found) == ["www.google.com. 300 IN A 203.0.113.10"]
    zones = [
        {zone.origin.to_text() for zone in SERVERS[address].zones}
        for address, _, _ in internet.asked
    ]
    assert len(zones) == 3
    assert all(zone in its for zone, its in zip((".", "com.", "google.com."), zones, strict=True))


def test_what_is_known_is_not_asked_again() -> None:
    internet = Internet()
    resolve(internet, ("www.google.com", "A"), ("www.google.com", "A"))
    assert len(internet.asked) == 3
    resolve(internet, ("www.google.com", "A"), ("google.com", "A"))
    assert len(internet.asked) == 3 + 4, "the second name needs google.com's own server alone"


def test_a_no_is_kept_too() -> None:
    internet = Internet()
    for question in (("github.com", "A"), ("www.google.com", "AAAA")):
        resolve(internet, question, question)
    assert [asked[1] for asked in internet.asked].count("github.com.") == 2


def test_a_chain_is_followed_across_zones() -> None:
    internet = Internet()
    found = resolve(internet, ("cdn.example.net", "A"))
    assert texts(found) == [
        "cdn.example.net. 300 IN CNAME cdn.example.net.edge.example.com.",
        "cdn.example.net.edge.example.com. 60 IN CNAME e7.edge.example.com.",
        "e7.edge.example.com. 20 IN A 203.0.113.40",
    ]
    looked_up = {asked for _, asked, rdtype in internet.asked if asked.startswith("ns")}
    assert looked_up <= {"ns1.example.com.", "ns2.example.com."}
    assert len(looked_up) == 1, "a server without glue is looked up first"


@pytest.mark.parametrize(
    ("text", "rcode"),
    [
        ("nxdomain.broken.example.org", Rcode.NXDOMAIN),
        ("nodata.broken.example.org", Rcode.NOERROR),
    ],
)
def test_a_no_comes_with_its_soa(text: str, rcode: Rcode) -> None:
    found = resolve(Internet(), (text, "A"))
    assert (found.records, found.rcode) == ((), rcode)
    assert found.soa is not None
    assert found.soa.ttl == 60


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("servfail", "198.51.100.181 answered SERVFAIL"),
        ("refused-dns", "198.51.100.182 answered REFUSED"),
        ("silent-dns", "198.51.100.183 did not answer"),
        ("lame", "198.51.100.184 does not serve it"),
        ("delegation-loop", "leads back to itself"),
        ("cname-loop", "the CNAME records lead in a circle"),
    ],
)
def test_each_breakage_is_named(label: str, said: str) -> None:
    assert said in failure(Internet(), f"{label}.broken.example.org").text


def test_a_loop_of_aliases_shows_the_aliases() -> None:
    assert len(failure(Internet(), "cname-loop.broken.example.org").records) == 2


def test_a_silent_server_is_asked_twice() -> None:
    internet = Internet()
    failure(internet, "silent-dns.broken.example.org")
    assert [asked[0] for asked in internet.asked].count("198.51.100.183") == 2


def test_a_stopped_server_is_passed_over() -> None:
    refusing = {f"198.51.100.{last}": ConnectionRefusedError() for last in (129, 130, 131)}
    found = resolve(Internet(refusing), ("www.google.com", "A"))
    assert texts(found) == ["www.google.com. 300 IN A 203.0.113.10"]


def test_what_is_said_of_other_zones_is_not_believed() -> None:
    """A server of naver.com that also tells addresses of its own making for google.com."""

    def poison(query: dns.message.Message) -> dns.message.Message:
        response = answer(SERVERS["198.51.100.141"].zones, query)
        for owner in ("www.naver.com.nheos.com.", "www.google.com."):
            response.answer.append(dns.rrset.from_text(owner, 60, "IN", "A", "192.0.2.66"))
        return response

    internet = Internet({"198.51.100.141": poison, "198.51.100.142": poison})
    found = resolve(internet, ("www.naver.com", "A"), ("www.google.com", "A"))
    assert texts(found) == ["www.google.com. 300 IN A 203.0.113.10"]
    assert "192.0.2.66" not in " ".join(texts(resolve(internet, ("www.naver.com", "A"))))


def test_glue_of_other_zones_is_not_believed() -> None:
    def poison(query: dns.message.Message) -> dns.message.Message:
        response = answer(SERVERS["192.0.2.21"].zones, query)
        target = dns.rrset.from_text("example.org.", 60, "IN", "NS", "ns1.example.com.")
        response.authority = [target]
        glue = dns.rrset.from_text("ns1.example.com.", 60, "IN", "A", "192.0.2.66")
        response.additional = [glue]
        return response

    internet = Internet(dict.fromkeys(("192.0.2.21", "192.0.2.22"), poison))
    failure(internet, "www.example.org")
    assert "192.0.2.66" not in {asked[0] for asked in internet.asked}


def test_a_referral_upwards_or_in_place_is_lame() -> None:
    query = dns.message.make_query("www.google.com", "A")
    for owner in (".", "com.", "google.com.", "naver.com."):
        response = dns.message.make_response(query)
        response.authority.append(dns.rrset.from_text(owner, 60, "IN", "NS", "ns1.google.com."))
        verdict = judge(response, name("google.com"), name("www.google.com"), RdataType.A)
        assert verdict == "lame", owner


def test_the_number_of_questions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnsrecursion, "QUESTIONS", 2)
    internet = Internet()
    assert failure(internet, "www.google.com").text == "too many questions for one answer"
    assert len(internet.asked) == 2


def test_the_time_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silence(Internet):
        async def ask(self, query: dns.message.Message, address: str) -> dns.message.Message:
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    monkeypatch.setattr(dnsrecursion, "TOTAL", 0.0)
    assert "in time" in failure(Silence(), "www.google.com").text


def test_a_failure_is_remembered_for_a_moment() -> None:
    internet = Internet({address: OSError("no") for address in SERVERS})
    now = 0.0
    recursion = Recursion(internet.ask, hints(), lambda: now)

    def fails() -> int:
        before = len(internet.asked)
        with pytest.raises(Failed):
            asyncio.run(recursion.resolve(Errand(), name("www.google.com"), RdataType.A))
        return len(internet.asked) - before

    assert fails() > 0
    assert fails() == 0
    now = 1.0
    assert fails() > 0


def test_a_name_server_too_many_look_ups_away_is_given_up() -> None:
    """Each zone's server lies in another zone without glue, one step further every time."""

    def onward(query: dns.message.Message) -> dns.message.Message:
        asked = query.question[0].name.to_text().split(".")[-2]
        further = f"z{int(asked[1:]) + 1}"
        response = dns.message.make_response(query)
        record = dns.rrset.from_text(f"{asked}.", 60, "IN", "NS", f"ns.{further}.")
        response.authority.append(record)
        return response

    internet = Internet({"192.0.2.1": onward})
    alone = Cut(dns.name.root, {name("a.root-servers.net"): ("192.0.2.1",)}, 60)
    recursion = Recursion(internet.ask, alone, lambda: 0.0)
    with pytest.raises(Failed, match="too many look-ups deep"):
        asyncio.run(recursion.resolve(Errand(), name("www.z1"), RdataType.A))
    assert len(internet.asked) == 1 + dnsrecursion.DEPTH
