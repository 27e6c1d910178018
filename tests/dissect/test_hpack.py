"""HPACK: the examples of RFC 7541 Appendix C, octet for octet, and the library as a witness."""

import pytest
from hpack import Decoder, Encoder
from hpack.exceptions import HPACKError
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect.hpack import Block, Table, decode, integer
from netlab.dissect.reader import Reader, dissect
from tests.dissect.helpers import assert_inside, faults, one

GET = [(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")]
DATE, LATER = "Mon, 21 Oct 2013 20:13:21 GMT", "Mon, 21 Oct 2013 20:13:22 GMT"
COOKIE = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"
REQUESTS = [
    GET,
    [*GET, ("cache-control", "no-cache")],
    [(":method", "GET"), (":scheme", "https"), (":path", "/index.html"), GET[3],
     ("custom-key", "custom-value")],
]  # fmt: skip
RESPONSES = [
    [(":status", "302"), ("cache-control", "private"), ("date", DATE),
     ("location", "https://www.example.com")],
    [(":status", "307"), ("cache-control", "private"), ("date", DATE),
     ("location", "https://www.example.com")],
    [(":status", "200"), ("cache-control", "private"), ("date", LATER),
     ("location", "https://www.example.com"), ("content-encoding", "gzip"),
     ("set-cookie", COOKIE)],
]  # fmt: skip

EXAMPLES = [
    (  # C.3
        ["828684410f7777772e6578616d706c652e636f6d", "828684be58086e6f2d6361636865",
         "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565"],
        REQUESTS, 4096, [57, 110, 164],
    ),
    (  # C.4
        ["828684418cf1e3c2e5f23a6ba0ab90f4ff", "828684be5886a8eb10649cbf",
         "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"],
        REQUESTS, 4096, [57, 110, 164],
    ),
    (  # C.5
        ["4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120"
         "474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d",
         "4803333037c1c0bf",
         "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738"
         "666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d33"
         "3630303b2076657273696f6e3d31"],
        RESPONSES, 256, [222, 222, 215],
    ),
    (  # C.6
        ["488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad1718"
         "63c78f0b97c8e9ae82ae43d3",
         "4883640effc1c0bf",
         "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7"
         "b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007"],
        RESPONSES, 256, [222, 222, 215],
    ),
]  # fmt: skip


def listed(block: Block) -> list[tuple[str, str]]:
    return [(header.name, header.value) for header in block.headers]


@pytest.mark.parametrize(("blocks", "lists", "size", "sizes"), EXAMPLES)
def test_appendix_c(
    blocks: list[str], lists: list[list[tuple[str, str]]], size: int, sizes: list[int]
) -> None:
    table = Table(maximum=size)
    for block, wanted, used in zip(blocks, lists, sizes, strict=True):
        wire = bytes.fromhex(block)
        table, found = decode(table, wire)
        assert listed(found) == wanted
        assert sum(entry.size for entry in table.entries) == used
        assert found.sound
        assert_inside(found.fields, len(wire))
        assert sum(header.length for header in found.headers) == len(wire)


@pytest.mark.parametrize(
    ("block", "kind", "header", "kept"),
    [
        ("400a637573746f6d2d6b65790d637573746f6d2d686561646572", "incremental indexing",
         ("custom-key", "custom-header"), 1),
        ("040c2f73616d706c652f70617468", "without indexing", (":path", "/sample/path"), 0),
        ("100870617373776f726406736563726574", "never indexed", ("password", "secret"), 0),
        ("82", "indexed", (":method", "GET"), 0),
    ],
)  # fmt: skip
def test_appendix_c_2(block: str, kind: str, header: tuple[str, str], kept: int) -> None:
    table, found = decode(Table(), bytes.fromhex(block))
    assert listed(found) == [header]
    assert found.headers[0].kind == kind
    assert len(table.entries) == kept
    assert one(found.fields, "representation").value == kind


def test_where_a_literal_stands() -> None:
    wire = bytes.fromhex("100870617373776f726406736563726574")
    _, found = decode(Table(), wire)
    (header,) = found.headers
    assert header.name_literal is not None
    assert header.value_literal is not None
    name, value = header.name_literal, header.value_literal
    assert wire[name.offset : name.offset + name.length] == b"password"
    assert wire[value.offset : value.offset + value.length] == b"secret"


@pytest.mark.parametrize(
    ("octets", "skip", "number"), [("0a", 3, 10), ("1f9a0a", 3, 1337), ("2a", 0, 42)]
)
def test_appendix_c_1(octets: str, skip: int, number: int) -> None:
    def parse(reader: Reader) -> None:
        assert integer(reader, "number", skip) == number

    (field,) = dissect(bytes.fromhex(octets), parse)
    assert (field.value, field.length) == (number, len(octets) // 2)


def test_size_updates_evict() -> None:
    table, _ = decode(Table(), bytes.fromhex(EXAMPLES[0][0][0]))
    assert len(table.entries) == 1
    table, found = decode(table, bytes.fromhex("203fe11f82"))
    assert (table.entries, table.maximum, found.sound) == ((), 4096, True)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("80", "index 0 points at no entry"),
        ("be", "index 62 points at no entry"),
        ("7fffffffffffff", "more than five octets"),
        ("3fffffff07", "more than is followed here"),
        ("8220", "stands before all header fields"),
        ("0085ffffffffff", "Huffman"),
        ("00", "1 octets expected"),
        ("000161", "1 octets expected"),
    ],
)
def test_errors_make_the_block_unsound(block: str, why: str) -> None:
    wire = bytes.fromhex(block)
    _, found = decode(Table(), wire)
    assert not found.sound
    assert len(faults(found.fields)) == 1
    assert why in str(faults(found.fields)[0])
    assert_inside(found.fields, len(wire))


def test_a_bomb_of_references_is_not_followed() -> None:
    table, _ = decode(Table(), b"\x40\x01a\x7f\x81\x1e" + b"b" * 4000)
    _, found = decode(table, b"\xbe" * 10_000)
    assert len(found.headers) < 100
    assert not found.sound


NAMES = st.sampled_from(["cookie", ":path", "x-a", "date", "été"])
HEADERS = st.lists(st.tuples(NAMES, st.text(max_size=60)), max_size=8)


@given(st.lists(HEADERS, max_size=5), st.booleans())
@settings(deadline=None, derandomize=True)
def test_agrees_with_the_library(lists: list[list[tuple[str, str]]], huffman: bool) -> None:
    encoder, table = Encoder(), Table()
    encoder.header_table_size = 300
    table = Table(maximum=300)
    for headers in lists:
        encoded = [(name.encode(), value.encode()) for name, value in headers]
        table, found = decode(table, encoder.encode(encoded, huffman=huffman))
        assert listed(found) == headers
        assert found.sound


@given(st.binary(max_size=120))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_any_octets(data: bytes) -> None:
    table, found = decode(Table(), data)
    assert_inside(found.fields, len(data))
    assert sum(entry.size for entry in table.entries) <= table.maximum
    library = Decoder()
    library.max_allowed_table_size = 64 * 1024
    try:
        wanted = list(library.decode(data, raw=True))
    except HPACKError:
        return
    # Where the library reads a block, so do we, unless a rule that it does not hold is broken.
    if found.sound:
        assert len(found.headers) == len(wanted)
