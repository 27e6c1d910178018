from collections.abc import Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from dns.rcode import Rcode
from dns.rdatatype import RdataType
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.lab.dnsanswer import answer, misbehave, outcome, read, render
from netlab.lab.zones import Manner, name_servers

SERVERS = {server.name: server for server in name_servers()}
ROOTS = dns.rrset.from_text(".", 518_400, "IN", "NS", "a.root-servers.net.")


def ask(server: str, name: str, rdtype: str = "A", **options: int) -> dns.message.Message:
    """What a server says, as it comes out of the octets that it sends over TCP."""
    query = dns.message.make_query(name, rdtype, flags=0, **options)  # type: ignore[arg-type]
    return dns.message.from_wire(render(answer(SERVERS[server].zones, query), query, "tcp"))


def lines(section: Sequence[dns.rrset.RRset]) -> list[str]:
    return sorted(line for rrset in section for line in rrset.to_text().splitlines())


def test_the_root_refers_to_the_tld_with_glue() -> None:
    response = ask("a.root-servers.net", "www.google.com")
    assert outcome(response) == "referral"
    assert not response.flags & dns.flags.AA
    assert not response.answer
    assert lines(response.authority) == [
        f"com. 172800 IN NS {letter}.gtld-servers.net." for letter in "acm"
    ]
    assert "a.gtld-servers.net. 172800 IN A 192.0.2.11" in lines(response.additional)
    assert "a.gtld-servers.net. 172800 IN AAAA 2001:db8:2::1" in lines(response.additional)


def test_the_zones_own_server_answers_with_authority() -> None:
    response = ask("ns1.google.com", "www.google.com")
    assert response.flags & dns.flags.AA
    assert not response.flags & dns.flags.RA
    assert lines(response.answer) == ["www.google.com. 300 IN A 203.0.113.10"]


def test_a_referral_out_of_the_servers_space_brings_no_addresses() -> None:
    response = ask("a.gtld-servers.net", "cdn.example.net")
    assert outcome(response) == "referral"
    assert not response.additional


def test_a_server_of_parent_and_child_refers_from_the_child() -> None:
    response = ask("b.dns.kr", "www.example.co.kr")
    assert [rrset.name.to_text() for rrset in response.authority] == ["example.co.kr."]


def test_an_alias_is_followed_within_the_zone_only() -> None:
    response = ask("ns1.naver.com", "www.naver.com")
    assert outcome(response) == "cname"
    assert lines(response.answer) == ["www.naver.com. 600 IN CNAME www.naver.com.nheos.com."]
    inner = ask("ns1.edge.example.com", "cdn.example.net.edge.example.com")
    assert lines(inner.answer) == [
        "cdn.example.net.edge.example.com. 60 IN CNAME e7.edge.example.com.",
        "e7.edge.example.com. 20 IN A 203.0.113.40",
    ]


def test_an_alias_asked_for_is_not_followed() -> None:
    response = ask("ns1.edge.example.com", "cdn.example.net.edge.example.com", "CNAME")
    assert outcome(response) == "answer"
    assert len(response.answer) == 1


def test_an_alias_into_a_delegated_zone_stands_alone() -> None:
    """example.com's server also holds example.net, but answers from one zone at a time."""
    response = ask("ns1.example.com", "cdn.example.net")
    assert lines(response.answer) == [
        "cdn.example.net. 300 IN CNAME cdn.example.net.edge.example.com."
    ]


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode", "word"),
    [
        ("nxdomain.broken.example.org", "A", Rcode.NXDOMAIN, "nxdomain"),
        ("nodata.broken.example.org", "A", Rcode.NOERROR, "nodata"),
        ("link-1.broken.example.org", "A", Rcode.NOERROR, "nodata"),
        ("expired.broken.example.org", "AAAA", Rcode.NOERROR, "nodata"),
    ],
)
def test_a_no_carries_the_soa(name: str, rdtype: str, rcode: Rcode, word: str) -> None:
    response = ask("ns1.broken.example.org", name, rdtype)
    assert (response.rcode(), outcome(response)) == (rcode, word)
    assert response.flags & dns.flags.AA
    assert [rrset.rdtype for rrset in response.authority] == [RdataType.SOA]
    assert response.authority[0].ttl == response.authority[0][0].minimum == 60


def test_a_zone_not_held_is_refused() -> None:
    assert ask("ns1.google.com", "www.naver.com").rcode() == Rcode.REFUSED


def test_ds_is_the_parents_to_answer() -> None:
    response = ask("a.gtld-servers.net", "google.com", "DS")
    assert outcome(response) == "nodata"
    assert response.authority[0].name.to_text() == "com."
    assert ask("b.dns.kr", "co.kr", "DS").authority[0].name.to_text() == "kr."


def test_a_loop_of_aliases_is_told_once_round() -> None:
    response = ask("ns1.broken.example.org", "cname-loop.broken.example.org")
    assert len(response.answer) == 2
    assert all(rrset.rdtype == RdataType.CNAME for rrset in response.answer)


def test_any_gets_one_small_record_and_a_transfer_is_refused() -> None:
    response = ask("ns1.google.com", "google.com", "ANY")
    assert [rrset.rdtype for rrset in response.answer] == [RdataType.HINFO]
    assert ask("ns1.google.com", "google.com", "AXFR").rcode() == Rcode.REFUSED
    assert ask("ns1.google.com", "google.com", "MAILA").rcode() == Rcode.NOTIMP


def test_another_class_is_refused_and_a_later_edns_named_as_bad() -> None:
    chaos = dns.message.make_query("version.bind", "TXT", "CH")
    assert answer(SERVERS["ns1.google.com"].zones, chaos).rcode() == Rcode.REFUSED
    assert ask("ns1.google.com", "google.com", use_edns=1).rcode() == Rcode.BADVERS


def test_the_case_of_the_question_is_kept() -> None:
    response = ask("ns1.google.com", "wWw.GooGle.cOm")
    assert response.question[0].name.to_text() == "wWw.GooGle.cOm."
    assert response.answer[0].name.to_text() == "wWw.GooGle.cOm."


def test_edns_is_spoken_to_who_speaks_it() -> None:
    assert ask("ns1.google.com", "google.com").edns == -1
    spoken = ask("ns1.google.com", "google.com", use_edns=0)
    assert (spoken.edns, spoken.payload) == (0, 1232)


@pytest.mark.parametrize(
    ("edns", "payload", "room"), [(-1, 0, 512), (0, 100, 512), (0, 900, 900), (0, 65535, 1232)]
)
def test_what_does_not_fit_is_cut_off_and_says_so(edns: int, payload: int, room: int) -> None:
    options = {"use_edns": edns, "payload": payload} if edns == 0 else {}
    query = dns.message.make_query("truncated.broken.example.org", "A", **options)  # type: ignore[arg-type]
    whole = answer(SERVERS["ns1.broken.example.org"].zones, query)
    wire = render(whole, query, "udp")
    assert len(wire) <= room
    cut = dns.message.from_wire(wire)
    assert cut.flags & dns.flags.TC
    assert cut.edns == edns
    full = dns.message.from_wire(render(whole, query, "tcp"))
    assert not full.flags & dns.flags.TC
    assert full.answer[-1].to_text().endswith(" 300 IN A 198.51.100.9")


@pytest.mark.parametrize(
    ("manner", "rcode"), [("servfail", Rcode.SERVFAIL), ("refused", Rcode.REFUSED)]
)
def test_a_failing_server_says_so(manner: Manner, rcode: Rcode) -> None:
    response = misbehave(manner, dns.message.make_query("a.example", "A"), ROOTS)
    assert response is not None
    assert response.rcode() == rcode


def test_a_lame_server_points_upwards_and_a_silent_one_nowhere() -> None:
    query = dns.message.make_query("a.example", "A")
    lame = misbehave("lame", query, ROOTS)
    assert lame is not None
    assert not lame.flags & dns.flags.AA
    assert lines(lame.authority) == [". 518400 IN NS a.root-servers.net."]
    assert misbehave("silent", query, ROOTS) is None


QUERY = dns.message.make_query("www.google.com", "A", id=0x1234).to_wire()


def test_what_cannot_be_read_gets_a_bare_header() -> None:
    assert read(QUERY[:-1]) == bytes.fromhex("1234 8101 0000 0000 0000 0000")
    assert read(QUERY[:4] + b"\0\2" + QUERY[6:]) == bytes.fromhex("1234 8101") + bytes(8)


def test_another_opcode_is_not_implemented() -> None:
    update = QUERY[:2] + b"\x28\x00" + QUERY[4:]
    assert read(update) == bytes.fromhex("1234 a804") + bytes(8)


def test_what_is_no_query_gets_no_answer() -> None:
    assert read(b"") is None
    assert read(QUERY[:11]) is None
    assert read(QUERY[:2] + b"\x81\x00" + QUERY[4:]) is None


def spoilt(changes: list[tuple[int, int]]) -> bytes:
    """A good query of which some octets are something else."""
    wire = bytearray(QUERY)
    for at, value in changes:
        wire[at % len(wire)] = value
    return bytes(wire)


CHANGES = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=4)


@settings(deadline=None)
@given(CHANGES.map(spoilt) | st.binary(max_size=600))
def test_no_octets_make_a_server_fail(wire: bytes) -> None:
    query = read(wire)
    if isinstance(query, dns.message.Message):
        for server in ("a.root-servers.net", "ns1.google.com"):
            response = answer(SERVERS[server].zones, query)
            assert outcome(response)
            assert len(render(response, query, "udp")) <= 1232
