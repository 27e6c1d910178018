"""DNS messages: against dnspython's own wire, and against octets that no honest server sends."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect.dns import message
from netlab.dissect.reader import walk
from netlab.recording.records import Field
from tests.dissect.helpers import assert_inside, faults, meanings, octets, one, values

HEADER = bytes.fromhex("1234818000010001 00000000")
QUESTION = b"\x03www\x07example\x03com\x00\x00\x01\x00\x01"


def answer(*records: str) -> bytes:
    query = dns.message.make_query("www.example.com", "A")
    query.id = 0x1234
    reply = dns.message.make_response(query)
    for text in records:
        owner, ttl, _, kind, data = text.split(" ", 4)
        reply.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", kind, data))
    return reply.to_wire()


def test_header_bit_by_bit() -> None:
    query = dns.message.make_query("example.com", "A")
    query.id = 0xABCD
    query.flags = dns.flags.QR | dns.flags.AA | dns.flags.RD | dns.flags.CD
    query.set_rcode(dns.rcode.NXDOMAIN)
    fields = message(query.to_wire())
    assert one(fields, "ID") == Field("ID", 0xABCD, None, 0, 2)
    flags = one(fields, "flags")
    assert flags.children == (
        Field("QR", 1, "response", 2, 1, 0, 1),
        Field("Opcode", 0, "QUERY", 2, 1, 1, 4),
        Field("AA", 1, None, 2, 1, 5, 1),
        Field("TC", 0, None, 2, 1, 6, 1),
        Field("RD", 1, None, 2, 1, 7, 1),
        Field("RA", 0, None, 3, 1, 0, 1),
        Field("Z", 0, None, 3, 1, 1, 1),
        Field("AD", 0, None, 3, 1, 2, 1),
        Field("CD", 1, None, 3, 1, 3, 1),
        Field("RCODE", 3, "NXDOMAIN", 3, 1, 4, 4),
    )


def test_question_and_compressed_answer() -> None:
    wire = answer("www.example.com. 300 IN A 192.0.2.1")
    fields = message(wire)
    assert one(fields, "entry").value == "www.example.com. IN A"
    record = one(fields, "record")
    assert record.value == "www.example.com. 300 IN A 192.0.2.1"
    name = record.children[0]
    assert (name.value, name.length) == ("www.example.com.", 2)
    assert name.children == (Field("pointer", 12, None, 33, 2),)
    assert octets(one(fields, "ADDRESS"), wire) == bytes([192, 0, 2, 1])


@pytest.mark.parametrize(
    "record",
    [
        "www.example.com. 60 IN A 192.0.2.1",
        "www.example.com. 60 IN AAAA 2001:db8::1",
        "www.example.com. 60 IN CNAME edge.example.net.",
        "www.example.com. 60 IN NS ns1.example.com.",
        "www.example.com. 60 IN SOA ns1.example.com. admin.example.com. 2024 7200 3600 9 300",
        "www.example.com. 60 IN MX 10 mail.example.com.",
        'www.example.com. 60 IN TXT "v=spf1 -all" "more"',
        "www.example.com. 60 IN PTR host.example.com.",
        "www.example.com. 60 IN SRV 1 2 8443 target.example.com.",
        "www.example.com. 60 IN DS 12345 13 2 "
        "e2d3c916f6deeac73294e8268fb5885044a833fc5459588f4a9184cfc41a5766",
        "www.example.com. 60 IN DNSKEY 257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d",
    ],
)
def test_records_read_as_zone_files_write_them(record: str) -> None:
    fields = message(answer(record))
    assert one(fields, "record").value == record
    assert not faults(fields)
    assert not values(fields, "unparsed")


def test_signature() -> None:
    wire = answer(
        "www.example.com. 60 IN RRSIG A 13 3 300 20300101000000 20200101000000 "
        "4711 example.com. c2lnbmF0dXJl"
    )
    fields = message(wire)
    assert meanings(fields, "Type Covered") == ["A"]
    assert meanings(fields, "Algorithm") == ["ECDSAP256SHA256"]
    assert values(fields, "Key Tag") == [4711]
    assert values(fields, "Signer's Name") == ["example.com."]
    assert octets(one(fields, "Signature"), wire) == b"signature"


def test_service_binding() -> None:
    wire = answer(
        "www.example.com. 60 IN HTTPS 1 svc.example.net. mandatory=alpn alpn=h2,h3 "
        "no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AAT+DQAA "
        "ipv6hint=2001:db8::1 key65280=opaque"
    )
    fields = message(wire)
    assert values(fields, "TargetName") == ["svc.example.net."]
    parameters = [field for field in walk(fields) if field.name == "SvcParam"]
    assert {(field.meaning, field.value) for field in parameters} == {
        ("mandatory", "alpn"),
        ("alpn", "h2,h3"),
        ("no-default-alpn", ""),
        ("port", "8443"),
        ("ipv4hint", "192.0.2.1,192.0.2.2"),
        ("ech", "0004fe0d0000"),
        ("ipv6hint", "2001:db8::1"),
        ("key65280", b"opaque".hex()),
    }
    assert not faults(fields)


def test_edns_options_and_extended_rcode() -> None:
    query = dns.message.make_query("example.com", "A")
    options = [
        dns.edns.ECSOption("192.0.2.0", 24),
        dns.edns.CookieOption(b"12345678", b"abcdefgh"),
        dns.edns.EDEOption(dns.edns.EDECode.STALE_ANSWER, "old"),
        dns.edns.GenericOption(dns.edns.OptionType(11), b"\x00\x64"),
        dns.edns.GenericOption(dns.edns.OptionType(12), bytes(4)),
    ]
    query.use_edns(0, dns.flags.DO, 1232, options=options)
    query.set_rcode(dns.rcode.BADVERS)
    fields = message(query.to_wire())
    assert one(fields, "record").meaning == "OPT"
    assert values(fields, "UDP payload size") == [1232]
    assert values(fields, "DO") == [1]
    assert (one(fields, "EXTENDED-RCODE").value, one(fields, "EXTENDED-RCODE").meaning) == (
        1,
        "BADVERS",
    )
    assert meanings(fields, "option") == [
        "edns-client-subnet",
        "COOKIE",
        "Extended DNS Error",
        "edns-tcp-keepalive",
        "Padding",
    ]
    assert values(fields, "SOURCE PREFIX-LENGTH") == [24]
    assert meanings(fields, "INFO-CODE") == ["Stale Answer"]
    assert values(fields, "EXTRA-TEXT") == ["old"]
    assert values(fields, "TIMEOUT") == [100]
    assert not faults(fields)


def test_unknown_type_and_class_are_written_as_rfc_3597_has_them() -> None:
    wire = HEADER + QUESTION + b"\xc0\x0c" + bytes.fromhex("ff00 0007 00000005 0003 010203")
    assert one(message(wire), "record").value == (
        "www.example.com. 5 CLASS7 TYPE65280 \\# 3 010203"
    )


def test_names_escape_what_would_mislead() -> None:
    wire = HEADER[:4] + bytes.fromhex("0001000000000000") + b"\x05a.b\x1b\xff\x00\x00\x01\x00\x01"
    assert values(message(wire), "QNAME") == ["a\\.b\\027\\255."]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (b"\xc0\x21", "a compression pointer does not point back (RFC 1035 §4.1.4)"),
        (b"\xc0\xff", "a compression pointer does not point back (RFC 1035 §4.1.4)"),
        (b"\x40\x00", "label type 01 is not in use (RFC 6891 §5)"),
        ((b"\x3f" + b"a" * 63) * 4 + b"\x00", "a name is longer than 255 octets (RFC 1035 §3.1)"),
        (
            (b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"b" * 62 + b"\xc0\x0c",
            "a name is longer than 255 octets (RFC 1035 §3.1)",
        ),
    ],
)
def test_names_that_lie(name: bytes, why: str) -> None:
    wire = HEADER + QUESTION + name + bytes.fromhex("0001000100000005 0004 c0000201")
    assert faults(message(wire)) == [why]


def test_a_chain_of_pointers_ends() -> None:
    """Each points back to the one before: no loop, but without a bound a quadratic cost."""
    head = bytes.fromhex("1234 8000 0000 0002 0000 0000")
    opaque = b"\x00" + bytes.fromhex("ff00 0001 00000000 0321") + b"\x00"
    first = len(head + opaque) - 1
    links = [0xC000 | first] + [0xC000 | first + 1 + 2 * n for n in range(399)]
    chain = b"".join(link.to_bytes(2, "big") for link in links)
    last = (0xC000 | first + 1 + 2 * 399).to_bytes(2, "big") + bytes.fromhex("0001 0001")
    fields = message(head + opaque + chain + last)
    assert faults(fields) == ["a name is made of too many compression pointers"]


def test_truncated_message_keeps_what_is_there() -> None:
    wire = answer("www.example.com. 300 IN A 192.0.2.1")
    fields = message(wire[:-2])
    assert one(fields, "record").value == "www.example.com. 300 IN A"
    assert values(fields, "TTL") == [300]
    assert len(faults(fields)) == 1


def test_trailing_octets_are_kept() -> None:
    fields = message(answer() + b"??")
    assert (fields[-1].name, fields[-1].value) == ("unparsed", "3f3f")


@given(st.binary(max_size=300))
@settings(deadline=None, derandomize=True)
def test_any_octets(data: bytes) -> None:
    assert_inside(message(data), len(data))


@given(st.data())
@settings(deadline=None, derandomize=True)
def test_damaged_answers(data: st.DataObject) -> None:
    wire = bytearray(
        answer(
            "www.example.com. 60 IN CNAME edge.example.net.",
            "edge.example.net. 60 IN HTTPS 1 . alpn=h2 port=8443",
            "edge.example.net. 60 IN SOA a. b. 1 2 3 4 5",
        )
    )
    for _ in range(data.draw(st.integers(1, 4))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)))
    assert_inside(message(bytes(wire[:cut])), cut)
