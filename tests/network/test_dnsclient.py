"""Each exchange with a DNS server is told apart, and hostile answers stay answers."""

import asyncio
import itertools
from collections.abc import Callable

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.network import dnsclient
from netlab.network.dnsclient import Exchange, answers, ask, make_query, read
from tests.nameserver import Answerer, asked, closed_port, name_server, respond

RECORD = "www.example. 300 IN A 192.0.2.1"


def ticking() -> Callable[[], float]:
    count = itertools.count()
    return lambda: float(next(count))


def put(answer: Answerer, timeout: float = 5.0, attempts: int = 1) -> Exchange:
    async def run() -> Exchange:
        async with name_server(answer) as address:
            return await ask("www.example", "A", address, ticking(), timeout, attempts=attempts)

    return asyncio.run(run())


def test_a_question_and_its_answer() -> None:
    got = put(lambda query, _: respond(query, RECORD))
    assert (got.rcode, got.fault, got.transport) == ("NOERROR", None, "udp")
    assert got.response is not None
    assert got.response.answer[0].to_text() == RECORD
    assert got.sent[:2] == got.received[:2]
    assert got.rtt == got.received_at - got.sent_at > 0
    assert got.all() == (got,)


def test_the_query_is_what_we_say_it_is() -> None:
    seen: list[bytes] = []
    got = put(lambda query, _: (seen.append(query), respond(query, RECORD))[1])  # type: ignore[func-returns-value]
    query = dns.message.from_wire(seen[0])
    assert seen == [got.sent]
    assert asked(seen[0]) == ("www.example", "A")
    assert (query.edns, query.payload) == (0, 1232)
    assert dns.flags.to_text(query.flags) == "RD AD"


def test_a_walk_asks_without_recursion() -> None:
    assert dns.flags.to_text(make_query("example", "NS", False, 1232).flags) == ""


def test_truncation_is_asked_again_over_tcp_as_a_second_exchange() -> None:
    def answer(query: bytes, transport: str) -> bytes:
        return respond(query, RECORD) if transport == "tcp" else respond(query, flags="QR TC")

    got = put(answer)
    first = got.truncated_first
    assert first is not None
    assert (first.transport, got.transport, got.rcode) == ("udp", "tcp", "NOERROR")
    assert first.received_at < got.started_at < got.sent_at < got.received_at
    assert first.sent[:2] == got.sent[:2]
    assert got.all() == (first, got)
    assert got.began_at == first.started_at


def test_a_message_cut_in_the_middle_of_a_record_is_truncated_too() -> None:
    def answer(query: bytes, transport: str) -> bytes:
        whole = bytearray(respond(query, RECORD))
        if transport == "tcp":
            return bytes(whole)
        whole[2] |= 0x02
        return bytes(whole[:-8])

    got = put(answer)
    assert (got.transport, got.rcode) == ("tcp", "NOERROR")
    assert got.truncated_first is not None
    assert got.truncated_first.response is None


@pytest.mark.parametrize("reply", [None, [], b"", b"\0"])
def test_a_broken_talk_over_tcp_is_a_fault(reply: bytes | list[bytes] | None) -> None:
    got = put(lambda q, t: reply if t == "tcp" else respond(q, flags="QR TC"), timeout=0.3)
    assert got.response is None
    assert got.fault == ("timeout" if reply is None else "malformed")


def test_nothing_listens_on_tcp() -> None:
    async def run() -> Exchange:
        async with name_server(lambda q, _: respond(q, flags="QR TC")) as address:
            return await ask("x.example", "A", address, ticking(), server_tcp=closed_port())

    got = asyncio.run(run())
    assert (got.transport, got.fault) == ("tcp", "unreachable")


def test_a_lost_query_is_asked_again_with_another_id() -> None:
    seen: list[bytes] = []

    def answer(query: bytes, _: str) -> bytes | None:
        seen.append(query)
        return respond(query, RECORD) if len(seen) == 3 else None

    got = put(answer, timeout=0.05, attempts=3)
    assert [one.fault for one in got.all()] == ["timeout", "timeout", None]
    assert [one.sent for one in got.all()] == seen
    assert len({query[:2] for query in seen}) > 1


def test_silence_is_bounded() -> None:
    got = put(lambda *_: None, timeout=0.02, attempts=2)
    assert [one.fault for one in got.all()] == ["timeout", "timeout"]
    assert (got.rcode, got.rtt) == (None, None)


def test_a_server_from_before_edns_is_asked_without() -> None:
    def answer(query: bytes, _: str) -> bytes:
        old = dns.message.from_wire(query).edns < 0
        return respond(query, RECORD) if old else respond(query, rcode="FORMERR")

    got = put(answer)
    assert [one.rcode for one in got.all()] == ["FORMERR", "NOERROR"]


def test_a_server_that_never_understands_ends_it() -> None:
    got = put(lambda query, _: respond(query, rcode="NOTIMP"))
    assert [one.rcode for one in got.all()] == ["NOTIMP", "NOTIMP"]


def test_an_answer_to_another_question_is_ignored() -> None:
    def answer(query: bytes, _: str) -> list[bytes]:
        other = make_query("evil.example", "A", True, None)
        other.id = int.from_bytes(query[:2])
        wrong_id = bytes([query[0] ^ 1]) + query[1:]
        return [
            respond(wrong_id, RECORD), respond(other.to_wire(), RECORD), query, b"x",
            respond(query, RECORD),
        ]  # fmt: skip

    got = put(answer)
    assert (got.rcode, got.ignored) == ("NOERROR", 4)


def test_an_answer_that_cannot_be_read_is_malformed_at_once() -> None:
    got = put(lambda query, _: respond(query, RECORD)[:-3], timeout=60)
    assert (got.fault, got.rcode) == ("malformed", None)
    assert got.received


def test_a_failure_without_its_question_counts() -> None:
    def answer(query: bytes, _: str) -> bytes:
        return query[:2] + b"\x80\x05" + bytes(8)

    assert put(answer).rcode == "REFUSED"


def test_an_address_without_a_server_is_unreachable() -> None:
    got = asyncio.run(ask("www.example", "A", closed_port(), ticking()))
    assert (got.fault, got.rcode) == ("unreachable", None)


QUERY = make_query("www.example", "A", True, 1232)


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=600))
def test_no_octets_make_reading_fail(tail: bytes) -> None:
    wire = QUERY.to_wire()
    for data in (tail, wire[:2] + b"\x84\x00" + tail, wire[:2] + b"\x80" + wire[3:] + tail):
        answers(wire, data)
        response, fault = read(QUERY, data)
        assert (response is None) == (fault is not None)


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_no_damage_to_an_answer_makes_reading_fail(data: st.DataObject) -> None:
    wire = bytearray(respond(QUERY.to_wire(), RECORD, "a.example. 1 IN HTTPS 1 . alpn=h2 port=1"))
    for _ in range(data.draw(st.integers(1, 6))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    response, fault = read(QUERY, bytes(wire))
    assert (response is None) == (fault is not None)


def test_the_question_is_compared_without_case() -> None:
    wire = QUERY.to_wire()
    assert answers(wire, respond(wire.replace(b"www", b"WwW"), RECORD))
    assert not answers(wire, respond(wire.replace(b"www", b"wvw"), RECORD))


def test_the_announced_size_is_the_recommended_one() -> None:
    assert dnsclient.PAYLOAD == 1232
