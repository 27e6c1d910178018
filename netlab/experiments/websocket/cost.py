"""`netlab ws cost`: the same small messages in five ways, and what each costs, here and now.

Octets are TCP's payload, both ways, as the tape has them; set-up (openings, the head of an event
stream) stands apart. Latency counts from the instant at which a message was due at the server,
by the clock that all processes of this machine share, to the read that brought it.
"""

import asyncio
import hashlib
import statistics
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.websocket import browser
from netlab.network import race, websocket
from netlab.network.http import Client
from netlab.network.stream import TcpStream
from netlab.network.websocket import Connection, Declined, Wish
from netlab.recording.records import Value

HOST, ADDRESS = "push.example.com", "203.0.113.58"
LEAD = 0.05
"""Seconds between asking and the first message: all is open by then."""

Fields = tuple[tuple[str, str], ...]
LEAN: Fields = (("Host", HOST), ("Accept", "*/*"))


@dataclass(frozen=True, slots=True)
class Options:
    """count messages of size octets, one every so many seconds; poll: between short polls."""

    count: int = 25
    size: int = 64
    every: float = 0.02
    poll: float = 0.1


@dataclass(frozen=True, slots=True)
class Spent:
    """What one way took: octets without set-up, set-up, requests, and each message's latency."""

    way: str
    up: int
    down: int
    setup: int
    requests: int
    latencies: tuple[float, ...]

    def row(self) -> dict[str, Value]:
        count, ordered = len(self.latencies), sorted(self.latencies)
        return {
            "way": self.way, "messages": count, "requests": self.requests, "up": self.up,
            "down": self.down, "setup": self.setup,
            "per_message": round((self.up + self.down) / max(1, count), 1),
            "median": statistics.median(ordered) if ordered else None,
            "p90": ordered[int(0.9 * (count - 1))] if ordered else None,
            "most": ordered[-1] if ordered else None,
        }  # fmt: skip


Way = Callable[["Run"], Awaitable[Spent]]


@dataclass(slots=True)
class Run:
    """One connection to the server of news, and the plan that it is asked for."""

    bench: Bench
    options: Options
    stream: TcpStream
    start: float

    @classmethod
    async def begin(cls, bench: Bench, options: Options) -> "Run":
        target = bench.network.dialled(ADDRESS, 80, "tcp")
        stream = TcpStream(await race.connect(target), perf_counter)
        return cls(bench, options, stream, perf_counter() + LEAD)

    def path(self, name: str, first: int = 0) -> str:
        wish = self.options
        return (
            f"/{name}?start={self.start}&count={wish.count}&size={wish.size}"
            f"&every={wish.every}&n={first}"
        )

    def late(self, number: int, at: float) -> float:
        """Seconds from when the message was due to `at`."""
        return at - (self.start + number * self.options.every)

    @property
    def total(self) -> tuple[int, int]:
        return self.stream.tape.total("sent"), self.stream.tape.total("received")

    @property
    def patience(self) -> float:
        return LEAD + self.options.count * self.options.every + self.options.poll + 5.0


async def run(bench: Bench, options: Options | None = None) -> Exit:
    options = options or Options()
    recorder = bench.recorder
    recorder.actor("you", "you", "client")
    step = bench.step("ws.cost", "News from the server")
    for note in bench.network.set_up():
        recorder.fact(step, "run.note", note, origin="configured")
    _settings(bench, step, options)
    ways: tuple[tuple[str, Way], ...] = (
        ("WebSocket", lambda run: over_websocket(run, "WebSocket", False)),
        ("WebSocket, deflate", lambda run: over_websocket(run, "WebSocket, deflate", True)),
        ("server-sent events", events),
        ("long polling, lean", lambda run: long_polling(run, "long polling, lean", LEAN)),
        ("long polling, browser", lambda run: long_polling(run, "long polling, browser", FULL)),
        ("short polling, lean", lambda run: short_polling(run, "short polling, lean", LEAN)),
        ("short polling, browser", lambda run: short_polling(run, "short polling, browser", FULL)),
    )
    await _all(bench, step, "ws.cost.push", options, ways)
    step = bench.step("ws.cost-echo", "A word and its echo")
    echoes: tuple[tuple[str, Way], ...] = (
        ("WebSocket", lambda run: said(run, "WebSocket", False)),
        ("WebSocket, deflate", lambda run: said(run, "WebSocket, deflate", True)),
        ("HTTP, lean", lambda run: asked(run, "HTTP, lean", LEAN)),
        ("HTTP, browser", lambda run: asked(run, "HTTP, browser", FULL)),
    )
    await _all(bench, step, "ws.cost.echo", options, echoes)
    return Exit.OK


FULL: Fields = (("Host", HOST), *browser.FETCH)


def _settings(bench: Bench, step: str, options: Options) -> None:
    fact = bench.recorder.fact
    fact(step, "ws.cost.count", options.count, origin="configured")
    fact(step, "ws.cost.size", options.size, "B", "configured", note="each message's payload")
    fact(step, "ws.cost.every", options.every, "s", "configured", note="between two messages")
    fact(step, "ws.cost.poll", options.poll, "s", "configured", note="between two short polls")
    fact(step, "ws.cost.browser", browser.RECORDED, origin="configured")


async def _all(
    bench: Bench, step: str, name: str, options: Options, ways: tuple[tuple[str, Way], ...]
) -> None:
    rows: list[Value] = []
    for title, way in ways:
        with bench.recorder.phase(step, title, "far end"):
            run = await Run.begin(bench, options)
            try:
                async with asyncio.timeout(run.patience):
                    spent = await way(run)
            finally:
                await run.stream.close()
        rows.append(spent.row())
    bench.recorder.fact(
        step, name, rows, note="TCP payload both ways; latency from when a message was due"
    )


async def _opened(run: Run, path: str, deflate: bool) -> Connection:
    result = await websocket.open(run.stream, Wish(HOST, path, deflate=deflate), 5)
    if isinstance(result, Declined):
        raise ConnectionError(result.text)
    return result


async def over_websocket(run: Run, way: str, deflate: bool) -> Spent:
    connection = await _opened(run, run.path("ws"), deflate)
    setup, late = connection.frames_at, []
    for number in range(run.options.count):
        event = await connection.message()
        if event is None:
            break
        late.append(run.late(number, run.stream.tape.last_at("received") or 0.0))
    up, down = run.total
    return Spent(way, up - setup[0], down - setup[1], sum(setup), 1, tuple(late))


async def events(run: Run) -> Spent:
    """One request whose answer goes on; arrivals are read off the tape."""
    fields = (("Host", HOST), ("Accept", "text/event-stream"))
    await _get(run, Client(run.stream, "http", HOST, 80), run.path("sse"), fields)
    tape = run.stream.tape
    octets = tape.data("received")
    head = octets.index(b"\r\n\r\n") + 4
    late, at = [], head
    for number in range(run.options.count):
        at = octets.find(b"data:", at + 1)
        if at < 0:
            break
        late.append(run.late(number, tape.at_offset("received", at)))
    up, down = run.total
    return Spent("server-sent events", 0, down - head, up + head, 1, tuple(late))


async def _get(run: Run, client: Client, path: str, fields: Fields) -> bytes:
    answer = await client.get(path, fields, run.patience)
    if answer.fault is not None or answer.status != 200:
        raise ConnectionError(answer.fault.detail if answer.fault else str(answer.status))
    return answer.body


async def _warm(run: Run, client: Client, fields: Fields) -> tuple[int, int]:
    """One request before any counts, so that the connection is warm."""
    await _get(run, client, "/", fields)
    return run.total


async def long_polling(run: Run, way: str, fields: Fields) -> Spent:
    return await _polling(run, way, fields, "long", 0.0)


async def short_polling(run: Run, way: str, fields: Fields) -> Spent:
    return await _polling(run, way, fields, "short", run.options.poll)


async def _polling(run: Run, way: str, fields: Fields, kind: str, pause: float) -> Spent:
    """Ask again and again, at once or after a pause: one answer may hold several messages."""
    client, late, number, requests = Client(run.stream, "http", HOST, 80), list[float](), 0, 0
    setup = await _warm(run, client, fields)
    while number < run.options.count:
        if pause:
            await asyncio.sleep(pause)
        body = await _get(run, client, run.path(kind, number), fields)
        requests += 1
        at = run.stream.tape.last_at("received") or 0.0
        for _ in range(body.count(b'"n"')):
            late.append(run.late(number, at))
            number += 1
    up, down = run.total
    return Spent(way, up - setup[0], down - setup[1], sum(setup), requests, tuple(late))


async def said(run: Run, way: str, deflate: bool) -> Spent:
    """A message each, and its echo."""
    quiet = run.path("ws", run.options.count)
    connection, took = await _opened(run, quiet, deflate), []
    setup = connection.frames_at
    for number in range(run.options.count):
        start = perf_counter()
        await connection.send(_word(number, run.options.size))
        await connection.message()
        took.append(perf_counter() - start)
    up, down = run.total
    return Spent(way, up - setup[0], down - setup[1], sum(setup), 1, tuple(took))


async def asked(run: Run, way: str, fields: Fields) -> Spent:
    """A request each, with the same words in it and in its answer."""
    client, took = Client(run.stream, "http", HOST, 80), []
    setup = await _warm(run, client, fields)
    for number in range(run.options.count):
        start = perf_counter()
        await _get(run, client, f"/say?what={_word(number, run.options.size)}", fields)
        took.append(perf_counter() - start)
    up, down = run.total
    count = run.options.count
    return Spent(way, up - setup[0], down - setup[1], sum(setup), count, tuple(took))


def _word(number: int, size: int) -> str:
    """As hard to pack as the news is."""
    made = f"{number:04}"
    while len(made) < size:
        made += hashlib.sha256(made.encode()).hexdigest()
    return made[:size]
