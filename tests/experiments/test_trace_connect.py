"""Chapter 6 tells every attempt, and whose time was lost on which."""

import asyncio
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace import connect
from netlab.experiments.trace.connect import Connected
from netlab.network import race
from netlab.network.base import SocketAddress
from tests.experiments.near import Story, bench, dead_port

SIX, FOUR = "2001:db8:6::10", "203.0.113.10"


def told(
    table: Mapping[str, SocketAddress],
    also: Callable[[Bench, Connected], None] = lambda made, connected: None,
    addresses: tuple[str, ...] | None = None,
    **options: Any,
) -> tuple[Story, object]:
    """Run the chapter, close what it opened, and hand back its story and its outcome."""
    made = bench(table)

    async def run() -> object:
        outcome = await connect.run(
            made, addresses or tuple(table), 443, **({"timeout": 5.0} | options)
        )
        if isinstance(outcome, Connected):
            also(made, outcome)
            await outcome.stream.close()
        return outcome

    outcome = asyncio.run(run())
    return Story(made), outcome


def test_a_connection_is_told_from_both_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host, port = listener.getsockname()
        story, outcome = told({FOUR: (host, port)}, host="www.google.com")
    facts = story.facts()

    assert isinstance(outcome, Connected)
    assert facts["tcp.remote_address"] == outcome.address == FOUR
    assert facts["tcp.remote_port"] == 443
    assert facts["tcp.dialled"] == f"127.0.0.1:{port}"
    assert facts["tcp.connect_to"] == f"www.google.com:443:127.0.0.1:{port}"
    assert facts["tcp.local_address"] == "127.0.0.1"
    assert 0 < facts["tcp.connect_time"] < 1
    assert facts["tcp.losers_cost"] == 0
    assert facts["tcp.reused"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="TCP_INFO is Linux's")
def test_the_kernels_knowledge_is_told_as_the_kernels() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        story, _ = told(
            {FOUR: listener.getsockname()}, lambda made, c: connect.after(made, c.stream)
        )

    for name in ("tcp.rtt", "tcp.rttvar", "tcp.mss", "tcp.cwnd", "tcp.retransmits"):
        assert story.fact(name).origin == "kernel"
    assert story.facts()["tcp.rtt"] > 0
    assert story.facts()["tcp.after.retransmits"] == 0


def test_nothing_is_claimed_to_have_been_captured() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        story, _ = told({FOUR: listener.getsockname()})

    assert story.messages("tcp") == []


def test_the_journeys_leaves_are_the_races_own_instants() -> None:
    with dead_port() as nobody, socket.create_server(("127.0.0.1", 0)) as listener:
        story, outcome = told({SIX: nobody.getsockname(), FOUR: listener.getsockname()})
    assert isinstance(outcome, Connected)
    leaves = story.leaves()

    assert [leaf.name for leaf in leaves] == ["other addresses first", "TCP handshake"]
    assert leaves[0].end == leaves[1].start
    assert leaves[0].end - leaves[0].start == outcome.race.losers_cost
    assert leaves[1].end - leaves[1].start == story.facts()["tcp.connect_time"]
    assert {leaf.owner for leaf in leaves} == {"network"}


def test_every_attempt_is_a_row_and_a_phase_of_its_own() -> None:
    with dead_port() as nobody, socket.create_server(("127.0.0.1", 0)) as listener:
        story, _ = told({SIX: nobody.getsockname(), FOUR: listener.getsockname()})
    rows = story.facts()["tcp.attempts"]

    assert [(r["address"], r["family"], r["fate"]) for r in rows] == [
        (SIX, 6, "refused"),
        (FOUR, 4, "won"),
    ]
    assert [(p.lane, p.outcome) for p in story.phases("detail")] == [
        (SIX, "failed"),
        (FOUR, "done"),
    ]
    assert len(story.findings("note")) == 1  # IPv6 failed at once


def test_a_silent_ipv6_is_warned_of_with_what_it_cost() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = ("127.0.0.1", 1)

        async def dial(target: SocketAddress) -> socket.socket:
            if target == silent:
                await asyncio.get_running_loop().create_future()
            return await race.connect(target)

        story, _ = told({SIX: silent, FOUR: listener.getsockname()}, delay=0.01, connect=dial)

    assert [row["fate"] for row in story.facts()["tcp.attempts"]] == ["cut", "won"]
    assert story.facts()["tcp.losers_cost"] >= 0.01
    assert story.fact("tcp.race_delay").origin == "configured"
    assert [f.facts for f in story.findings("warning")] == [(story.fact("tcp.attempts").id,)]


def test_a_refusal_is_a_fault_with_a_next_check() -> None:
    with dead_port() as nobody:
        story, outcome = told({FOUR: nobody.getsockname()})
    (fault,) = story.findings("fault")

    assert outcome == story.facts()["tcp.error"] == "refused"
    assert FOUR in fault.title
    assert fault.advice
    assert [leaf.outcome for leaf in story.leaves()] == ["failed"]


def test_an_address_without_a_way_is_unreachable() -> None:
    story, outcome = told({}, addresses=(FOUR,))

    assert outcome == story.facts()["tcp.error"] == "unreachable"


def test_silence_is_a_timeout() -> None:
    async def never(target: SocketAddress) -> socket.socket:
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")

    story, outcome = told({FOUR: ("127.0.0.1", 1)}, timeout=0.02, connect=never)

    assert outcome == story.facts()["tcp.error"] == "timeout"


def test_no_address_of_the_family_is_said() -> None:
    story, outcome = told({FOUR: ("127.0.0.1", 1)}, family=6)

    assert outcome == story.facts()["tcp.error"] == "no-address"
    assert story.facts()["tcp.attempts"] == []


def test_a_kept_connection_is_told_as_reused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        story, _ = told(
            {FOUR: listener.getsockname()},
            lambda made, connected: connect.reused(made.under("again/1/"), connected),
        )

    assert story.facts()["tcp.reused"] is True
