"""HTTP/1.1 messages: byte for byte, and against the tricks by which requests are smuggled."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect.http1 import request, response, split_responses
from netlab.dissect.http1_body import MOST_CHUNKS, MOST_CHUNKS_READ
from netlab.dissect.http1_head import LONGEST_HEAD
from tests.dissect.helpers import assert_inside, faults, octets, one, values

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nExpires: never\r\n\r\n"
)


def test_request() -> None:
    wire = b"GET /search?q=a HTTP/1.1\r\nHost: www.example.com\r\nAccept:  */* \r\n\r\n"
    parsed = request(wire)
    assert (parsed.method, parsed.target, parsed.version) == ("GET", "/search?q=a", "1.1")
    assert parsed.headers == (("Host", "www.example.com"), ("Accept", "*/*"))
    assert parsed.complete
    assert not parsed.malformed
    assert parsed.head_length == parsed.length == len(wire)
    accept = one(parsed.fields, "Accept")
    assert octets(accept, wire) == b"Accept:  */* \r\n"
    assert [octets(child, wire) for child in accept.children] == [b"Accept", b"*/*"]


def test_response_with_a_length() -> None:
    parsed = response(PAGE + b"HTTP/1.1 200 OK")
    assert (parsed.status, parsed.reason, parsed.framing) == (200, "OK", "content-length")
    assert (parsed.body, parsed.complete, parsed.length) == (b"hello", True, len(PAGE))
    assert octets(one(parsed.fields, "body"), PAGE) == b"hello"


@pytest.mark.parametrize("size", range(len(PAGE)))
def test_a_part_of_it_is_incomplete_and_not_wrong(size: int) -> None:
    parsed = response(PAGE[:size])
    assert not parsed.complete
    assert not parsed.malformed
    assert (parsed.head_length is not None) == (size >= len(PAGE) - 5)


def test_chunks_and_trailers() -> None:
    parsed = response(CHUNKED)
    assert (parsed.framing, parsed.body, parsed.body_length) == ("chunked", b"hello world", 11)
    assert (parsed.complete, parsed.length) == (True, len(CHUNKED))
    assert parsed.trailers == (("Expires", "never"),)
    assert values(parsed.fields, "chunk") == [5, 6, 0]
    assert values(parsed.fields, "chunk-ext") == [";name=value"]
    assert octets(one(parsed.fields, "chunk-data"), CHUNKED) == b"hello"
    assert not parsed.malformed


@pytest.mark.parametrize("size", range(CHUNKED.index(b"5;"), len(CHUNKED)))
def test_chunks_that_are_still_coming(size: int) -> None:
    parsed = response(CHUNKED[:size])
    assert not parsed.complete
    assert not parsed.malformed
    assert b"hello world".startswith(parsed.body)


def test_many_chunks_are_counted() -> None:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 1000
    parsed = response(wire + b"0\r\n\r\n")
    assert parsed.body == b"x" * 1000
    assert len(values(parsed.fields, "chunk")) == MOST_CHUNKS + 1
    hidden = one(parsed.fields, "chunks not listed")
    assert hidden.value == 1000 - MOST_CHUNKS
    assert octets(hidden, wire) == b"1\r\nx\r\n" * (1000 - MOST_CHUNKS)
    assert parsed.complete


def test_chunks_without_an_end_are_given_up() -> None:
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 50_000
    parsed = response(wire)
    assert (parsed.body_length, parsed.complete) == (MOST_CHUNKS_READ, False)
    assert "not read" in str(one(parsed.fields, "incomplete").value)


@pytest.mark.parametrize(
    ("head", "method", "framing"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", "none"),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", "none"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", "none"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "CONNECT", "none"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "GET", "until close"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "GET", "until close"),
    ],
)
def test_which_rule_gives_the_length(head: bytes, method: str, framing: str) -> None:
    parsed = response(head, method)
    assert parsed.framing == framing
    assert parsed.complete == (framing == "none")
    assert not parsed.malformed


def test_content_until_close_is_never_complete() -> None:
    parsed = response(b"HTTP/1.0 200 OK\r\n\r\nall of it")
    assert (parsed.version, parsed.body, parsed.complete) == ("1.0", b"all of it", False)


def test_folded_and_bare_lines_are_flagged() -> None:
    wire = b"HTTP/1.1 200 OK\nX-Long: one\r\n  two\r\n\tthree\r\n\r\n"
    parsed = response(wire, "HEAD")
    assert parsed.headers == (("X-Long", "one two three"),)
    assert len(values(parsed.fields, "obs-fold")) == 2
    assert len(values(parsed.fields, "bare LF")) == 1
    assert [wire[at : at + size] for at, size in parsed.lines[0].pieces] == [
        b"one",
        b"two",
        b"three",
    ]


@pytest.mark.parametrize(
    ("wire", "section"),
    [
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "§5.1"),
        (b"GET / HTTP/1.1\r\nHost\r\n\r\n", "§5)"),
        (b"GET / HTTP/1.1\r\n folded: a\r\n\r\n", "§2.2"),
        (b"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "§5.5"),
        (
            b"GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "§6.3",
        ),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "§6.3"),
        (b"GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\na", "§6.3"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "§6.3"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "§7.1"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n", "§7.1"),
        (b"GET /\r\n\r\n", "§2.3"),
    ],
)
def test_what_breaks_a_rule_names_it(wire: bytes, section: str) -> None:
    parsed = request(wire)
    assert parsed.malformed
    assert any(section in str(fault) for fault in faults(parsed.fields))


@pytest.mark.parametrize(
    "wire",
    [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x15\x03\x03\x00\x02\x02\x28", b"HTTP/1.1 2OO OK\r\n\r\n"],
)
def test_garbage_instead_of_a_response(wire: bytes) -> None:
    parsed = response(wire)
    assert (parsed.status, parsed.malformed, parsed.complete) == (None, True, False)
    assert split_responses(wire).final == 0


def test_heads_are_bounded() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    assert "octets" in str(faults(response(head + b"X: " + b"a" * LONGEST_HEAD).fields)[0])
    many = response(head + b"X: a\r\n" * 2000 + b"\r\n")
    assert (len(many.headers), many.malformed) == (1000, True)


def test_interim_responses_come_before_the_final_one() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    wire = b"HTTP/1.1 100 Continue\r\n\r\n" + early + PAGE
    found = split_responses(wire)
    assert found.interim == (0, 25)
    assert found.final == 25 + len(early)
    assert response(wire[found.interim[1] :]).interim
    assert response(wire[found.interim[1] :]).length == len(early)


def test_the_final_response_begins_when_its_status_is_known() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert split_responses(b"").final is None
    assert split_responses(early[:-2]).final is None
    assert split_responses(early).final is None
    assert split_responses(early + b"HTTP/1.1 20").final is None
    assert split_responses(early + b"HTTP/1.1 200 OK\r\n").final == len(early)
    assert split_responses(early * 500).final is None


def test_switching_protocols_is_final() -> None:
    assert split_responses(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00").final == 0


PIECES = st.sampled_from(
    [
        b"HTTP/1.1 ", b"GET / HTTP/1.1\r\n", b"200 OK\r\n", b"103 \r\n", b"\r\n", b"\n", b"\r",
        b": ", b" ", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n",
        b"0\r\n", b"ffffffffffffffff\r\n", b"X: y\r\n", b"\t", b";", b"\xff", b"a",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=14).map(b"".join))
@settings(deadline=None, derandomize=True, max_examples=500)
def test_any_octets(data: bytes) -> None:
    for parsed in (request(data), response(data), response(data, "HEAD")):
        assert_inside(parsed.fields, len(data))
        assert 0 <= parsed.length <= len(data)
        for line in parsed.lines:
            assert all(0 <= at <= at + size <= len(data) for at, size in line.pieces)
    found = split_responses(data)
    assert all(0 <= at <= len(data) for at in (*found.interim, found.final or 0))
