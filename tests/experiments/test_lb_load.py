"""The load, against servers that do one thing each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from netlab.experiments.loadbalancing.arrivals import Arrival, even
from netlab.experiments.loadbalancing.load import Load, Sent

OK = b"HTTP/1.1 200 OK\r\nX-Backend: b7\r\nContent-Length: 2\r\n\r\nhi"
Answer = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[tuple[str, int]]:
    """Calls `answer` for each request head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await answer(writer, await reader.readuntil(b"\r\n\r\n"))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[:2]
    finally:
        listening.close()


def run(answer: Answer, asked: list[Arrival], timeout: float = 5.0) -> tuple[list[Sent], Load]:
    async def play() -> tuple[list[Sent], Load]:
        async with asyncio.timeout(20), server(answer) as target:
            load = Load(target, timeout)
            return await load.run(asked), load

    return asyncio.run(play())


def asked(count: int, every: float = 0.005) -> list[Arrival]:
    return [Arrival(number, at) for number, at in enumerate(even(count, 1 / every))]


async def quick(writer: asyncio.StreamWriter, head: bytes) -> None:
    writer.write(OK)


def test_every_request_is_answered_over_connections_that_are_kept() -> None:
    async def play() -> tuple[list[Sent], Load]:
        async with server(quick) as target:
            load = Load(target)
            return await load.closed(asked(40), 1, 30.0), load

    sent, load = asyncio.run(play())
    assert len(sent) == 40
    assert {one.outcome for one in sent} == {"ok"}
    assert {one.backend for one in sent} == {"b7"}
    assert (load.opened, {one.connection for one in sent}) == (1, {0})


def test_what_waits_behind_a_stall_counts_from_when_it_was_due() -> None:
    """The first answer blocks the server: the others are late though they were sent on time."""
    free = asyncio.Event()

    async def stalls(writer: asyncio.StreamWriter, head: bytes) -> None:
        if b"X-Id: 9\r\n" in head:
            free.set()
        await free.wait()
        writer.write(OK)

    sent, _ = run(stalls, asked(10, 0.02))
    assert {one.outcome for one in sent} == {"ok"}
    assert sent[0].latency >= 0.18  # until the tenth came, 180 ms later
    assert sent[0].latency > sent[5].latency > sent[9].latency
    assert all(one.ended - one.due == one.latency for one in sent)


def test_time_outs_faults_and_statuses_are_apart() -> None:
    async def each(writer: asyncio.StreamWriter, head: bytes) -> None:
        if b"X-Id: 1\r\n" in head:
            writer.transport.abort()
        elif b"X-Id: 2\r\n" in head:
            writer.write(OK.replace(b"200 OK", b"503 Service Unavailable"))
        elif b"X-Id: 3\r\n" in head:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")  # no length: not a load's to wait for
        elif b"X-Id: 4\r\n" not in head:
            writer.write(OK)

    sent, _ = run(each, asked(5), timeout=1.5)
    assert [one.outcome for one in sent] == ["ok", "broken", "status", "broken", "timeout"]
    assert sent[2].status == 503
    assert sent[4].latency >= 1.5


def test_a_port_where_nobody_listens_is_refused() -> None:
    async def play() -> list[Sent]:
        async with server(quick) as target:
            pass
        return await Load(target).run(asked(1))

    (one,) = asyncio.run(play())
    assert one.outcome == "refused"


def test_a_closed_loop_waits_for_its_answers() -> None:
    under_way = most = 0

    async def counting(writer: asyncio.StreamWriter, head: bytes) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        writer.write(OK)

    async def play() -> list[Sent]:
        async with server(counting) as target:
            return await Load(target).closed(asked(60), 3, 30.0)

    sent = asyncio.run(play())
    assert most == 3
    assert len(sent) == 60
    assert {one.outcome for one in sent} == {"ok"}


def test_a_client_has_the_address_that_it_is_given() -> None:
    seen: set[str] = set()

    async def look(writer: asyncio.StreamWriter, head: bytes) -> None:
        seen.add(writer.get_extra_info("peername")[0])
        writer.write(OK)

    run(look, [Arrival(number, 0.0, source=f"127.9.{number}.5") for number in range(3)])
    assert seen == {"127.9.0.5", "127.9.1.5", "127.9.2.5"}


def test_nothing_to_send_is_over_at_once() -> None:
    assert asyncio.run(Load(("127.0.0.1", 1)).run([])) == []


@pytest.mark.parametrize("status", ["abc", "20"])
def test_a_status_line_that_is_none_is_no_answer_of_2xx(status: str) -> None:
    async def wrong(writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(OK.replace(b"200 OK", status.encode()))

    sent, _ = run(wrong, asked(1))
    assert sent[0].outcome == "status"
