"""Masks: no secret is left, nothing else is touched, and nothing moves."""

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from hpack import Decoder
from hyperframe.frame import ContinuationFrame, HeadersFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect import http1, http2, masks
from netlab.dissect.reader import walk
from tests.dissect.helpers import one, values

SECRET = "hunter2-and-more"
PSEUDO = [(":method", "GET"), (":scheme", "https"), (":authority", "a.b"), (":path", "/")]


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("/cb?code=abc&x=1", "/cb?code=XXX&x=1"),
        ("/cb?x=1&STATE=abc#y", "/cb?x=1&STATE=XXX#y"),
        (
            "https://a.b/#access_token=abc&expires_in=3",
            "https://a.b/#access_token=XXX&expires_in=3",
        ),
        ("/cb?access%5Ftoken=abc", "/cb?access%5Ftoken=XXX"),
        ("/in?next=%2Fcb%3Fcode%3Dabc%26x%3D1&y=2", "/in?next=%2Fcb%3Fcode%3DXXX%26x%3D1&y=2"),
        ("/in?next=%252Fcb%253Fcode%253Dabc", "/in?next=%252Fcb%253Fcode%253DXXX"),
        ("/in?next=https://a/?code=abc&y=2", "/in?next=https://a/?code=XXX&y=2"),
        ("https://me:abc@a.b/c", "https://XXXXXX@a.b/c"),
        ("https://me:a@c@a.b/c", "https://XXXXXX@a.b/c"),
        ("https://a.b/@me?q=code", "https://a.b/@me?q=code"),
        ("/cb?zipcode=1&code=", "/cb?zipcode=1&code="),
        ("code=abc&state=é", "code=XXX&state=X"),
    ],
)
def test_urls(url: str, masked: str) -> None:
    assert masks.url(url) == masked


@pytest.mark.parametrize(
    ("name", "value", "masked"),
    [
        ("Cookie", "a=1; b=2", "XXXXXXXX"),
        ("Set-Cookie", "sid=abc; Path=/; Secure", "sid=XXX; Path=/; Secure"),
        ("Set-Cookie", "abc", "XXX"),
        ("Set-Cookie", "abc; Path=/", "XXX; Path=/"),
        ("Authorization", "Basic YTpi", "XXXXXXXXXX"),
        ("X-API-Key", "abc", "XXX"),
        ("Location", "/cb?code=abc", "/cb?code=XXX"),
        ("Referer", "https://a/?token=abc", "https://a/?token=XXX"),
        ("Accept", "text/html?code=1", "text/html?code=1"),
    ],
)
def test_headers(name: str, value: str, masked: str) -> None:
    assert masks.header(name, value) == masked


def test_request() -> None:
    wire = (
        f"GET /cb?code={SECRET}&x=1 HTTP/1.1\r\nHost: a.b\r\ncookie:  sid={SECRET}\r\n"
        f"Authorization: Bearer\r\n {SECRET}\r\nReferer: https://a/?state={SECRET}\r\n\r\n"
    ).encode()
    masked = masks.apply(wire, masks.http1(wire))
    assert SECRET.encode() not in masked
    assert b"Bearer" not in masked
    before, after = http1.request(wire), http1.request(masked)
    assert [name for name, _ in before.headers] == [name for name, _ in after.headers]
    assert [(field.name, field.offset, field.length) for field in walk(before.fields)] == [
        (field.name, field.offset, field.length) for field in walk(after.fields)
    ]
    assert after.target == f"/cb?code={'X' * len(SECRET)}&x=1"


def test_responses_one_after_the_other() -> None:
    wire = (
        f"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early={SECRET}; Secure\r\n\r\n"
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nSet-Cookie: a={SECRET}\r\n\r\n"
        f"5\r\nhello\r\n0\r\nSet-Cookie: late={SECRET}; Path=/\r\n\r\n"
    ).encode()
    masked = masks.apply(wire, masks.http1(wire))
    assert SECRET.encode() not in masked
    assert masked.count(b"X" * len(SECRET)) == 3
    for kept in (b"early=", b"; Secure", b"; Path=/", b"hello"):
        assert kept in masked


@pytest.mark.parametrize("cut", range(40, 75))
def test_a_line_that_is_cut_off_is_masked_whole(cut: int) -> None:
    wire = f"GET / HTTP/1.1\r\nHost: a.b\r\nCookie: sid={SECRET}".encode() + b"\r\n"
    wire = wire[:cut]
    assert b"hunter" not in masks.apply(wire, masks.http1(wire))


def test_a_line_that_is_no_field_is_masked() -> None:
    wire = b"HTTP/1.1 200 OK\r\nAuthorization Bearer abc\r\nA: b\r\n\r\n"
    masked = masks.apply(wire, masks.http1(wire))
    assert b"abc" not in masked
    assert b"A: b" in masked


def test_what_is_no_http_stays() -> None:
    assert masks.http1(b"HTTP/1.1 20") == ()
    assert masks.http1(b"SSH-2.0-OpenSSH\r\n") == ()


def written(*requests: list[tuple[str, str]]) -> bytes:
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    for number, headers in enumerate(requests):
        connection.send_headers(2 * number + 1, headers, end_stream=True)
    wire: bytes = connection.data_to_send()
    return wire


def test_hpack_literals_of_both_codings() -> None:
    request = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "a.b"),
        (":path", f"/cb?code={SECRET}"),
        ("authorization", f"Bearer {SECRET}"),
        ("cookie", f"sid={SECRET}; more={SECRET * 3}"),
    ]
    wire = written(request, request)
    state, found = masks.http2(http2.client(), wire)
    assert state.at == len(wire)
    assert {mask.filler for mask in found} == {masks.HUFFMAN_FILLER}
    masked = masks.apply(wire, found)
    assert len(masked) == len(wire)
    _, entries = http2.frames(http2.client(), masked)
    for entry in (entry for entry in entries if entry.type == "HEADERS"):
        assert entry.headers is not None
        headers = {header.name: header.value for header in entry.headers}
        assert headers[":authority"] == "a.b"
        for name in ("authorization", "cookie", ":path"):
            assert set(headers[name]) == {"X"}


def test_raw_literals_keep_what_is_no_secret() -> None:
    value = f"sid={SECRET}; Path=/".encode()
    block = b"\x88" + b"\x0f\x28" + bytes([len(value)]) + value
    for cut in (4, 10, 20):
        wire = HeadersFrame(1, block[:cut]).serialize()
        wire += ContinuationFrame(1, block[cut:], flags=["END_HEADERS"]).serialize()
        masked = masks.apply(wire, masks.http2(http2.server(), wire)[1])
        (entry,) = http2.frames(http2.server(), masked)[1]
        assert entry.headers is not None
        assert entry.headers[1][:2] == ("set-cookie", f"sid={'X' * len(SECRET)}; Path=/")


def test_the_library_reads_what_was_masked() -> None:
    value = "sid=" + SECRET
    wire = written([*PSEUDO, ("cookie", value)])
    _, entries = http2.frames(http2.client(), wire)
    entry = entries[-1]
    masked = masks.apply(entry.wire, masks.frame(entry))
    decoded = [(str(name), str(value)) for name, value in Decoder().decode(masked[9:])]
    (huffman,) = (literal for literal in entry.literals if literal.name == "cookie")
    assert ("cookie", "X" * huffman.pieces[0][1]) in decoded


def test_a_block_that_cannot_be_read_is_masked() -> None:
    raw = b"\x82\x80" + SECRET.encode()
    wire = HeadersFrame(1, raw, flags=["END_HEADERS"]).serialize()
    after = HeadersFrame(3, SECRET.encode(), flags=["END_HEADERS"]).serialize()
    masked = masks.apply(wire + after, masks.http2(http2.server(), wire + after)[1])
    assert SECRET.encode() not in masked
    assert masked[:9] == wire[:9]
    assert masked[9] == 0x82
    assert masked[len(wire) : len(wire) + 9] == after[:9]


def test_blank_reaches_what_came_from_the_table() -> None:
    headers = [(":method", "GET"), (":path", "/"), ("authorization", "Bearer " + SECRET * 3)]
    block = b"\x82\x84\x40\x0dauthorization" + bytes([7 + 3 * len(SECRET)])
    block += headers[2][1].encode()
    wire = HeadersFrame(1, block, flags=["END_HEADERS"]).serialize()
    wire += HeadersFrame(3, b"\x82\x84\xbe", flags=["END_HEADERS"]).serialize()
    _, (first, second) = http2.frames(http2.server(), wire)
    for entry in (first, second):
        assert entry.headers is not None
        pairs = [(header.name, header.value) for header in entry.headers]
        assert pairs == headers
        blanked = masks.blank(entry.fields, pairs)
        assert SECRET in str(entry.fields)
        assert SECRET not in str(blanked)
        assert f"authorization: {'X' * len(headers[2][1])}" in values(blanked, "header field")
        assert one(blanked, "Length") == one(entry.fields, "Length")


def test_masks_beyond_the_data_are_cut() -> None:
    assert masks.apply(b"abc", [masks.Mask(2, 9), masks.Mask(9, 2), masks.Mask(0, 0)]) == b"abX"


@given(st.text(max_size=80), st.sampled_from(["Set-Cookie", "Cookie", "Location", "A"]))
@settings(deadline=None, derandomize=True)
def test_any_text_keeps_its_length(text: str, name: str) -> None:
    assert len(masks.url(text)) == len(text)
    assert len(masks.header(name, text)) == len(text)


@given(st.binary(max_size=120))
@settings(deadline=None, derandomize=True)
def test_any_octets(data: bytes) -> None:
    for wire in (data, b"HTTP/1.1 200 OK\r\n" + data, b"GET / HTTP/1.1\r\n" + data):
        assert len(masks.apply(wire, masks.http1(wire))) == len(wire)
    _, found = masks.http2(http2.server(), data)
    assert all(0 <= mask.offset <= mask.offset + mask.length <= len(data) for mask in found)


@pytest.mark.parametrize(
    "pattern", ["?", "%25", "?%3", "//", "&code=", "&code=a", "%3Fcode%3D", "a", "//@"]
)
def test_hostile_urls_cost_no_more_than_their_length(pattern: str) -> None:
    """Each would take minutes if the patterns went back over what they had read."""
    text = pattern * 20_000
    assert len(masks.url(text)) == len(text)
