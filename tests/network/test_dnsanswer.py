"""What a response says about a question, and what of it is believed."""

import base64
from typing import Any

import dns.edns
import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.network.dnsanswer import (
    Answer,
    Record,
    Service,
    extended_errors,
    read_answer,
)
from netlab.network.dnsclient import Exchange, Fault, make_query, read
from tests.nameserver import respond

ECH = base64.b64encode(bytes.fromhex("0008fe0d0004") + b"keys").decode()


def exchange(*records: str, rdtype: str = "A", **said: Any) -> Exchange:
    query = make_query("www.example", rdtype, True, 1232)
    return arrived(query, respond(query.to_wire(), *records, **said))


def arrived(query: dns.message.Message, wire: bytes) -> Exchange:
    response, fault = read(query, wire)
    return Exchange(
        ("192.0.2.53", 53), "udp", query.to_wire(), 0, 0, 1, wire, response, fault
    )  # fmt: skip


def answer(*records: str, rdtype: str = "A", **said: Any) -> Answer:
    return read_answer(exchange(*records, rdtype=rdtype, **said), "www.example", rdtype)


def test_addresses_with_their_lifetime() -> None:
    got = answer("www.example. 300 IN A 192.0.2.1", "www.example. 300 IN A 192.0.2.2")
    assert got.addresses == ("192.0.2.1", "192.0.2.2")
    assert got.records[0] == Record("www.example", "A", 300, "192.0.2.1")
    assert (got.ttl, got.error, got.links) == (300, None, ())


def test_a_chain_of_aliases_with_a_lifetime_per_link() -> None:
    got = answer(
        "c.example. 20 IN AAAA 2001:db8::1",
        "www.example. 300 IN CNAME b.example.",
        "b.example. 60 IN CNAME c.example.",
        rdtype="AAAA",
    )
    assert [(link.name, link.data, link.ttl) for link in got.links] == [
        ("www.example", "b.example", 300),
        ("b.example", "c.example", 60),
    ]
    assert (got.addresses, got.ttl) == (("2001:db8::1",), 20)


def test_records_that_do_not_follow_from_the_question_are_not_believed() -> None:
    got = answer("evil.example. 300 IN A 192.0.2.66", "www.example. 300 IN CNAME b.example.")
    assert (got.addresses, got.error, got.owner) == ((), "nodata", "b.example")


SOA, NS = "example. 9 IN SOA ns.example. a.example. 1 2 3 4 5", "example. 9 IN NS ns.example."


@pytest.mark.parametrize(
    ("authority", "flags", "error"),
    [
        ((NS,), "QR", "referral"),
        ((NS,), "QR AA", "nodata"),
        ((NS, SOA), "QR RA", "nodata"),
        ((SOA,), "QR RA", "nodata"),
        ((), "QR RA", "nodata"),
    ],
)
def test_an_empty_answer_denies_or_refers(
    authority: tuple[str, ...], flags: str, error: str
) -> None:
    assert answer(authority=authority, flags=flags).error == error


def test_a_loop_is_told_whatever_the_code() -> None:
    loop = ("www.example. 9 IN CNAME b.example.", "b.example. 9 IN CNAME WWW.example.")
    assert answer(*loop).error == "cname-loop"
    assert answer(*loop, rcode="SERVFAIL").error == "cname-loop"
    assert len(answer(*loop).links) == 2


def test_an_endless_chain_is_a_loop() -> None:
    links = [f"n{i}.example. 9 IN CNAME n{i + 1}.example." for i in range(40)]
    got = answer("www.example. 9 IN CNAME n0.example.", *links)
    assert (got.error, len(got.links)) == ("cname-loop", 17)


@pytest.mark.parametrize(
    ("rcode", "error"),
    [("NXDOMAIN", "nxdomain"), ("SERVFAIL", "servfail"), ("REFUSED", "refused"),
     ("NOTIMP", "notimp"), ("NOERROR", "nodata")],
)  # fmt: skip
def test_every_failure_has_its_code(rcode: str, error: str) -> None:
    assert answer(rcode=rcode).error == error


@pytest.mark.parametrize("fault", ["timeout", "unreachable", "malformed"])
def test_no_response_is_a_failure_too(fault: Fault) -> None:
    lost = Exchange(("192.0.2.53", 53), "udp", b"", 0, 0, 1, fault=fault)
    assert read_answer(lost, "www.example", "A") == Answer("www.example", error=fault)
    assert extended_errors(lost) == ()


def test_a_lifetime_beyond_all_bounds_is_none() -> None:
    query = make_query("www.example", "A", True, None)
    wire = respond(query.to_wire(), "www.example. 9 IN A 192.0.2.1")
    huge = wire.replace((9).to_bytes(4), (2**32 - 1).to_bytes(4))
    assert read_answer(arrived(query, huge), "www.example", "A").ttl == 0


def test_https_records() -> None:
    got = answer(
        "www.example. 300 IN HTTPS 1 . mandatory=alpn alpn=h2,h3 no-default-alpn port=8443 "
        f"ipv4hint=192.0.2.1 ech={ECH} ipv6hint=2001:db8::1 key777=x",
        rdtype="HTTPS",
    )
    assert got.services == (
        Service(
            1,
            ".",
            {
                "mandatory": "alpn",
                "alpn": ["h2", "h3"],
                "no-default-alpn": "",
                "port": 8443,
                "ipv4hint": ["192.0.2.1"],
                "ech": ECH,
                "ipv6hint": ["2001:db8::1"],
                "key777": "x",
            },
        ),
    )
    alias = answer("www.example. 300 IN HTTPS 0 pool.example.", rdtype="HTTPS")
    assert alias.services == (Service(0, "pool.example", {}),)


def test_control_characters_in_names_stay_escaped() -> None:
    got = answer("www.example. 300 IN CNAME a\\027[31m.example.")
    assert got.links[0].data == "a\\027[31m.example"


def test_what_a_server_says_of_its_failure() -> None:
    failed = exchange(rcode="SERVFAIL")
    assert failed.response is not None
    assert extended_errors(failed) == ()
    failed.response.use_edns(
        options=[
            dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "all servers are silent"),
            dns.edns.EDEOption(dns.edns.EDECode(6)),
            dns.edns.EDEOption(dns.edns.EDECode(64999)),
        ]
    )
    assert extended_errors(failed) == (
        "no reachable authority: all servers are silent", "dnssec bogus", "code 64999",
    )  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_to_an_answer_makes_reading_fail(data: st.DataObject) -> None:
    rdtype = data.draw(st.sampled_from(["A", "HTTPS", "CNAME"]))
    query = make_query("www.example", rdtype, True, 1232)
    wire = bytearray(
        respond(
            query.to_wire(),
            "www.example. 9 IN CNAME b.example.",
            "b.example. 9 IN A 192.0.2.1",
            f"b.example. 9 IN HTTPS 1 . alpn=h2 port=443 ech={ECH}",
        )
    )
    for _ in range(data.draw(st.integers(1, 8))):
        wire[data.draw(st.integers(12, len(wire) - 1))] = data.draw(st.integers(0, 255))
    got = read_answer(arrived(query, bytes(wire)), "www.example", rdtype)
    assert len(got.links) <= 17
    assert all(isinstance(one.data, str) for one in (*got.links, *got.records))
