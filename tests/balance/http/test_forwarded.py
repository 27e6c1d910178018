"""What reaches the backend, and what comes back: written anew, and meaning the same."""

import asyncio
from typing import Any

import pytest

from netlab.balance.http.forward import one_less
from tests.balance.http.place import (
    Answer,
    Backend,
    Place,
    Request,
    Talk,
    answering,
    response,
    rest,
    until,
)

END = b"Connection: close\r\n\r\n"


def heard(octets: bytes, **given: Any) -> Request:
    """The one request that a backend gets of these octets."""
    with Place(**given) as place:
        answer = Answer.of(place.ask(octets))
        assert answer.status == 200
        (request,) = place.backend.requests
        return request


def sent(
    *lines: bytes, start: bytes = b"GET /a?b=c HTTP/1.1", host: bytes = b"a.example"
) -> Request:
    return heard(b"\r\n".join([start, b"Host: " + host, *lines, END]))


class TestIdentity:
    def test_who_asked_is_told_in_the_standard_s_words_and_in_the_older_ones(self) -> None:
        request = sent(host=b"a.example:8080")
        assert request.all(b"forwarded") == [b'for=127.0.0.1;host="a.example:8080";proto=http']
        assert request.all(b"x-forwarded-for") == [b"127.0.0.1"]
        assert request.all(b"x-forwarded-proto") == [b"http"]
        assert request.all(b"x-forwarded-host") == [b"a.example:8080"]
        assert request.all(b"host") == [b"a.example:8080"]
        assert request.all(b"via") == [b"1.1 netlab"]

    @pytest.mark.parametrize(
        "name",
        ["Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-FORWARDED-PROTO", "X-Real-IP",
         "X_Forwarded_For", "X-Forwarded_For", "X-Original-URL"],
    )  # fmt: skip
    def test_what_a_client_claims_of_itself_goes_no_further(self, name: str) -> None:
        request = sent(name.encode() + b": for=198.51.100.7")
        assert not [value for _, value in request.fields if b"198.51.100.7" in value]
        assert len(request.all(b"x-forwarded-for")) == 1

    def test_those_on_the_way_before_are_kept_in_via(self) -> None:
        assert sent(b"Via: 1.0 first", b"Via: 1.1 second").all(b"via") == [
            b"1.0 first, 1.1 second, 1.1 netlab"
        ]


class TestTargets:
    @pytest.mark.parametrize(
        ("start", "host", "target"),
        [
            (b"GET http://a.example/x?y HTTP/1.1", b"a.example", b"/x?y"),
            (b"GET http://A.example:80/x HTTP/1.1", b"a.example", b"/x"),
            (b"GET http://a.example HTTP/1.1", b"a.example", b"/"),
            (b"GET http://a.example?y HTTP/1.1", b"a.example", b"/?y"),
            (b"OPTIONS * HTTP/1.1", b"a.example", b"*"),
            (b"OPTIONS http://a.example HTTP/1.1", b"a.example", b"*"),
            (b"GET //a//b/../c HTTP/1.1", b"a.example", b"//a//b/../c"),
            (b"GET /%2e%2E/?a=b?c/d HTTP/1.1", b"[::1]:80", b"/%2e%2E/?a=b?c/d"),
            (b"GET / HTTP/1.7", b"a.example", b"/"),
        ],
    )
    def test_forms_become_origin_form(self, start: bytes, host: bytes, target: bytes) -> None:
        assert sent(start=start, host=host).target == target

    def test_http_1_0_without_host_is_for_the_address_it_came_to(self) -> None:
        with Place() as place:
            octets = place.ask(b"GET / HTTP/1.0\r\n\r\n")
            assert octets.startswith(b"HTTP/1.1 200 ")
            assert Answer.of(octets).first("connection") == "close"
            (request,) = place.backend.requests
            assert request.first(b"host") == b"127.0.0.1:%d" % place.address[1]
            assert request.first(b"via") == b"1.0 netlab"

    def test_an_empty_line_before_a_request_is_forgiven(self) -> None:
        assert heard(b"\r\nGET / HTTP/1.1\r\nHost: a.example\r\n" + END).target == b"/"


class TestHopByHop:
    def test_what_is_for_the_next_one_alone_ends_here(self) -> None:
        request = sent(
            b"Connection: X-Mine, keep-alive", b"X-Mine: a", b"Keep-Alive: timeout=5",
            b"Proxy-Connection: keep-alive", b"Proxy-Authorization: Basic eA==", b"TE: gzip",
            b"Upgrade: h2c", b"X-Yours: b",
        )  # fmt: skip
        names = {name for name, _ in request.fields}
        assert b"x-yours" in names
        assert not names & {
            b"x-mine", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"te",
            b"upgrade", b"connection",
        }  # fmt: skip

    def test_a_connection_option_cannot_take_off_what_the_balancer_sets(self) -> None:
        request = sent(b"Connection: X-Forwarded-For, Forwarded, Via")
        assert request.all(b"x-forwarded-for") == [b"127.0.0.1"]
        assert request.all(b"via") == [b"1.1 netlab"]

    def test_whoever_takes_trailers_still_says_so(self) -> None:
        request = sent(b"Connection: TE", b"TE: trailers, gzip;q=0.5")
        assert request.first(b"te") == b"trailers"
        assert request.first(b"connection") == b"te"

    def test_max_forwards_counts_down_for_options(self) -> None:
        start = b"OPTIONS * HTTP/1.1"
        assert sent(b"Max-Forwards: 3", start=start).first(b"max-forwards") == b"2"
        assert sent(b"Max-Forwards: 3").first(b"max-forwards") == b"3"

    @pytest.mark.parametrize("hops", [b"1" * 5000, b"0", b"-1", b"\xb2"])
    def test_max_forwards_that_nobody_counts_goes_on_as_it_is(self, hops: bytes) -> None:
        assert one_less(hops) == hops

    def test_a_response_s_own_end_here_too(self) -> None:
        made = response(
            b"hello", b"200 OK", b"Connection: X-Mine", b"X-Mine: a", b"Keep-Alive: timeout=5",
            b"Proxy-Authenticate: Basic", b"X-Yours: b", b"Via: 1.1 inner",
        )  # fmt: skip
        with Place(answering(made)) as place:
            answer = place.get()
            assert answer.body == b"hello"
            assert answer.first("x-yours") == "b"
            assert answer.first("via") == "1.1 inner, 1.1 netlab"
            assert answer.first("date") is not None
            for name in ("x-mine", "keep-alive", "proxy-authenticate"):
                assert answer.first(name) is None


class TestRequestBodies:
    def test_a_length_stays_a_length_and_is_written_plainly(self) -> None:
        request = heard(
            b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0005\r\nConnection: close\r\n"
            b"\r\nhello"
        )
        assert request.body == b"hello"
        assert request.all(b"content-length") == [b"5"]

    def test_chunks_stay_chunks_without_their_extensions(self) -> None:
        octets = (
            b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: Chunked\r\n"
            b"Connection: close\r\n\r\n"
            b'3;a=b ; c = "d;\\"e"\r\nhel\r\n002\r\nlo\r\n0;last\r\n'
            b"Digest: x\r\nContent-Length: 3\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n"
        )
        with Place() as place:
            assert Answer.of(place.ask(octets)).status == 200
            (request,) = place.backend.requests
            assert request.body == b"hello"
            assert request.trailers == [(b"digest", b"x")]
            assert request.all(b"transfer-encoding") == [b"chunked"]
            assert b"5\r\nhello\r\n0\r\ndigest: x\r\n\r\n" in place.backend.octets

    @pytest.mark.parametrize("step", [1, 7])
    def test_a_body_in_pieces_arrives_whole(self, step: int) -> None:
        body = bytes(range(256)) * 4
        chunked = b"".join(b"%x\r\n%b\r\n" % (9, body[n : n + 9]) for n in range(0, 1017, 9))
        octets = (
            b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n"
            b"Connection: close\r\n\r\n" + chunked + b"0\r\n\r\n"
        )
        with Place() as place, place.client() as sock:
            for at in range(0, len(octets), step * 40):
                sock.sendall(octets[at : at + step * 40])
            assert rest(sock).startswith(b"HTTP/1.1 200 ")
            assert place.backend.requests[0].body == body[:1017]

    def test_a_method_that_foresees_content_says_that_there_is_none(self) -> None:
        assert sent(start=b"POST / HTTP/1.1").all(b"content-length") == [b"0"]
        assert sent().all(b"content-length") == []

    def test_who_expects_100_gets_it_from_the_backend(self) -> None:
        async def talk(
            backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"expect: 100-continue\r\n" in head
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert await reader.readexactly(5) == b"hello"
            writer.write(response(b"thanks"))
            await writer.drain()
            await reader.read()

        with Place(talk) as place, place.client() as sock:
            sock.sendall(
                b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n"
                b"Expect: 100-Continue\r\n\r\n"
            )
            assert until(sock, b"\r\n\r\n").startswith(b"HTTP/1.1 100 Continue\r\n")
            sock.sendall(b"hello")
            assert until(sock, b"thanks").startswith(b"HTTP/1.1 200 OK\r\n")

    def test_who_is_refused_instead_of_continued_hears_it_and_the_connection_ends(self) -> None:
        with Place(answering_at_once(response(b"no", b"413 Too Much"))) as place:
            octets = place.ask(
                b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            assert Answer.of(octets).status == 413
            assert Answer.of(octets).first("connection") == "close"

    def test_http_1_0_cannot_expect_anything(self) -> None:
        octets = b"POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\na"
        assert heard(octets).first(b"expect") is None


def answering_at_once(octets: bytes) -> Talk:
    """A backend that answers a head and reads no body."""

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while b"\r\n\r\n" in await backend.read(reader):
            writer.write(octets)
            await writer.drain()

    return talk
