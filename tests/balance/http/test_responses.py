"""A backend's answers: which pass, how they are framed anew, and which become a 502."""

import asyncio
from collections.abc import Iterator

import pytest

from netlab.balance.events import Failed, Lost
from tests.balance.http.place import (
    Answer,
    Backend,
    Place,
    Talk,
    reset,
    response,
    rest,
    until,
    wires,
)

OK = b"HTTP/1.1 200 OK\r\n"


def raw(octets: bytes, close: bool = True) -> Talk:
    """A backend that sends just this for each head it reads."""

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while b"\r\n\r\n" in await backend.read(reader):
            writer.write(octets)
            await writer.drain()
            if close:
                return

    return talk


BAD = {
    "no status line, RFC 9112 §4": b"hello\r\n\r\n",
    "HTTP/0.9, RFC 9112 §4": b"<html>" * 20_000,
    "another version, RFC 9112 §4": b"HTTP/2 200 OK\r\n\r\n",
    "a status of four digits, RFC 9112 §4": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status beyond 599, RFC 9110 §15": b"HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n",
    "no space behind the status, RFC 9112 §4": b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
    "an empty line first, RFC 9112 §2.2": b"\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    "a bare LF, RFC 9112 §2.2": OK + b"X: a\nContent-Length: 0\r\n\r\n",
    "a folded line, RFC 9112 §5.2": OK + b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon, RFC 9112 §5.1": OK + b"Content-Length : 0\r\n\r\n",
    "NUL, RFC 9110 §5.5": OK + b"X: \0\r\nContent-Length: 0\r\n\r\n",
    "both framings, RFC 9112 §6.1": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    "two lengths, RFC 9112 §6.3": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length that is none, RFC 9112 §6.3": OK + b"Content-Length: -1\r\n\r\n",
    "another coding, RFC 9112 §6.1": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0, RFC 9112 §6.1": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    "chunks that are none, RFC 9112 §7.1": OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a bare LF in chunks, RFC 9112 §7.1": OK + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n",
    "a head without end, RFC 6585 §5": OK + b"X: a\r\n" * 20_000,
    "101 that nobody asked for, RFC 9110 §15.2.2": b"HTTP/1.1 101 Switching Protocols\r\n"
    b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    "interim responses without end, RFC 9110 §15.2": b"HTTP/1.1 102 X\r\n\r\n" * 50,
    "half a head": OK + b"X: a\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_response_is_a_502_and_costs_the_backend_its_connection(case: str) -> None:
    with Place(raw(BAD[case], close=case in ("half a head", "nothing"))) as place:
        with place.client() as sock:
            sock.sendall(b"POST /a HTTP/1.1\r\nHost: a.example\r\n\r\n")
            octets = rest(sock)
        last = octets.rpartition(b"HTTP/1.1 502 ")[1:]
        assert last[0], octets
        assert Answer.of(b"".join(last)).first("connection") == "close"
        assert b"hello" not in octets
        place.wait(lambda: place.backend.ended or case in ("half a head", "nothing"))
        (lost,) = place.of(Lost)
        (failed,) = place.of(Failed)
        assert (lost.request, lost.backend, lost.why) == ("POST /a", "b1", failed.why)


GOOD = {
    "a length": (OK + b"Content-Length: 05\r\n\r\nhello", b"hello", b"content-length: 5\r\n"),
    "chunks": (
        OK + b"Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nDigest: a\r\n\r\n",
        b"5\r\nhello\r\n0\r\ndigest: a\r\n\r\n", b"transfer-encoding: chunked\r\n",
    ),
    "until the end": (OK + b"\r\nhello", b"5\r\nhello\r\n0\r\n\r\n", b"chunked\r\n"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhello", b"5\r\nhello\r\n0\r\n\r\n", b"via: 1.0 netlab"),
    "no reason": (b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", b"", b"HTTP/1.1 200 \r\n"),
    "204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", b"", b" 204 "),
    "304": (b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n", b"", b"content-length: 5\r\n"),
    "103, then": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\na",
        b"a", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n",
    ),
    "426": (
        b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        b"Content-Length: 0\r\n\r\n", b"", b"connection: upgrade\r\nupgrade: websocket\r\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GOOD)
def test_a_good_one_is_framed_anew_and_the_client_s_connection_goes_on(case: str) -> None:
    octets, body, line = GOOD[case]
    with Place(raw(octets)) as place, place.client() as sock:
        for _ in range(2):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            answer = until(sock, b"\r\n\r\n" + body if body else b"\r\n\r\n")
            while case == "103, then" and b" 200 OK" not in answer:
                answer += until(sock, b"\r\n\r\na")
            assert line in answer
            assert b"content-length" not in answer.lower() or case != "204"
        assert place.backend.connections == 2


def test_until_the_end_stays_so_for_http_1_0() -> None:
    with Place(raw(OK + b"\r\nhello")) as place:
        octets = place.ask(b"GET / HTTP/1.0\r\n\r\n")
        assert octets.endswith(b"\r\n\r\nhello")
        assert b"chunked" not in octets
        assert b"connection: close\r\n" in octets


def test_chunks_are_taken_apart_for_http_1_0_and_interim_responses_left_out() -> None:
    made = b"HTTP/1.1 103 X\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\n\r\n"
    with Place(raw(made + b"5\r\nhello\r\n0\r\n\r\n")) as place:
        octets = place.ask(b"GET / HTTP/1.0\r\n\r\n")
        assert octets.startswith(b"HTTP/1.1 200 OK\r\n")
        assert octets.endswith(b"\r\n\r\nhello")


def test_head_has_the_length_and_nothing_behind() -> None:
    with Place(raw(OK + b"Content-Length: 5\r\n\r\n", close=False)) as place:
        request = b"HEAD / HTTP/1.1\r\nHost: a.example\r\n"
        octets = place.ask(request + b"\r\n" + request + b"Connection: close\r\n\r\n")
        assert octets.count(b"content-length: 5\r\n") == 2
        assert octets.endswith(b"connection: close\r\n\r\n")
        assert place.backend.connections == 1


def test_what_stands_behind_a_response_is_no_response_of_anyone() -> None:
    """A backend that answers once too often would give one client what another asked for."""
    extra = response(b"one") + response(b"two")
    with Place(raw(extra, close=False)) as place:
        for _ in range(2):
            assert place.get().body == b"one"
        assert place.backend.connections == 2


def test_nor_what_comes_while_nobody_has_asked() -> None:
    late = asyncio.Event()

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await backend.read(reader)
        writer.write(response(b"one"))
        await late.wait()
        writer.write(response(b"two"))
        await backend.read(reader)

    with Place(talk) as place:
        assert place.get().body == b"one"
        place.loop.call_soon_threadsafe(late.set)
        place.wait(lambda: any(wire.buffer for wire in wires()))
        assert place.get().body == b"one"
        assert place.backend.connections == 2


def test_an_answer_until_the_end_that_is_reset_is_not_whole() -> None:
    more = asyncio.Event()

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await backend.read(reader)
        writer.write(OK + b"\r\nhalf")
        await more.wait()
        reset(writer)

    with Place(talk) as place, place.client() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        until(sock, b"half")
        place.loop.call_soon_threadsafe(more.set)
        with pytest.raises(ConnectionResetError):
            rest(sock)
        assert place.of(Lost)[0].why == "reset the connection in the middle of a body"


@pytest.fixture
def cut() -> Iterator[Place]:
    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await backend.read(reader)
        writer.write(OK + b"Content-Length: 10\r\n\r\nhello")
        await writer.drain()

    with Place(talk) as place:
        yield place


def test_an_answer_that_breaks_off_is_seen_to_break_off(cut: Place) -> None:
    with cut.client() as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            rest(sock)
    cut.wait(lambda: cut.of(Lost))
    assert cut.of(Lost)[0].request == "GET /"


def test_the_balancer_s_own_answers_need_no_backend() -> None:
    with Place() as place:
        place.loop.call_soon_threadsafe(place.pool.mark, place.pool.backends[0], "down", "a test")
        answer = place.get()
        assert answer.status == 503
        assert answer.first("retry-after") == "1"
