"""HTTP/2 frames: against what h2 writes, in any slices, and against broken streams."""

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PriorityFrame,
    PushPromiseFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect.http2 import PREFACE, Frame, State, client, frames, server
from tests.dissect.helpers import assert_inside, faults, meanings, octets, one, values

REQUEST = [
    (":method", "GET"),
    (":scheme", "https"),
    (":authority", "www.example.com"),
    (":path", "/"),
    ("cookie", "sid=secret"),
]


def conversation() -> bytes:
    """What a client writes: preface, settings, a request with a body, another one, goodbye."""
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    connection.send_headers(1, [*REQUEST, ("x-long", "y" * 20_000)])
    connection.send_data(1, b"body", end_stream=True, pad_length=3)
    connection.send_headers(3, REQUEST, end_stream=True)
    connection.ping(b"12345678")
    connection.increment_flow_control_window(1000)
    connection.reset_stream(3, ErrorCodes.CANCEL)
    connection.close_connection()
    written: bytes = connection.data_to_send()
    return written


def only(wire: bytes, state: State | None = None) -> Frame:
    _, (entry,) = frames(state or server(), wire)
    return entry


def test_conversation() -> None:
    wire = conversation()
    state, found = frames(client(), wire)
    assert [entry.type for entry in found] == [
        "preface",
        "SETTINGS",
        "HEADERS",
        "DATA",
        "HEADERS",
        "PING",
        "WINDOW_UPDATE",
        "RST_STREAM",
        "GOAWAY",
    ]
    assert b"".join(entry.wire for entry in found) == wire
    assert [entry.offset for entry in found] == [
        sum(len(before.wire) for before in found[:n]) for n in range(len(found))
    ]
    assert (state.pending, state.at, state.broken) == (b"", len(wire), None)
    for entry in found:
        assert not faults(entry.fields)
        assert not values(entry.fields, "unparsed")
        assert_inside(entry.fields, entry.length)
    assert meanings(found[7].fields, "Error Code") == ["CANCEL"]
    assert meanings(found[8].fields, "Error Code") == ["NO_ERROR"]
    assert "SETTINGS_ENABLE_CONNECT_PROTOCOL" in meanings(found[1].fields, "Setting")


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=20))
@settings(deadline=None, derandomize=True, max_examples=15)
def test_slices_make_no_difference(sizes: list[int]) -> None:
    wire = conversation()
    state, at, turn = client(), 0, 0
    together: list[Frame] = []
    while at < len(wire):
        size = sizes[turn % len(sizes)]
        state, found = frames(state, wire[at : at + size])
        together += found
        at, turn = at + size, turn + 1
    assert tuple(together) == frames(client(), wire)[1]


def test_flags_bit_by_bit() -> None:
    entry = frames(client(), conversation())[1][3]
    assert entry.flags == ("END_STREAM", "PADDED")
    assert [(bit.name, bit.value) for bit in one(entry.fields, "Flags").children] == [
        ("unused", 0),
        ("unused", 0),
        ("unused", 0),
        ("unused", 0),
        ("PADDED", 1),
        ("unused", 0),
        ("unused", 0),
        ("END_STREAM", 1),
    ]
    assert entry.data == b"body"
    assert octets(one(entry.fields, "Data"), entry.wire) == b"body"
    assert one(entry.fields, "Padding").length == 3


def test_a_block_in_several_frames_is_one_entry() -> None:
    entry = frames(client(), conversation())[1][2]
    assert entry.headers is not None
    assert [header[:2] for header in entry.headers] == [*REQUEST, ("x-long", "y" * 20_000)]
    assert len(values(entry.fields, "CONTINUATION")) == 1
    long = entry.literals[-1]
    assert len(long.pieces) == 2
    (first, size), (second, _) = long.pieces
    assert second == first + size + 9


def test_headers_from_the_table_carry_no_octets() -> None:
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    for stream in (1, 3):
        connection.send_headers(stream, REQUEST, end_stream=True)
    entry = frames(client(), connection.data_to_send())[1][-1]
    assert entry.headers is not None
    authority = entry.headers[2]
    assert (authority.value, authority.indexed, authority.length) == ("www.example.com", True, 1)
    # h2 lets no cookie as short as this one into the table.
    assert (entry.headers[4].value, entry.headers[4].indexed) == ("sid=secret", False)


def test_rarer_frames() -> None:
    block = bytes.fromhex("82 86 84")
    headers = HeadersFrame(
        1, block, flags=["END_HEADERS", "PADDED", "PRIORITY"], pad_length=2, depends_on=7,
        stream_weight=9, exclusive=True,
    )  # fmt: skip
    entry = only(headers.serialize())
    assert [header.name for header in entry.headers or ()] == [":method", ":scheme", ":path"]
    assert one(entry.fields, "Exclusive").value == 1
    assert one(entry.fields, "Stream Dependency").value == 7
    assert one(entry.fields, "Weight").value == 9
    promise = PushPromiseFrame(1, 2, block, flags=["END_HEADERS"])
    assert one(only(promise.serialize()).fields, "Promised Stream ID").value == 2
    assert one(only(PriorityFrame(3, 1, 5).serialize()).fields, "Weight").value == 5
    away = GoAwayFrame(0, 5, 11, b"too calm").serialize()
    assert values(only(away).fields, "Additional Debug Data") == ["too calm"]
    assert meanings(only(away).fields, "Error Code") == ["ENHANCE_YOUR_CALM"]
    assert only(SettingsFrame(0, flags=["ACK"]).serialize()).flags == ("ACK",)
    assert (
        one(only(WindowUpdateFrame(1, 99).serialize()).fields, "Window Size Increment").value == 99
    )
    assert only(bytes.fromhex("000001 77 00 00000001 aa")).type == "type 119"


def test_sizes_that_do_not_fit() -> None:
    assert values(
        only(bytes.fromhex("000006 03 00 00000001 00000008 ffff")).fields, "unparsed"
    ) == ["ffff"]
    assert len(faults(only(bytes.fromhex("000002 03 00 00000001 0000")).fields)) == 1
    padded = only(bytes.fromhex("000002 00 08 00000001 09 61"))
    assert faults(padded.fields) == ["more padding than payload (RFC 9113 §6.1)"]


def test_no_http2_at_all() -> None:
    state, (entry,) = frames(server(), b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert entry.type == "malformed"
    assert state.broken is not None
    state, (more,) = frames(state, b"and so on")
    assert (more.type, more.offset) == ("malformed", entry.length)
    assert frames(client(), b"GET / HTTP/1.1\r\n")[1][0].type == "malformed"
    assert frames(client(), PREFACE[:10])[1] == ()


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (DataFrame(1, b"x").serialize(), "another frame"),
        (ContinuationFrame(3, b"", flags=["END_HEADERS"]).serialize(), "another stream"),
        (ContinuationFrame(1, b"").serialize() * 100, "without an end"),
    ],
)
def test_blocks_that_do_not_end_as_they_must(second: bytes, why: str) -> None:
    first = HeadersFrame(1, b"\x82").serialize()
    state, (entry,) = frames(server(), first + second)
    assert entry.type == "malformed"
    assert why in str(state.broken)


def test_lost_compression_says_so_ever_after() -> None:
    bad = HeadersFrame(1, b"\x80", flags=["END_HEADERS"]).serialize()
    good = HeadersFrame(3, b"\x82", flags=["END_HEADERS"]).serialize()
    state, (first, second, data) = frames(server(), bad + good + DataFrame(3, b"x").serialize())
    assert state.table is None
    assert first.headers == ()
    assert second.headers is None
    assert "lost" in str(faults(second.fields)[0])
    assert data.data == b"x"
    alone = only(ContinuationFrame(1, b"\x82", flags=["END_HEADERS"]).serialize())
    assert "continues nothing" in str(faults(alone.fields)[0])


def build(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


FRAME = st.builds(
    build, st.integers(0, 12), st.integers(0, 255), st.sampled_from([0, 1, 1 << 31 | 1]),
    st.binary(max_size=30),
)  # fmt: skip


@given(st.lists(FRAME | st.binary(max_size=12), max_size=6).map(b"".join), st.integers(0, 80))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_octets(data: bytes, cut: int) -> None:
    state, first = frames(server(), data[:cut])
    state, second = frames(state, data[cut:])
    wire = b"".join(entry.wire for entry in (*first, *second))
    assert wire + state.pending == data
    for entry in (*first, *second):
        assert_inside(entry.fields, entry.length)
        for header in entry.headers or ():
            assert 0 <= header.offset <= header.offset + header.length <= entry.length
        for literal in entry.literals:
            assert all(0 <= at <= at + size <= entry.length for at, size in literal.pieces)
