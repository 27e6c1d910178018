"""Active checks: when they turn a backend, and what they ask."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest

from netlab.balance.backend import Backend
from netlab.balance.checks import Tally, ask, keep_checking
from netlab.balance.events import Changed, Event
from netlab.balance.pool import Pool
from netlab.balance.proxyprotocol import LOCAL
from netlab.balance.serve import serve
from netlab.balance.settings import Check, Server, Settings
from tests.balance.backends import some


@pytest.mark.parametrize(
    ("checks", "turns"),
    [
        ("ggg", "..."),
        ("bbb", "..d"),
        ("bbgbbb", ".....d"),  # only an unbroken row counts
        ("bbbbgg", "..d..u"),
        ("bbbgbgg", "..d...u"),
    ],
)
def test_rise_and_fall(checks: str, turns: str) -> None:
    tally = Tally(Check(rise=2, fall=3))
    told = [("u" if tally.well else "d") if tally.count(check == "g") else "." for check in checks]
    assert "".join(told) == turns


class Over(Exception):
    """The test has seen enough."""


async def rounds(pool: Pool, answers: Iterable[dict[str, str | None]]) -> list[float]:
    """Check once for each dict of answers; what was slept in between."""
    slept: list[float] = []
    left: Iterator[dict[str, str | None]] = iter(answers)
    now: dict[str, str | None] = next(left)

    async def probe(backend: Backend, rules: Check) -> str | None:
        return now.get(backend.name)

    async def sleep(time: float) -> None:
        nonlocal now
        slept.append(time)
        try:
            now = next(left)
        except StopIteration:
            raise Over from None

    with pytest.raises(Over):
        await keep_checking(pool, Check(interval=7, fall=2, rise=1), probe, sleep, lambda: 0.0)
    return slept


def test_every_change_is_told_and_no_more() -> None:
    events: list[Event] = []
    pool = Pool(some(1, 1), "roundrobin", events.append)
    bad: dict[str, str | None] = {"a": "answered 500"}
    slept = asyncio.run(rounds(pool, [bad, bad, bad, {}, {}]))
    assert slept == [7] * 5
    assert [(one.backend, one.after, one.by) for one in events if isinstance(one, Changed)] == [
        ("a", "down", "check"), ("a", "up", "check"),
    ]  # fmt: skip
    assert isinstance(events[0], Changed)
    assert events[0].why == "2 failed checks in a row, the last: answered 500"


@contextlib.asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[tuple[Backend, list[bytes]]]:
    """A server that says the same to everybody; None: it says nothing."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield Backend("b1", *server.sockets[0].getsockname()[:2]), heard


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (b"HTTP/1.0 302 Found\r\n\r\n", None),
        (b"HTTP/1.1 503 Unavailable\r\n\r\n", "answered 503"),
        (b"SSH-2.0-OpenSSH\r\n", "its answer begins with no status line"),
        (b"HTTP/1.1 20" + b"0" * 5000, "its answer begins with no status line"),
        (b"", "closed without an answer"),
        (None, "nothing within 0.05 s"),
    ],
)
def test_what_is_asked_by_http_and_what_counts_as_well(answer: bytes | None, why: str) -> None:
    async def check() -> tuple[str | None, list[bytes]]:
        async with answering(answer) as (backend, heard):
            timeout = 5.0 if answer is not None else 0.05
            return await ask(backend, Check("/health", timeout=timeout)), heard

    said, heard = asyncio.run(check())
    assert said == why
    assert heard[0].startswith(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize("told", [True, False])
def test_who_expects_the_proxy_protocol_is_told_that_it_is_only_the_balancer(told: bool) -> None:
    async def check() -> bytes:
        heard: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said = await reader.readexactly(20)
            writer.close()
            if not heard.done():
                heard.set_result(said)

        async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
            host, port = server.sockets[0].getsockname()[:2]
            settings = Settings(
                (Server("b1", host, port),), layer=4, check=Check("/"), proxy_protocol=told
            )
            stop, pool = asyncio.Event(), Pool.of(settings, lambda event: None)
            serving = asyncio.create_task(serve(settings, pool, lambda *place: None, stop))
            async with asyncio.timeout(5):
                await heard
            stop.set()
            await serving
            return heard.result()

    assert asyncio.run(check()) == (LOCAL + b"GET " if told else b"GET / HTTP/1.1\r\nHost")


def test_a_connection_is_enough_without_a_path() -> None:
    async def check() -> list[str | None]:
        async with answering(b"") as (backend, _):
            well = await ask(backend, Check())
        return [well, await ask(backend, Check())]

    well, gone = asyncio.run(check())
    assert well is None
    assert gone is not None
    assert "refused" in gone.lower()
