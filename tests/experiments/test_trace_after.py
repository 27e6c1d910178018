"""Chapter 10: who closed the connection and why, and what a second visit saved."""

import asyncio
from typing import cast

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace.after import Ending, Visit, compare, ending, run, skipped
from netlab.experiments.trace.exchange import Exchanged, Session
from netlab.experiments.trace.spoken import Marks
from netlab.experiments.trace.typed import parse
from netlab.network.base import Network, SocketAddress, Transport
from netlab.network.http import Answer, Code, Fault
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Recording, Step
from tests.network.httpserver import against, connected, saying


class Nowhere(Network):
    name = "nowhere"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("chapter 10 dials nobody")


def ended_with(
    *headers: tuple[str, str],
    version: str = "1.1",
    kept: bool = False,
    goaway: bool = False,
    fault: Code | None = None,
    sent: tuple[tuple[str, str], ...] = (),
    status: int = 200,
) -> Ending:
    """The ending of an exchange like this, on a connection that both sides leave open."""
    found: list[Ending] = []

    async def visit(port: int) -> None:
        stream = await connected(port)
        answer = Answer("1.1", status, "", headers, fault=Fault(fault, "") if fault else None)
        answer.version = version  # type: ignore[assignment]
        typed = parse("http://a.example")
        exchanged = Exchanged(
            Session.over(stream, typed),
            typed,
            "http",
            answer,
            Marks(goaway=goaway),
            0,
            1,
            sent,
            kept,
        )
        found.append(ending(exchanged))
        run(bench(), exchanged)
        await exchanged.session.client.close()

    asyncio.run(against(saying(), visit))
    return found[0]


def bench() -> Bench:
    return Bench(Recorder(Header("", (), "trace", "nowhere", {})), Nowhere())


LENGTH = ("Content-Length", "1")
CLOSE = ("Connection", "Foo, Close")


def test_a_connection_that_stays_says_by_which_rule() -> None:
    assert ended_with(LENGTH, kept=True) == Ending(True, "persistent")
    assert ended_with(LENGTH, ("Keep-Alive", "timeout=5"), kept=True) == Ending(True, "keep-alive")
    assert ended_with(version="2", kept=True) == Ending(True, "http2")


@pytest.mark.parametrize(
    ("found", "why", "by"),
    [
        ({"headers": [LENGTH, CLOSE]}, "connection-close", "server"),
        ({"headers": [LENGTH], "sent": (CLOSE,)}, "connection-close", "netlab"),
        ({"headers": [LENGTH], "version": "1.0"}, "http10", "server"),
        ({"headers": []}, "until-close", "server"),
        ({"headers": [("Transfer-Encoding", "gzip, chunked")]}, "done", "server"),
        ({"headers": [], "status": 304}, "done", "server"),
        ({"headers": [LENGTH]}, "done", "server"),
        ({"headers": [], "version": "2", "goaway": True}, "goaway", "server"),
        ({"headers": [], "version": "2"}, "done", "server"),
        ({"headers": [], "fault": "endless-body"}, "body-unread", "netlab"),
        ({"headers": [], "fault": "slow"}, "body-unread", "netlab"),
        ({"headers": [], "fault": "timeout"}, "timeout", "netlab"),
        ({"headers": [], "fault": "reset"}, "reset", "error"),
    ],
)
def test_a_connection_that_ends_says_who_ended_it(
    found: dict[str, object], why: str, by: str
) -> None:
    headers = cast("list[tuple[str, str]]", found.pop("headers"))
    assert ended_with(*headers, **found) == Ending(False, why, by)  # type: ignore[arg-type]


def test_a_server_that_leaves_after_its_answer_is_seen() -> None:
    """The exchange ended with an open connection; then the server closed it."""

    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def visit(port: int) -> None:
        stream = await connected(port)
        gone = asyncio.Event()
        asyncio.get_running_loop().add_reader(stream.sock, gone.set)
        await gone.wait()
        asyncio.get_running_loop().remove_reader(stream.sock)
        typed = parse("http://a.example")
        answer = Answer("1.1", 200, "", (LENGTH,))
        exchanged = Exchanged(
            Session.over(stream, typed), typed, "http", answer, Marks(), 0, 1, (), True
        )
        assert ending(exchanged) == Ending(False, "done", "server")
        await exchanged.session.client.close()

    asyncio.run(against(leave, visit))


FIRST = Visit(0.1, "asked", "full", 200, 5000)
KEPT = Visit(0.02, "cached", "reused", 304, 0)
RESUMED = Visit(0.05, "cached", "resumed", 304, 0)


def compared(kept: Visit | None, resumed: Visit | None) -> Recording:
    here = bench()
    compare(here, FIRST, kept, resumed)
    return here.recorder.finish()


def test_second_visits_are_laid_beside_the_first() -> None:
    recording = compared(KEPT, RESUMED)
    facts = {(r.step, r.name): r.value for r in recording.records if isinstance(r, Fact)}
    assert facts["again/1/after", "again.connection"] == "reused"
    assert facts["again/1/after", "again.saved"] == pytest.approx(0.08)
    assert facts["again/2/after", "again.connection"] == "resumed"
    assert facts["again/2/after", "again.skipped"] == ["DNS", "certificates", "body"]
    side = facts["after", "again.visits"]
    assert isinstance(side, list)
    assert [row["visit"] for row in side if isinstance(row, dict)] == [
        "first", "same connection", "new one",
    ]  # fmt: skip
    assert not [r for r in recording.records if isinstance(r, Finding)]
    steps = {r.id: r.topic for r in recording.records if isinstance(r, Step)}
    assert set(steps.values()) == {"after"}


def test_a_visit_that_could_not_be_made_is_told() -> None:
    recording = compared(None, Visit(0.2, "asked", "full", 200))
    findings = [r for r in recording.records if isinstance(r, Finding)]
    assert ["first connection" in findings[0].title, "resume" in findings[1].title] == [True, True]
    steps = {r.id for r in recording.records if isinstance(r, Step)}
    assert steps == {"after", "again/2/after"}


def test_what_is_skipped() -> None:
    assert skipped(KEPT) == ["DNS", "TCP", "TLS", "body"]
    assert skipped(Visit(1, "asked", "full", 200)) == []
    assert skipped(Visit(1, "cached", "full", 200)) == ["DNS"]
