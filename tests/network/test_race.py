"""The race of addresses, on a loop whose time is a number: nothing here really waits."""

import asyncio
import errno
import os
import selectors
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import pytest

from netlab.network.base import NoRoute, SocketAddress
from netlab.network.race import Race, in_turns, race

T = TypeVar("T")

SIX = "2001:db8::10"
FOUR = "203.0.113.10"


class FakeTime(selectors.SelectSelector):
    """A selector that lets waiting pass at once, and counts how much of it there was."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout:
            self.now += timeout
        return events


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    selector = FakeTime()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(coroutine)


def answers(after: float) -> Callable[[], Awaitable[socket.socket]]:
    async def behave() -> socket.socket:
        await asyncio.sleep(after)
        return socket.socket()

    return behave


def fails(code: int, after: float = 0.0) -> Callable[[], Awaitable[socket.socket]]:
    async def behave() -> socket.socket:
        await asyncio.sleep(after)
        raise OSError(code, os.strerror(code))

    return behave


async def held(
    behaviour: dict[str, Callable[[], Awaitable[socket.socket]]],
    timeout: float = 30.0,
    **options: Any,
) -> Race:
    """Race these addresses on the fake time, and close what won."""

    async def connect(target: SocketAddress) -> socket.socket:
        return await behaviour[target[0]]()

    result = await race(
        list(behaviour),
        443,
        lambda address, port: (address, port),
        asyncio.get_running_loop().time,
        timeout=timeout,
        connect=connect,
        **options,
    )
    if result.winner:
        await result.winner.close()
    return result


def told(result: Race) -> list[tuple[str, float, float, str]]:
    return [(a.address, round(a.start, 6), round(a.end, 6), a.fate) for a in result.attempts]


def test_a_dead_ipv6_costs_the_attempt_delay_and_is_cut() -> None:
    result = run(held({SIX: answers(99), FOUR: answers(0.02)}))

    assert told(result) == [(SIX, 0.0, 0.27, "cut"), (FOUR, 0.25, 0.27, "won")]
    assert result.won is not None
    assert result.won.address == FOUR
    assert result.losers_cost == pytest.approx(0.25)


def test_a_working_ipv6_leaves_ipv4_untried() -> None:
    result = run(held({SIX: answers(0.1), FOUR: answers(0.0)}))

    assert told(result) == [(SIX, 0.0, 0.1, "won")]
    assert result.losers_cost == 0.0


def test_a_refusal_is_followed_at_once() -> None:
    result = run(held({SIX: fails(errno.ECONNREFUSED, 0.03), FOUR: answers(0.02)}))

    assert told(result) == [(SIX, 0.0, 0.03, "refused"), (FOUR, 0.03, 0.05, "won")]
    assert result.attempts[0].error == os.strerror(errno.ECONNREFUSED)


def test_a_late_ipv6_still_wins_against_a_later_ipv4() -> None:
    result = run(held({SIX: answers(0.3), FOUR: answers(1.0)}))

    assert told(result) == [(SIX, 0.0, 0.3, "won"), (FOUR, 0.25, 0.3, "cut")]


def test_a_failure_hastens_the_next_attempt_but_not_the_one_after() -> None:
    third = "203.0.113.11"
    result = run(
        held({SIX: fails(errno.ENETUNREACH, 0.1), FOUR: answers(99), third: answers(0.01)})
    )

    assert told(result) == [
        (SIX, 0.0, 0.1, "unreachable"),
        (FOUR, 0.1, 0.36, "cut"),
        (third, 0.35, 0.36, "won"),
    ]


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (errno.ECONNREFUSED, "refused"),
        (errno.EHOSTUNREACH, "unreachable"),
        (errno.EADDRNOTAVAIL, "unreachable"),
        (errno.ETIMEDOUT, "timeout"),
        (errno.ECONNRESET, "reset"),
    ],
)
def test_when_all_fail_nobody_wins(code: int, fate: str) -> None:
    result = run(held({SIX: fails(code), FOUR: fails(code)}))

    assert [attempt.fate for attempt in result.attempts] == [fate, fate]
    assert result.winner is None
    assert not result.expired


def test_the_deadline_ends_every_attempt() -> None:
    result = run(held({SIX: answers(99), FOUR: answers(99)}, timeout=2.0))

    assert told(result) == [(SIX, 0.0, 2.0, "timeout"), (FOUR, 0.25, 2.0, "timeout")]
    assert result.winner is None
    assert result.expired


def test_only_the_family_asked_for_is_tried() -> None:
    result = run(held({SIX: answers(0.01), FOUR: answers(0.01)}, family=4))

    assert told(result) == [(FOUR, 0.0, 0.01, "won")]


def test_no_address_of_that_family_is_no_attempt() -> None:
    result = run(held({FOUR: answers(0.0)}, family=6))

    assert result.attempts == ()
    assert result.winner is None


def test_an_address_the_network_has_no_way_to_is_unreachable() -> None:
    def dial(address: str, port: int) -> SocketAddress:
        if address == SIX:
            raise NoRoute(address)
        return (address, port)

    async def scenario() -> Race:
        async def connect(target: SocketAddress) -> socket.socket:
            return socket.socket()

        clock = asyncio.get_running_loop().time
        result = await race([SIX, FOUR], 443, dial, clock, timeout=1.0, connect=connect)
        assert result.winner is not None
        await result.winner.close()
        return result

    result = run(scenario())
    assert [a.fate for a in result.attempts] == ["unreachable", "won"]
    assert result.attempts[0].dialled is None
    assert result.attempts[1].start == 0.0


def test_a_loser_that_got_through_as_well_is_closed() -> None:
    sockets: list[socket.socket] = []

    async def scenario() -> Race:
        async def connect(target: SocketAddress) -> socket.socket:
            await asyncio.sleep(0.3 if target[0] == SIX else 0.05)
            sockets.append(socket.socket())
            return sockets[-1]

        clock = asyncio.get_running_loop().time
        return await race([SIX, FOUR], 443, lambda a, p: (a, p), clock, timeout=1.0,
                          connect=connect)  # fmt: skip

    result = run(scenario())
    assert sorted(a.fate for a in result.attempts) == ["cut", "won"]
    assert result.winner is not None
    losers = [sock for sock in sockets if sock is not result.winner.sock]
    assert [sock.fileno() for sock in losers] == [-1]
    result.winner.sock.close()


def test_families_take_turns_and_the_first_addresss_begins() -> None:
    given = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.1", "2001:db8::2"]

    assert in_turns(given) == ("192.0.2.1", "2001:db8::1", "192.0.2.2", "2001:db8::2")
    assert in_turns(given[2:]) == ("2001:db8::1", "192.0.2.1", "2001:db8::2")
    assert in_turns(given, 6) == ("2001:db8::1", "2001:db8::2")
    assert in_turns([]) == ()


def test_a_real_refusal_and_a_real_connection() -> None:
    async def scenario() -> Race:
        with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # bound, never listening: refuses
            ports = {"2001:db8::1": nobody.getsockname(), FOUR: listener.getsockname()}
            loop = asyncio.get_running_loop()
            result = await race(list(ports), 443, lambda a, _: ports[a], loop.time, timeout=5)
            assert result.winner is not None
            assert result.winner.sock.getpeername() == listener.getsockname()
            await result.winner.close()
            return result

    result = asyncio.run(scenario())
    assert [a.fate for a in result.attempts] == ["refused", "won"]
