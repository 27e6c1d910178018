"""One model with so many connections: a server process, a process of clients, and what came of it.

Server and clients are kept to a processor each where the system lets them and has two: else the
scheduler's placing, which differs from run to run, is a large part of what is measured.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from netlab.errors import NetlabError
from netlab.experiments.io.children import command, line, started
from netlab.recording.recorder import Recorder

START = 15.0
PATIENCE = 15.0
EACH = 0.005
"""Seconds more for every connection: a model that crawls is to be seen crawling."""
WARM = 0.1
"""Seconds of load before the measured window."""


@dataclass(frozen=True, slots=True)
class Wish:
    """payload: octets of each request. workers: of the model `pool`. seconds: of the window."""

    active: int = 10
    seconds: float = 0.5
    payload: int = 64
    workers: int = 8


@dataclass(slots=True)
class Outcome:
    """What one run came to. held: connections that were served; died, why: how it broke.

    share: of its processor, what a process of clients that never sleeps was given by the system.
    """

    model: str
    count: int
    held: int = 0
    unserved: int = 0
    limited: bool = False
    died: str = ""
    why: str = ""
    files: int | None = None
    files_before: int | None = None
    threads_limit: int | None = None
    requests: int = 0
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    switches: float | None = None
    memory: float | None = None
    threads: int | None = None
    lost: int = 0
    garbled: int = 0
    opening: float | None = None
    share: float | None = None

    @property
    def whole(self) -> bool:
        """Whether all connections were served, to the end, and every octet was right."""
        return self.held == self.count and not (self.lost or self.garbled or self.died)


class Died(Exception):
    """The service ended by itself; the text is what it said."""


class Process:
    """A child that answers a line with a line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, patience: float, **words: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        return await self.hear(patience)

    async def hear(self, patience: float) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(await line(self.process, patience))
        except NetlabError as error:
            raise Died(await self.last_words(error)) from None
        if "died" in answer:
            raise Died(answer["died"])
        return answer

    async def last_words(self, error: NetlabError) -> str:
        """What is known of a process that says nothing any more: a signal's name, or the error."""
        with contextlib.suppress(TimeoutError):
            code = await asyncio.wait_for(self.process.wait(), 1.0)
            if code < 0:
                return f"it was ended by {signal.Signals(-code).name}"
        return f"{error.what.rstrip('.')}: {error.cause}"


@asynccontextmanager
async def child(module: str, **settings: object) -> AsyncIterator[Process]:
    async with started(command(module, json.dumps(settings))) as process:
        yield Process(process)


def processors() -> tuple[int | None, int | None]:
    """One for the server and one for the clients; None where they are not kept apart."""
    if sys.platform == "linux":
        mine = sorted(os.sched_getaffinity(0))
        if len(mine) >= 2:
            return mine[0], mine[1]
    return None, None


async def perform(
    recorder: Recorder, step: str, wish: Wish, outcome: Outcome, server: Sequence[str] = ()
) -> None:
    """Fill in the outcome. That a model breaks is one, and no error.

    server: a command that is to serve in the place of ours (a benchmark's peer), and answers alike.
    """
    one, other = processors()
    settings = {"model": outcome.model, "workers": wish.workers, "processor": one}
    async with started(server or command("scale_server", json.dumps(settings))) as process:
        try:
            served = Process(process)
            ready = await served.hear(START)
            async with child(
                "scale_load", port=ready["port"], payload=wish.payload, processor=other
            ) as load:
                await load.hear(START)
                await _run(recorder, step, wish, outcome, Pair(served, load, ready))
        except Died as end:
            outcome.died = str(end)


@dataclass(frozen=True, slots=True)
class Pair:
    """The two processes of a run, and what the server said of itself at its start."""

    server: Process
    load: Process
    ready: dict[str, Any]

    async def used(self) -> dict[str, Any]:
        return await self.server.ask(PATIENCE)


async def _run(recorder: Recorder, step: str, wish: Wish, outcome: Outcome, pair: Pair) -> None:
    outcome.files, outcome.files_before = pair.ready["files"], pair.ready["files_before"]
    outcome.threads_limit = pair.ready["threads_limit"]
    patience = PATIENCE + outcome.count * EACH
    with recorder.phase(step, "opening and greeting", "far end", "detail"):
        opened = await pair.load.ask(patience, command="open", count=outcome.count)
    _opened(outcome, opened)
    after = await pair.used()
    outcome.threads = after["threads"]
    if outcome.held:
        outcome.memory = (after["resident"] - pair.ready["resident"]) / outcome.held
        with recorder.phase(step, "measuring", "far end", "detail"):
            await _measure(wish, outcome, pair)
        with recorder.phase(step, "asking every connection once more", "far end", "detail"):
            checked = await pair.load.ask(patience, command="check")
        outcome.lost, outcome.garbled = checked["lost"], checked["garbled"]
    await pair.used()  # whether it lives


def _opened(outcome: Outcome, told: dict[str, Any]) -> None:
    outcome.held, outcome.unserved = told["held"], told["unserved"]
    outcome.limited, outcome.garbled = told["limited"], told["garbled"]
    outcome.why, outcome.opening = told["why"], told["seconds"]
    outcome.lost = told["broken"]


async def _measure(wish: Wish, outcome: Outcome, pair: Pair) -> None:
    """The server's CPU time is that of the window alone, and so is the count of requests."""
    patience = PATIENCE + wish.seconds
    load = {"command": "measure", "active": wish.active}
    await pair.load.ask(patience, **load, seconds=min(WARM, wish.seconds))
    before = await pair.used()
    told = await pair.load.ask(patience, **load, seconds=wish.seconds)
    after = await pair.used()
    outcome.requests, outcome.p50, outcome.p99 = told["requests"], told["p50"], told["p99"]
    outcome.why, outcome.share = outcome.why or told["why"], told["share"]
    if outcome.requests:
        outcome.rate = outcome.requests / told["elapsed"]
        outcome.cpu = (after["cpu"] - before["cpu"]) / outcome.requests
        outcome.switches = (after["switches"] - before["switches"]) / outcome.requests
