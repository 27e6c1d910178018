"""Requests that go no further: each with the rule that it breaks.

Of each it is asserted what it is answered, that the connection ends there (and not by a reset, or
the answer might be lost), and that not one octet of anything has reached a backend, the request
that hides behind it included.
"""

from collections.abc import Iterator

import pytest

from netlab.balance.events import Refused
from tests.balance.http.place import Answer, Place

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a.example\r\n\r\n"


def get(*lines: bytes, start: bytes = b"GET / HTTP/1.1", host: bytes = b"Host: a.example") -> bytes:
    return b"\r\n".join([start, *([host] if host else []), *lines, b"", b""])


def post(*lines: bytes, body: bytes = b"") -> bytes:
    return get(*lines, start=b"POST / HTTP/1.1") + body


def chunks(body: bytes) -> bytes:
    return post(b"Transfer-Encoding: chunked", body=body)


CASES = {
    # The request line, RFC 9112 §3
    "no version, §3": (400, get(start=b"GET /")),
    "two spaces, §3": (400, get(start=b"GET  / HTTP/1.1")),
    "a space in the target, §3.2": (400, get(start=b"GET /a b HTTP/1.1")),
    "a tab for a space, §3": (400, get(start=b"GET\t/ HTTP/1.1")),
    "a space at the end, §3": (400, get(start=b"GET / HTTP/1.1 ")),
    "a space at the beginning, §3": (400, get(start=b" GET / HTTP/1.1")),
    "no method, §3.1": (400, get(start=b"/ HTTP/1.1")),
    "a method that is no token, §3.1": (400, get(start=b"GE(T / HTTP/1.1")),
    "a method of 33 octets, §3": (501, get(start=b"A" * 33 + b" / HTTP/1.1")),
    "two empty lines before it, §2.2": (400, b"\r\n\r\n" + get()),
    "small letters, §2.3": (400, get(start=b"GET / http/1.1")),
    "two digits, §2.3": (400, get(start=b"GET / HTTP/1.10")),
    "no minor version, §2.3": (400, get(start=b"GET / HTTP/1")),
    "the preface of HTTP/2, RFC 9113 §3.4": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/3.0, RFC 9110 §15.6.6": (505, get(start=b"GET / HTTP/3.0")),
    "HTTP/0.9 by number, RFC 9110 §15.6.6": (505, get(start=b"GET / HTTP/0.9")),
    "a target of 8001 octets, §3": (414, get(start=b"GET /" + b"a" * 8000 + b" HTTP/1.1")),
    "a target without end, §3": (414, b"GET /" + b"a" * 9000),
    "CONNECT, RFC 9110 §9.3.6": (501, get(start=b"CONNECT a.example:443 HTTP/1.1")),
    "TRACE, RFC 9110 §9.3.8": (501, get(start=b"TRACE / HTTP/1.1")),
    # The target, RFC 9112 §3.2
    "no form, §3.2": (400, get(start=b"GET a HTTP/1.1")),
    "a fragment, §3.2": (400, get(start=b"GET /a#b HTTP/1.1")),
    "a broken escape, RFC 3986 §2.1": (400, get(start=b"GET /%zz HTTP/1.1")),
    "a half escape, RFC 3986 §2.1": (400, get(start=b"GET /%a HTTP/1.1")),
    "an octet that no URI holds, RFC 3986 §2": (400, get(start=b'GET /"a" HTTP/1.1')),
    "UTF-8 unescaped, RFC 3986 §2": (400, get(start="GET /ä HTTP/1.1".encode())),
    "a backslash, RFC 3986 §2": (400, get(start=b"GET /a\\b HTTP/1.1")),
    "* with GET, §3.2.4": (400, get(start=b"GET * HTTP/1.1")),
    "another scheme, §3.2.2": (400, get(start=b"GET ftp://a.example/ HTTP/1.1")),
    "https in the clear, RFC 9110 §7.4": (421, get(start=b"GET https://a.example/ HTTP/1.1")),
    "user information, RFC 9110 §4.2.4": (400, get(start=b"GET http://u@a.example/ HTTP/1.1")),
    "no host, RFC 9110 §4.2.1": (400, get(start=b"GET http:///a HTTP/1.1")),
    "another host, §3.2": (400, get(start=b"GET http://b.example/ HTTP/1.1")),
    "another port, §3.2": (400, get(start=b"GET http://a.example:81/ HTTP/1.1")),
    # Host, RFC 9112 §3.2, RFC 9110 §7.2
    "no Host, §3.2": (400, get(host=b"")),
    "two Hosts, §3.2": (400, get(b"Host: a.example")),
    "two Hosts in HTTP/1.0, §3.2": (400, get(b"Host: b.example", start=b"GET / HTTP/1.0")),
    "two hosts in one, §3.2": (400, get(host=b"Host: a.example, b.example")),
    "an empty Host, RFC 9110 §4.2.1": (400, get(host=b"Host:")),
    "a path in Host, §3.2": (400, get(host=b"Host: a.example/b")),
    "user information in Host, §3.2": (400, get(host=b"Host: u@a.example")),
    "a port that is none, §3.2": (400, get(host=b"Host: a.example:http")),
    "a port beyond the last, §3.2": (400, get(host=b"Host: a.example:65536")),
    "a bracket left open, RFC 3986 §3.2.2": (400, get(host=b"Host: [::1")),
    "an address that is none, RFC 3986 §3.2.2": (400, get(host=b"Host: [1::2::3]")),
    # Field lines, RFC 9112 §5
    "a space before the colon, §5.1": (400, get(b"Accept : a")),
    "a space before a length's colon, §5.1": (400, post(b"Content-Length : 1", body=b"a")),
    "a tab before the colon, §5.1": (400, post(b"Transfer-Encoding\t: chunked", body=b"0\r\n\r\n")),
    "no colon, §5": (400, get(b"Accept")),
    "no name, RFC 9110 §5.1": (400, get(b": a")),
    "a name that is no token, RFC 9110 §5.1": (400, get(b"Acc(ept: a")),
    "a name in UTF-8, RFC 9110 §5.1": (400, get("Ä: a".encode())),
    "a folded line, §5.2": (400, get(b"Accept: a,", b" b")),
    "a line folded by a tab, §5.2": (400, get(b"Accept: a,", b"\tb")),
    "whitespace behind the request line, §2.2": (400, get(host=b" Host: a.example")),
    "a folded Transfer-Encoding, §5.2": (400, chunks(b"").replace(b": c", b":\r\n c")),
    "NUL in a value, RFC 9110 §5.5": (400, get(b"Accept: a\x00b")),
    "a control octet in a value, RFC 9110 §5.5": (400, get(b"Accept: a\x0bb")),
    "DEL in a value, RFC 9110 §5.5": (400, get(b"Accept: a\x7f")),
    "a bare CR in a value, RFC 9110 §5.5": (400, get(b"Accept: a\rX: b")),
    "a bare CR before the end, §2.2": (400, get(b"Accept: a\r")),
    "a bare LF in the head, §2.2": (400, get(b"Accept: a\nX: b")),
    "bare LFs alone, §2.2": (400, b"GET / HTTP/1.1\nHost: a.example\n\n"),
    "a bare LF behind the request line, §2.2": (400, b"GET / HTTP/1.1\nHost: a\r\n\r\n"),
    "101 fields, RFC 6585 §5": (431, get(*[b"X-%d: a" % n for n in range(100)])),
    "a field of 17 KB, RFC 6585 §5": (431, get(b"X: " + b"a" * 17_000)),
    "a head of 66 KB, RFC 6585 §5": (431, get(*[b"X: " + b"a" * 11_000] * 6)),
    "a head without end, RFC 6585 §5": (431, b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000),
    # Framing, RFC 9112 §6
    "both framings, §6.1": (
        400, post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    ),
    "both framings the other way round, §6.1": (
        400, post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    ),
    "Content-Length beside an unknown coding, §6.1": (
        400, post(b"Content-Length: 4", b"Transfer-Encoding: x", body=b"abcd"),
    ),
    "Content-Length beside an empty coding, §6.1": (
        400, post(b"Content-Length: 4", b"Transfer-Encoding:", body=b"abcd"),
    ),
    "chunks in HTTP/1.0, §6.1": (
        400, chunks(b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"),
    ),
    "two lengths, §6.3": (400, post(b"Content-Length: 4", b"Content-Length: 5", body=b"abcde")),
    "two lengths in one, §6.3": (400, post(b"Content-Length: 4, 5", body=b"abcde")),
    "the same length twice, §6.3": (400, post(*[b"Content-Length: 4"] * 2, body=b"abcd")),
    "the same length twice in one, §6.3": (400, post(b"Content-Length: 4, 4", body=b"abcd")),
    "a signed length, RFC 9110 §8.6": (400, post(b"Content-Length: +4", body=b"abcd")),
    "a length below nothing, RFC 9110 §8.6": (400, post(b"Content-Length: -1")),
    "a length in hexadecimal, RFC 9110 §8.6": (400, post(b"Content-Length: 0x4", body=b"abcd")),
    "a length with an underscore, RFC 9110 §8.6": (400, post(b"Content-Length: 0_1", body=b"a")),
    "a length with a space inside, RFC 9110 §8.6": (400, post(b"Content-Length: 0 1", body=b"a")),
    "other digits, RFC 9110 §8.6": (400, post("Content-Length: ４".encode(), body=b"abcd")),
    "an empty length, RFC 9110 §8.6": (400, post(b"Content-Length:")),
    "a length of 2^64, RFC 9110 §8.6": (413, post(b"Content-Length: 18446744073709551616")),
    "a length of 200 digits, RFC 9110 §8.6": (413, post(b"Content-Length: " + b"9" * 200)),
    "a length of a petabyte, RFC 9110 §15.5.14": (413, post(b"Content-Length: 1125899906842625")),
    "chunked not last, §6.3": (400, post(b"Transfer-Encoding: chunked, gzip", body=b"0\r\n\r\n")),
    "chunked absent, §6.3": (400, post(b"Transfer-Encoding: gzip", body=b"0\r\n\r\n")),
    "identity, §7": (400, post(b"Transfer-Encoding: identity", body=b"")),
    "another coding first, §6.1": (501, post(b"Transfer-Encoding: x, chunked", body=b"0\r\n\r\n")),
    "another coding first by lines, §6.1": (
        501, post(b"Transfer-Encoding: gzip", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    ),
    "chunked twice, §6.1": (400, post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n")),
    "chunked twice by lines, §6.1": (
        400, post(*[b"Transfer-Encoding: chunked"] * 2, body=b"0\r\n\r\n"),
    ),
    "chunked with a parameter, §7.1": (
        400, post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"),
    ),
    "chunked in quotes, §7": (400, post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n")),
    "a coding that only looks like it, §7": (
        400, post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    ),
    "chunked behind a vertical tab, RFC 9110 §5.5": (
        400, post(b"Transfer-Encoding: \x0bchunked", body=b"0\r\n\r\n"),
    ),
    "an empty coding before it, §6.1": (
        400, post(b"Transfer-Encoding: , chunked", body=b"0\r\n\r\n"),
    ),
    "no coding, §6.1": (400, post(b"Transfer-Encoding:", body=b"0\r\n\r\n")),
    "framing as a connection option, RFC 9110 §7.6.1": (
        400, post(b"Content-Length: 4", b"Connection: content-length", body=b"abcd"),
    ),
    "Host as a connection option, RFC 9110 §7.6.1": (400, get(b"Connection: close, Host")),
    "another expectation, RFC 9110 §10.1.1": (417, post(b"Expect: 200-ok")),
    # Chunks, RFC 9112 §7.1
    "no size, §7.1": (400, chunks(b"\r\nabc\r\n0\r\n\r\n")),
    "a size that is no number, §7.1": (400, chunks(b"g\r\n")),
    "a signed size, §7.1": (400, chunks(b"+3\r\nabc\r\n0\r\n\r\n")),
    "a size with a prefix, §7.1": (400, chunks(b"0x3\r\nabc\r\n0\r\n\r\n")),
    "a size with an underscore, §7.1": (400, chunks(b"1_0\r\n")),
    "a space before the size, §7.1": (400, chunks(b" 3\r\nabc\r\n0\r\n\r\n")),
    "a space behind the size, §7.1": (400, chunks(b"3 \r\nabc\r\n0\r\n\r\n")),
    "a size of 16 digits, §7.1": (400, chunks(b"0000000000000003\r\nabc\r\n0\r\n\r\n")),
    "a size that overflows, §7.1": (400, chunks(b"10000000000000003\r\nabc\r\n0\r\n\r\n")),
    "a size of a petabyte, RFC 9110 §15.5.14": (413, chunks(b"fffffffffffffff\r\n")),
    "a bare LF behind the size, §7.1": (400, chunks(b"3\nabc\r\n0\r\n\r\n")),
    "a bare CR behind the size, §7.1": (400, chunks(b"3\rabc\r\n0\r\n\r\n")),
    "a bare LF behind the data, §7.1": (400, chunks(b"3\r\nabc\n0\r\n\r\n")),
    "data longer than its size, §7.1": (400, chunks(b"3\r\nabcd\r\n0\r\n\r\n")),
    "a bare LF inside an extension, §7.1.1": (400, chunks(b"3;a\nb\r\nabc\r\n0\r\n\r\n")),
    "a bare CR inside an extension, §7.1.1": (400, chunks(b"3;a\rb\r\nabc\r\n0\r\n\r\n")),
    "an extension without a name, §7.1.1": (400, chunks(b"3;\r\nabc\r\n0\r\n\r\n")),
    "an open quote in an extension, §7.1.1": (400, chunks(b'3;a="b\r\nabc\r\n0\r\n\r\n')),
    "an extension of 300 octets, §7.1.1": (400, chunks(b"3;" + b"a" * 300)),
    "extensions without end, §7.1.1": (400, chunks((b"1;" + b"a" * 200 + b"\r\nx\r\n") * 100)),
    "NUL behind the size, §7.1": (400, chunks(b"3\x00\r\nabc\r\n0\r\n\r\n")),
    "a bare LF behind the last chunk, §7.1": (400, chunks(b"0\n\r\n")),
    "a bare LF for the last line, §7.1": (400, chunks(b"0\r\n\n")),
    "a folded trailer, §5.2": (400, chunks(b"0\r\nX: a\r\n b\r\n\r\n")),
    "a trailer without a colon, §7.1.2": (400, chunks(b"0\r\nGET / HTTP/1.1\r\n\r\n")),
    "a space before a trailer's colon, §5.1": (400, chunks(b"0\r\nX : a\r\n\r\n")),
    "a bare LF in a trailer, §2.2": (400, chunks(b"0\r\nX: a\nY: b\r\n\r\n")),
    "trailers of 17 KB, RFC 6585 §5": (431, chunks(b"0\r\n" + b"X: a\r\n" * 3000)),
}  # fmt: skip


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    with Place() as made:
        yield made


@pytest.mark.parametrize("case", CASES)
def test_it_goes_no_further(place: Place, case: str) -> None:
    status, octets = CASES[case]
    answer = Answer.of(place.ask(octets + HIDDEN))
    assert (answer.status, answer.first("connection")) == (status, "close")
    assert answer.body.startswith(b"%d " % status), "one answer, with its reason"
    assert len(answer.body) == int(answer.first("content-length") or 0), "and nothing behind it"
    assert place.backend.octets == b""
    assert place.backend.connections == 0
    told = place.of(Refused)[-1]
    assert told.status == status
    assert told.client == "127.0.0.1"


def test_the_hidden_request_is_one_that_passes_when_nothing_is_wrong() -> None:
    """Or the table would prove nothing."""
    with Place() as place:
        octets = place.ask(get() + HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert octets.count(b"HTTP/1.1 200 OK") == 2
        assert [each.target for each in place.backend.requests] == [b"/", b"/hidden"]


def test_no_answer_has_a_body_for_head() -> None:
    with Place() as place:
        octets = place.ask(get(host=b"", start=b"HEAD / HTTP/1.1"))
        assert octets.startswith(b"HTTP/1.1 400 ")
        assert octets.endswith(b"\r\n\r\n")


def test_what_is_wrong_with_it_shows_at_once_not_at_its_end() -> None:
    """Nobody waits for a time-out to learn that a head will never be one."""
    with Place() as place, place.client() as sock:
        sock.sendall(b"GET / HTTP/1.1\nHost")
        assert sock.recv(100).startswith(b"HTTP/1.1 400 ")
