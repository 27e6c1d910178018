"""Backends that die: what is asked again, of whom, and what is told of it."""

import asyncio

import pytest

from netlab.balance.events import Failed, Finished, Lost, Picked, Retried
from tests.balance.http.place import Answer, Backend, Place, Talk, rest, until

GET = b"GET /a HTTP/1.1\r\nHost: a.example\r\n"
CLOSE = b"Connection: close\r\n\r\n"


def dying(reset: bool = False, after: bytes = b"") -> Talk:
    """A backend that reads a request, says at most this, and breaks off."""

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await backend.read(reader)
        writer.write(after)
        await writer.drain()
        if reset:
            writer.transport.abort()

    return talk


def put(body: bytes, method: bytes = b"PUT") -> bytes:
    return (
        b"%s /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n" % (method, len(body))
        + CLOSE + body
    )  # fmt: skip


def test_a_backend_that_refuses_costs_no_request_of_any_method() -> None:
    with Place(None, None) as place:
        place.do(place.backend.stop())
        answers = [Answer.of(place.ask(put(b"x", method))) for method in (b"POST", b"PUT")]
        assert [answer.body for answer in answers] == [b"b2", b"b2"]
        retried = place.of(Retried)
        assert retried
        assert {(each.first, each.second, each.doubled) for each in retried} == {
            ("b1", "b2", False)
        }
        assert not place.of(Lost)
        assert {each.why for each in place.of(Failed)} == {"refuses the connection"}


def test_when_all_refuse_it_is_a_502_and_named() -> None:
    with Place(None, None) as place:
        for backend in place.backends:
            place.do(backend.stop())
        assert place.get("/a").status == 502
        (lost,) = place.of(Lost)
        assert (lost.request, lost.why) == ("GET /a", "refuses the connection")
        assert len(place.of(Picked)) == 2


def test_a_backend_that_dies_while_idle_loses_and_doubles_nothing() -> None:
    with Place(None, None) as place:
        for _ in range(4):
            assert place.get().status == 200
        place.do(place.backends[0].stop())
        for method in (b"POST", b"GET", b"PUT", b"POST"):
            assert Answer.of(place.ask(put(b"x", method))).status == 200
        assert sum(len(each.requests) for each in place.backends) == 8
        assert not place.of(Lost)
        assert not [each for each in place.of(Retried) if each.doubled]


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE"])
def test_in_flight_what_is_idempotent_is_asked_again_once_and_named(
    method: bytes, reset: bool
) -> None:
    with Place(dying(reset), None) as place:
        assert Answer.of(place.ask(put(b"x", method))).status == 200
        (retried,) = place.of(Retried)
        assert (retried.request, retried.first, retried.second, retried.doubled) == (
            f"{method.decode()} /a", "b1", "b2", True,
        )  # fmt: skip
        assert place.backends[1].requests[0].body == b"x"


@pytest.mark.parametrize("method", [b"POST", b"PATCH", b"BREW"])
def test_in_flight_anything_else_is_a_502_and_named(method: bytes) -> None:
    with Place(dying(), None) as place:
        assert Answer.of(place.ask(put(b"x", method))).status == 502
        (lost,) = place.of(Lost)
        assert lost.request == f"{method.decode()} /a"
        assert not place.of(Retried)
        assert place.backends[1].connections == 0


def test_it_is_asked_again_once_and_not_for_ever() -> None:
    with Place(dying(), dying(), dying()) as place:
        assert place.get().status == 502
        assert sum(each.connections for each in place.backends) == 2
        assert len(place.of(Retried)) == 1
        assert len(place.of(Lost)) == 1


def test_not_when_an_answer_has_begun() -> None:
    with Place(dying(after=b"HTTP/1.1 2"), None) as place:
        assert place.get().status == 502
        assert place.backends[1].connections == 0


@pytest.mark.parametrize(
    ("size", "status"), [(16_384, 200), (1 << 20, 502)], ids=["held", "not held"]
)
def test_only_with_a_body_that_is_still_here(size: int, status: int) -> None:
    with Place(dying(), None) as place, place.client() as sock:
        octets = put(b"x" * size)
        head, _, body = octets.partition(b"\r\n\r\n")
        sock.sendall(head + b"\r\n\r\n")
        sock.sendall(body[:16_000])
        place.wait(lambda: size == 16_384 or place.backends[0].connections)
        try:
            sock.sendall(body[16_000:])
        except ConnectionError:
            pytest.fail("the answer must be readable")
        assert Answer.of(rest(sock)).status == status


def test_a_connection_that_had_served_and_ends_just_now_is_tried_anew() -> None:
    """The backend closes while the request is on its way: a new connection to it will do."""
    served = []

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        served.append(writer)
        await backend.read(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na")
        await writer.drain()
        await backend.read(reader)
        if len(served) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb")

    with Place(talk) as place, place.client() as sock:
        for _ in range(2):
            sock.sendall(GET + b"\r\n")
            assert until(sock, b"\r\n\r\na").startswith(b"HTTP/1.1 200 OK\r\n")
        (retried,) = place.of(Retried)
        assert (retried.first, retried.second, retried.doubled) == ("b1", "b1", True)
        assert not place.of(Failed)
        place.wait(lambda: len(place.of(Finished)) == 2)
        assert len(place.of(Picked)) == 2


def test_what_may_not_be_repeated_never_goes_over_a_used_connection() -> None:
    with Place() as place, place.client() as sock:
        for method in (b"GET", b"POST", b"GET", b"PUT"):
            sock.sendall(method + b" / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            until(sock, b"\r\n\r\nb1")
        assert place.backend.connections == 2
