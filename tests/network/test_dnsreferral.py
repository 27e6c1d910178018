"""What a name server's response means on the way down from the root."""

from typing import Any

import dns.name
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.network.dnsclient import Exchange, make_query, read
from netlab.network.dnsreferral import Reading, read_response
from tests.nameserver import respond

NAME = dns.name.from_text("www.shop.example")
EXAMPLE = dns.name.from_text("example")
QUERY = make_query(NAME, "A", False, 1232)
DOWN = ("shop.example. 3600 IN NS ns1.shop.example.", "shop.example. 3600 IN NS ns.other.test.")


def arrived(wire: bytes) -> Exchange:
    response, fault = read(QUERY, wire)
    return Exchange(("192.0.2.1", 53), "udp", QUERY.to_wire(), 0, 0, 1, wire, response, fault)


def reading(*records: str, flags: str = "QR", **said: Any) -> Reading:
    wire = respond(QUERY.to_wire(), *records, flags=flags, **said)
    return read_response(arrived(wire), NAME, "A", EXAMPLE)


def test_a_referral_leads_down_with_the_glue_that_may_be_believed() -> None:
    got = reading(
        authority=DOWN,
        additional=(
            "ns1.shop.example. 3600 IN A 192.0.2.10", "ns1.shop.example. 3600 IN AAAA 2001:db8::10",
            "ns.other.test. 3600 IN A 192.0.2.66", "www.shop.example. 3600 IN A 192.0.2.67",
        ),
    )  # fmt: skip
    assert (got.kind, got.believed, got.refused, got.ttl) == ("referral", 2, 1, 3600)
    assert got.cut is not None
    assert got.cut.zone == dns.name.from_text("shop.example")
    assert dict(got.cut.servers) == {
        "ns1.shop.example": ("192.0.2.10", "2001:db8::10"),
        "ns.other.test": (),
    }


@pytest.mark.parametrize(
    "authority",
    [
        (". 3600 IN NS a.root.",),
        ("example. 3600 IN NS ns.example.",),
        ("elsewhere.example. 3600 IN NS ns.elsewhere.example.",),
        ("test. 3600 IN NS ns.test.",),
        ("shop.example. 60 IN SOA ns.shop.example. h.shop.example. 1 2 3 4 5",),
        (),
    ],
)
def test_anything_but_downwards_is_lame(authority: tuple[str, ...]) -> None:
    assert reading(authority=authority).kind == "lame"


def test_authority_answers() -> None:
    got = reading("www.shop.example. 300 IN A 192.0.2.1", flags="QR AA")
    assert (got.kind, got.records[0].data, got.ttl) == ("answer", "192.0.2.1", 300)


def test_without_authority_it_is_not_an_answer() -> None:
    record = "www.shop.example. 300 IN A 192.0.2.1"
    assert reading(record).kind == "lame"
    assert reading(record, flags="QR RA").kind == "intercepted"
    assert reading(rcode="NXDOMAIN", flags="QR RA").kind == "intercepted"


def test_an_alias_inside_of_the_zone_is_followed_here() -> None:
    got = reading(
        "www.shop.example. 60 IN CNAME a.example.", "a.example. 300 IN A 192.0.2.1", flags="QR AA"
    )
    assert (got.kind, [link.data for link in got.links]) == ("answer", ["a.example"])


def test_an_alias_out_of_the_zone_is_followed_elsewhere() -> None:
    got = reading(
        "www.shop.example. 60 IN CNAME a.test.", "a.test. 300 IN A 192.0.2.66", flags="QR AA"
    )
    assert (got.kind, got.records, got.target) == ("cname", (), dns.name.from_text("a.test"))


def test_a_missing_target_in_the_zone_is_no_such_name() -> None:
    alias = "www.shop.example. 60 IN CNAME {}."
    gone = reading(alias.format("gone.example"), flags="QR AA", rcode="NXDOMAIN")
    away = reading(alias.format("gone.test"), flags="QR AA", rcode="NXDOMAIN")
    assert (gone.kind, away.kind) == ("nxdomain", "cname")


def test_aliases_in_a_circle() -> None:
    got = reading(
        "www.shop.example. 60 IN CNAME a.example.", "a.example. 60 IN CNAME www.shop.example.",
        flags="QR AA",
    )  # fmt: skip
    assert got.kind == "cname-loop"


@pytest.mark.parametrize(
    ("rcode", "flags", "kind"),
    [("NXDOMAIN", "QR AA", "nxdomain"), ("NXDOMAIN", "QR", "lame"), ("NOERROR", "QR AA", "nodata"),
     ("REFUSED", "QR", "refused"), ("SERVFAIL", "QR", "servfail")],
)  # fmt: skip
def test_other_ends(rcode: str, flags: str, kind: str) -> None:
    assert reading(rcode=rcode, flags=flags).kind == kind


def test_no_response() -> None:
    assert read_response(arrived(b""), NAME, "A", EXAMPLE).kind == "malformed"


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_to_a_referral_makes_reading_fail(data: st.DataObject) -> None:
    glue = ("ns1.shop.example. 9 IN A 192.0.2.1", "ns.other.test. 9 IN AAAA 2001:db8::1")
    wire = bytearray(respond(QUERY.to_wire(), authority=DOWN, additional=glue, flags="QR"))
    for _ in range(data.draw(st.integers(1, 6))):
        wire[data.draw(st.integers(2, len(wire) - 1))] = data.draw(st.integers(0, 255))
    got = read_response(arrived(bytes(wire)), NAME, "A", EXAMPLE)
    assert (got.kind == "referral") == (got.cut is not None)
