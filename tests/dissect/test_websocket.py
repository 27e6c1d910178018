"""WebSocket frames: the RFC's own examples, each refusal, and whatever else may come."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.dissect.reader import walk
from netlab.dissect.websocket import (
    LONGEST_FRAME,
    Frame,
    State,
    client,
    frames,
    server,
    unmask,
)
from netlab.dissect.websocket_accept import accept, key_fault
from netlab.recording.records import Value

KEY = bytes.fromhex("37fa213d")


def made(first: int, payload: bytes, key: bytes | None = None, wide: int | None = None) -> bytes:
    """A frame, legal or not. wide: octets of the extended length, whatever the length is."""
    length = len(payload)
    if wide is None:
        wide = 0 if length < 126 else 2 if length < 65536 else 8
    short = {0: length, 2: 126, 8: 127}[wide]
    head = bytes([first, short | (0x80 if key else 0)])
    extended = length.to_bytes(wide, "big") if wide else b""
    return head + extended + (key + unmask(payload, key) if key else payload)


def only(state: State, wire: bytes) -> Frame:
    _, (frame,) = frames(state, wire)
    return frame


def codes(state: State, wire: bytes) -> list[str]:
    """The faults of the last frame."""
    _, found = frames(state, wire)
    return [fault.code for fault in found[-1].faults]


def named(frame: Frame, name: str) -> Value:
    return next(field.value for field in walk(frame.fields) if field.name == name)


@pytest.mark.parametrize(
    ("state", "wire", "type_", "payload"),
    [
        (server(), "81 05 48 65 6c 6c 6f", "text", b"Hello"),
        (client(), "81 85 37 fa 21 3d 7f 9f 4d 51 58", "text", b"Hello"),
        (server(), "89 05 48 65 6c 6c 6f", "ping", b"Hello"),
        (client(), "8a 85 37 fa 21 3d 7f 9f 4d 51 58", "pong", b"Hello"),
        (server(), "82 7e 01 00" + "5a" * 256, "binary", b"Z" * 256),
        (server(), "82 7f 00 00 00 00 00 01 00 00" + "5a" * 65536, "binary", b"Z" * 65536),
    ],
)
def test_the_examples_of_rfc_6455(state: State, wire: str, type_: str, payload: bytes) -> None:
    """§5.7."""
    frame = only(state, bytes.fromhex(wire))
    assert (frame.type, frame.payload, frame.faults, frame.fin) == (type_, payload, (), True)
    assert frame.length == len(bytes.fromhex(wire))


def test_the_fragments_of_rfc_6455() -> None:
    """§5.7, with a ping between them as §5.4 allows."""
    wire = bytes.fromhex("01 03 48 65 6c 89 00 80 02 6c 6f")
    _, found = frames(server(), wire)
    assert [(one.type, one.fin, one.payload, one.faults) for one in found] == [
        ("text", False, b"Hel", ()), ("ping", True, b"", ()), ("continuation", True, b"lo", ()),
    ]  # fmt: skip
    assert [one.offset for one in found] == [0, 5, 7]


def test_every_bit_has_its_place() -> None:
    wire = bytes.fromhex("c1 85 37 fa 21 3d 7f 9f 4d 51 58")
    frame = only(client(deflate=True), wire)
    bits = [
        (one.name, one.value, one.offset, one.bit, one.bits)
        for one in walk(frame.fields) if one.bit is not None
    ]  # fmt: skip
    assert bits == [
        ("FIN", 1, 0, 0, 1), ("RSV1", 1, 0, 1, 1), ("RSV2", 0, 0, 2, 1), ("RSV3", 0, 0, 3, 1),
        ("opcode", 1, 0, 4, 4), ("MASK", 1, 1, 0, 1), ("Payload length", 5, 1, 1, 7),
    ]  # fmt: skip
    assert (frame.key, frame.rsv, frame.faults) == (KEY, (1,), ())
    assert (named(frame, "Masking-key"), named(frame, "as sent, masked")) == (
        "37fa213d", "7f9f4d5158",
    )  # fmt: skip
    assert named(frame, "unmasked") == b"Hello".hex()


def test_a_close_frame_says_code_and_reason() -> None:
    frame = only(client(), made(0x88, b"\x03\xe8done", KEY))
    assert (named(frame, "Status code"), named(frame, "Reason")) == (1000, "done")
    assert frame.faults == ()


REFUSALS = [
    ("unmasked", client(), made(0x81, b"a")),
    ("masked", server(), made(0x81, b"a", KEY)),
    ("length", server(), made(0x82, b"a" * 125, wide=2)),
    ("length", server(), made(0x82, b"a" * 125, wide=8)),
    ("length", server(), made(0x82, b"a" * 65535, wide=8)),
    *[("reserved-bit", server(), made(0x81 | bit, b"a")) for bit in (0x40, 0x20, 0x10)],
    ("reserved-bit", server(deflate=True), made(0xA1, b"a")),
    ("reserved-bit", server(deflate=True), made(0xC9, b"a")),
    ("reserved-bit", server(deflate=True), made(0x41, b"a") + made(0xC0, b"b")),
    *[
        ("reserved-opcode", server(), made(0x80 | op, b""))
        for op in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)
    ],
    ("control-fragmented", server(), made(0x09, b"")),
    ("control-too-long", server(), made(0x89, b"a" * 126)),
    ("continuation", server(), made(0x80, b"a")),
    ("no-continuation", server(), made(0x01, b"a") + made(0x81, b"b")),
    ("utf-8", server(), made(0x81, b"\xce\xba\xed\xa0\x80")),
    ("utf-8", server(), made(0x81, b"\xf0\x9f")),
    ("utf-8", server(), made(0x01, b"\xf0\x9f") + made(0x80, b"\x98")),
    ("utf-8", server(), made(0x88, b"\x03\xe8\xff")),
    ("close-length", server(), made(0x88, b"\x03")),
    *[
        ("close-code", server(), made(0x88, code.to_bytes(2, "big")))
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    ],
    ("after-close", server(), made(0x88, b"") + made(0x81, b"a")),
]


@pytest.mark.parametrize(("code", "state", "wire"), REFUSALS)
def test_what_must_be_refused_is_flagged(code: str, state: State, wire: bytes) -> None:
    _, found = frames(state, wire)
    assert [fault.code for fault in found[-1].faults] == [code]
    assert found[-1].faults[0].text in [
        field.value for field in found[-1].fields if field.name == "malformed"
    ]


@pytest.mark.parametrize(
    "wire",
    [
        made(0x82, b"a" * 126), made(0x82, b"a" * 65536), made(0x89, b"a" * 125), made(0x88, b""),
        made(0x01, b"\xf0\x9f") + made(0x89, b"\xff") + made(0x80, b"\x98\x80"),
        made(0x82, b"\xff"), made(0x88, b"\x0b\xb8\xe2\x82\xac"), made(0x00 | 0x81, b""),
        *[made(0x88, code.to_bytes(2, "big")) for code in (1000, 1003, 1007, 1014, 3000, 4999)],
    ],
)  # fmt: skip
def test_what_may_be_sent_is_not_flagged(wire: bytes) -> None:
    assert codes(server(), wire) == []


def test_a_packed_text_is_not_read_as_utf_8() -> None:
    assert codes(server(deflate=True), made(0xC1, b"\xf2\x48\xcd")) == []


@pytest.mark.parametrize("announced", [LONGEST_FRAME, 2**30, 2**63, 2**64 - 1])
def test_who_announces_too_much_is_not_followed(announced: int) -> None:
    head = b"\x82\x7f" + announced.to_bytes(8, "big")
    state, (frame,) = frames(server(), head)
    assert frame.type == "malformed"
    assert "announced" in str(frame.fields[0].value)
    state, (more,) = frames(state, b"x" * 1000)
    assert (more.offset, more.length, state.pending) == (10, 1000, b"")


def test_a_stream_may_come_octet_by_octet() -> None:
    wire = b"".join(part for _, _, part in REFUSALS[:12])
    _, whole = frames(server(), wire)
    state = server()
    single: list[Frame] = []
    for octet in wire:
        state, found = frames(state, bytes([octet]))
        single += found
    assert tuple(single) == whole


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=6), st.booleans())
def test_nothing_that_comes_makes_it_fail(data: bytes, cuts: list[int], masks: bool) -> None:
    state = State(masks=masks)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found: list[Frame] = []
    for start, end in pairwise(edges):
        state, some = frames(state, data[start:end])
        found += some
    assert b"".join(one.wire for one in found) + state.pending == data
    assert [one.offset for one in found] == [0, *accumulate(one.length for one in found)][:-1]
    for one in found:
        for field in walk(one.fields):
            assert field.offset is not None
            assert field.length is not None
            assert 0 <= field.offset <= field.offset + field.length <= one.length


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
def test_the_mask_taken_twice_is_none(payload: bytes, key: bytes) -> None:
    masked = unmask(payload, key)
    assert masked == bytes(octet ^ key[i % 4] for i, octet in enumerate(payload))
    assert unmask(masked, key) == payload


def test_the_accept_of_rfc_6455() -> None:
    """§1.3: the key counts as the text that it is, never decoded."""
    told = accept("dGhlIHNhbXBsZSBub25jZQ==")
    assert told.joined == "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    assert told.digest.hex() == "b37a4f2cc0624f1690f64606cf385945b2bec4ea"
    assert told.value == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("dGhlIHNhbXBsZSBub25jZQ==", ""),
        ("c2hvcnQ=", "the key holds 5 octets, not 16"),
        ("no base64!", "the key is not base64"),
        ("é", "the key is not base64"),
    ],
)
def test_a_key_is_sixteen_octets(key: str, why: str) -> None:
    assert key_fault(key) == why
