"""The recording relay, between a client and a server of this test."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.network.relay import MOST_AT_ONCE, Relay, Stripper, stripped

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OPENING = (
    b"GET /chat HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n"
    b"Connection: keep-alive, Upgrade, X-Hop\r\nX-Hop: 1\r\nSec-WebSocket-Key: k\r\n\r\n"
)
BARE = b"GET /chat HTTP/1.1\r\nHost: a.example\r\nSec-WebSocket-Key: k\r\n\r\n"


async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends back in capitals until the other side has said all, then ends too."""
    while data := await reader.read(1000):
        writer.write(data.upper())
    writer.close()


def run(test: Callable[[Relay], Awaitable[None]], talk: Talk = shout, strip: bool = False) -> None:
    async def both() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        ticks = count(1)
        async with (
            asyncio.timeout(10),
            Relay(
                lambda: ("127.0.0.1", port), lambda: float(next(ticks)), strip_upgrade=strip
            ) as relay,
        ):
            await test(relay)
        server.close()

    asyncio.run(both())


async def ended(relay: Relay, number: int = 0) -> None:
    while not relay.connections[number].ended_by:
        await relay.change()


def test_all_octets_pass_and_are_taped_both_ways() -> None:
    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"HELLO"
        writer.write(b"again")
        writer.write_eof()
        assert await reader.read() == b"AGAIN"
        writer.close()
        await ended(relay)
        (one,) = relay.connections
        assert one.near is one.far
        assert one.near.data("sent") == b"helloagain"
        assert one.near.data("received") == b"HELLOAGAIN"
        assert one.ended_by == "client"
        instants = [
            one.near.at_offset("sent", 0), one.near.at_offset("received", 0),
            one.near.at_offset("sent", 5), one.near.at_offset("received", 5),
        ]  # fmt: skip
        assert instants == sorted(instants)
        assert one.accepted < instants[0]

    run(test)


def test_a_server_that_hangs_up_is_known_by_it() -> None:
    async def bye(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"bye")
        writer.close()

    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        assert await reader.read() == b"bye"
        writer.close()
        await ended(relay)
        assert relay.connections[0].ended_by == "server"

    run(test, bye)


def test_a_cut_is_a_reset_on_both_sides() -> None:
    felt = asyncio.Event()

    async def feel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"x")
        try:
            await reader.read()
        except ConnectionResetError:
            felt.set()

    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        assert await reader.readexactly(1) == b"x"
        assert relay.cut() == 1
        with pytest.raises(ConnectionResetError):
            await reader.read()
        await felt.wait()
        writer.close()
        assert relay.connections[0].ended_by == "relay"

    run(test, feel)


def test_a_server_that_refuses_is_told_of() -> None:
    async def test() -> None:
        gone = await asyncio.start_server(shout, "127.0.0.1", 0)
        port = gone.sockets[0].getsockname()[1]
        gone.close()
        async with asyncio.timeout(10), Relay(lambda: ("127.0.0.1", port), lambda: 0.0) as relay:
            reader, writer = await asyncio.open_connection(*relay.address)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
            assert relay.connections[0].refused

    asyncio.run(test())


def test_shut_it_refuses_and_opens_on_the_same_port_again() -> None:
    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        relay.shut()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*relay.address)
        writer.write(b"on")
        assert await reader.readexactly(2) == b"ON"
        before = relay.address
        await relay.open()
        assert relay.address == before
        _, another = await asyncio.open_connection(*relay.address)
        for one in (writer, another):
            one.close()

    run(test)


def test_what_is_held_comes_when_it_is_let_go() -> None:
    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        relay.hold()
        writer.write(b"hi")
        while not relay.connections or not relay.connections[0].near.total("sent"):
            await relay.change()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await reader.read(1)
        assert relay.connections[0].near.total("received") == 0
        relay.release()
        assert await reader.readexactly(2) == b"HI"
        writer.close()

    run(test)


def test_a_stripping_relay_tapes_what_each_side_saw() -> None:
    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        for octet in (OPENING[:30], OPENING[30:] + OPENING[:5], OPENING[5:]):
            writer.write(octet)
        writer.write_eof()
        assert await reader.read() == 2 * BARE.upper()
        writer.close()
        await ended(relay)
        (one,) = relay.connections
        assert one.near.data("sent") == 2 * OPENING
        assert one.far.data("sent") == 2 * BARE
        assert one.near.data("received") == one.far.data("received") == 2 * BARE.upper()

    run(test, strip=True)


def test_what_is_no_request_is_not_passed_on() -> None:
    async def test(relay: Relay) -> None:
        reader, writer = await asyncio.open_connection(*relay.address)
        writer.write(b"\x16\x03\x01 no HTTP at all\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()

    run(test, strip=True)


def test_too_many_at_once_are_turned_away() -> None:
    async def test(relay: Relay) -> None:
        writers = []
        for _ in range(MOST_AT_ONCE):
            reader, writer = await asyncio.open_connection(*relay.address)
            writer.write(b"a")
            assert await reader.readexactly(1) == b"A"
            writers.append(writer)
        reader, writer = await asyncio.open_connection(*relay.address)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        assert relay.turned_away == 1
        for one in (*writers, writer):
            one.close()

    run(test)


@pytest.mark.parametrize(
    ("head", "left"),
    [
        (OPENING, BARE),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nCONNECTION: Close\r\nClose: x\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"),
    ],
)
def test_fields_for_one_hop_are_taken_out(head: bytes, left: bytes) -> None:
    """RFC 9110 §7.6.1."""
    assert stripped(head) == left


@given(st.binary(max_size=200), st.integers(0, 200))
def test_nothing_makes_the_stripper_fail_otherwise(data: bytes, cut: int) -> None:
    stripper = Stripper()
    try:
        stripper.feed(data[:cut])
        stripper.feed(data[cut:])
    except OSError:
        return


def test_a_body_goes_through_as_it_is() -> None:
    request = b"POST / HTTP/1.1\r\nContent-Length: 11\r\nConnection: x\r\n\r\nUpgrade: no"
    stripper = Stripper()
    passed = b"".join(stripper.feed(request[at : at + 1]) for at in range(len(request)))
    assert passed == request.replace(b"Connection: x\r\n", b"")
