"""Engine.IO packets: the protocol's own examples, and whatever else may come."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.dissect.engineio import MOST_PACKETS, Packet, body, message
from tests.dissect.helpers import assert_inside, octets, one, values

OPEN = (
    b'0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,'
    b'"pingTimeout":20000,"maxPayload":1000000}'
)


def only(wire: bytes) -> Packet:
    (packet,) = body(wire)
    return packet


def test_the_open_packet_of_the_protocol() -> None:
    packet = only(OPEN)
    assert packet.type == "open"
    assert packet.opened is not None
    assert packet.opened.sid == "lv_VI97HAXpY6yYWAAAC"
    assert packet.opened.upgrades == ("websocket",)
    assert (packet.opened.ping_interval, packet.opened.ping_timeout) == (25.0, 20.0)
    assert packet.opened.max_payload == 1_000_000
    assert packet.faults == ()
    assert octets(one(packet.fields, "sid"), OPEN) == b'"lv_VI97HAXpY6yYWAAAC"'
    assert octets(one(packet.fields, "pingTimeout"), OPEN) == b"20000"
    assert one(packet.fields, "packet type").meaning == "open"


@pytest.mark.parametrize(
    ("wire", "kind", "data"),
    [
        (b"1", "close", b""), (b"2", "ping", b""), (b"2probe", "ping", b"probe"),
        (b"3", "pong", b""), (b"3probe", "pong", b"probe"), (b"4hello", "message", b"hello"),
        (b"4", "message", b""), (b"5", "upgrade", b""), (b"6", "noop", b""),
        ("4한".encode(), "message", "한".encode()),
    ],
)  # fmt: skip
def test_every_type(wire: bytes, kind: str, data: bytes) -> None:
    for packet in (only(wire), message(wire, binary=False)):
        assert (packet.type, packet.data, packet.faults) == (kind, data, ())
        assert packet.probe is (data == b"probe")


def test_a_body_of_several_packets() -> None:
    """The example of the protocol's text: two messages and four octets in base64."""
    packets = body(b"4hello\x1e2\x1e4world\x1ebAQIDBA==")
    assert [(p.type, p.offset, p.data) for p in packets] == [
        ("message", 0, b"hello"), ("ping", 7, b""), ("message", 9, b"world"),
        ("binary", 16, b"\x01\x02\x03\x04"),
    ]  # fmt: skip


def test_binary_over_websocket_has_no_type() -> None:
    packet = message(b"\x01\x02", binary=True)
    assert (packet.type, packet.data, packet.wire) == ("binary", b"\x01\x02", b"\x01\x02")
    assert message(b"bAQID", binary=False).faults != ()


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (b"", "an empty packet"),
        (b"7", "no packet type"),
        (b"hello", "no packet type"),
        (b"b!", "not base64"),
        (b"bAQI", "not base64"),
        (b"4\xff", "UTF-8"),
        (b"2hello", "says nothing more"),
        (b"5x", "says nothing more"),
        (b"0", "not JSON"),
        (b"0[]", "JSON object"),
        (b'0{"sid":"x"}', "without a good upgrades"),
        (OPEN.replace(b"25000", b'"soon"'), "without a good pingInterval"),
        (OPEN.replace(b"25000", b"true"), "without a good pingInterval"),
        (b"0" + b"[" * 100_000, "levels"),
        (OPEN.replace(b"25000", b"9" * 5000), "not JSON"),
        (OPEN.replace(b"25000", b"NaN"), "NaN"),
    ],
)
def test_what_is_wrong_is_flagged(wire: bytes, said: str) -> None:
    packet = only(wire)
    assert any(said in fault for fault in packet.faults), packet.faults
    assert packet.opened is None


def test_too_many_packets_are_one_broken_entry() -> None:
    packets = body(b"\x1e".join([b"2"] * (MOST_PACKETS + 5)))
    assert len(packets) == MOST_PACKETS + 1
    assert packets[-1].type == "malformed"
    assert packets[-1].length == 9


@given(st.binary(max_size=300))
@example(OPEN)
@example(b"4\x1e\x1eb====\x1e0{}")
@example(b'0{"\xed\xa0\x80":1}')
@example(b'0{"\\ud800":"\\udc00"}')
def test_nothing_that_comes_makes_it_fail(wire: bytes) -> None:
    packets = (*body(wire), message(wire, False), message(wire, True))
    for packet in packets:
        assert_inside(packet.fields, packet.length)
        for value in values(packet.fields, "data"):
            str(value).encode()
    parts = body(wire)
    assert b"\x1e".join(packet.wire for packet in parts) == wire
    assert [wire[p.offset : p.offset + p.length] for p in parts] == [p.wire for p in parts]


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=8))
def test_what_goes_in_comes_out(parts: list[bytes]) -> None:
    wire = b"\x1e".join(b"b" + base64.b64encode(part) for part in parts)
    assert [packet.data for packet in body(wire)] == parts
