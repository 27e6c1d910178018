"""`netlab io demo --cpu-work`: what happens to everybody else when handlers compute.

A service answers echoes; then some of its handlers compute. In an event loop all wait. Threads have
to pass the GIL around, every switch interval. Processes have one each.
"""

import json
import os
import statistics
import sys
import sysconfig
from dataclasses import dataclass
from time import thread_time
from typing import Any

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.io.children import command, line, started
from netlab.experiments.io.cpu_service import compute
from netlab.recording.records import Value

HANDLERS = 4
WORK = 0.15
"""Seconds of a processor that each handler computes."""
PATIENCE = 40.0
SHORT = 0.0005
"""A switch interval to compare with the usual one."""


@dataclass(frozen=True, slots=True)
class Way:
    """words: how the service is told."""

    name: str
    title: str
    words: tuple[str, ...]


WAYS = (
    Way("loop", "an event loop", ("loop",)),
    Way("threads", "threads", ("threads",)),
    Way("threads-short", f"threads, switching every {SHORT * 1e3:g} ms", ("threads", str(SHORT))),
    Way("processes", "processes", ("processes",)),
)


async def run(bench: Bench) -> Exit:
    bench.recorder.actor("you", "you", "client")
    step = bench.step("io.cpu", "When handlers compute")
    rounds = rounds_for(WORK)
    settings(bench, step)
    rows: list[dict[str, Value]] = []
    for way in WAYS:
        if way.name == "processes" and sys.platform == "win32":
            bench.recorder.fact(step, "io.missing", "sockets are not inherited on Windows here")
            continue
        with bench.recorder.phase(step, way.title, "far end", path="detail"):
            report = await measured(way, rounds)
        rows.append(row(way, report))
        bench.recorder.fact(step, f"io.cpu.{way.name.replace('-', '_')}", rows[-1]["worst"], "s",
                            note="the longest echo while others computed")  # fmt: skip
    table = bench.recorder.fact(step, "io.cpu.ways", list(rows))
    judge(bench, step, {str(row["name"]): row for row in rows}, table)
    return Exit.OK


def rounds_for(seconds: float) -> int:
    """How many rounds of the handlers' work take so long here, alone: the best of three."""
    sample, best = 200_000, float("inf")
    for _ in range(3):
        start = thread_time()
        compute(sample)
        best = min(best, thread_time() - start)
    return int(sample * seconds / best)


def settings(bench: Bench, step: str) -> None:
    fact = bench.recorder.fact
    fact(step, "io.cpu.handlers", HANDLERS, origin="configured")
    fact(step, "io.cpu.work", WORK, "s", "configured", note="of a processor, for each handler")
    fact(step, "io.cpu.processors", os.cpu_count(), None, "kernel")
    fact(step, "io.cpu.interval", sys.getswitchinterval(), "s", "configured",
         note="sys.getswitchinterval()")  # fmt: skip
    fact(step, "io.cpu.gil", gil(), None, "computed", note="sys._is_gil_enabled, Py_GIL_DISABLED")


def gil() -> str:
    """on, off, or `on again`: a free-threaded Python takes one for modules that need it."""
    enabled = getattr(sys, "_is_gil_enabled", lambda: True)()
    free = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return ("on again" if free else "on") if enabled else "off"


async def measured(way: Way, rounds: int) -> dict[str, Any]:
    async with started(command("cpu_service", *way.words)) as service:
        port = (await line(service, PATIENCE)).strip()
        words = command("cpu_client", port, str(HANDLERS), str(rounds))
        async with started(words) as client:
            report: dict[str, Any] = json.loads(await line(client, PATIENCE))
            return report


def row(way: Way, report: dict[str, Any]) -> dict[str, Value]:
    quiet = sorted(took for _, took in report["quiet"])
    loud = sorted(took for _, took in report["loud"])
    return {
        "name": way.name, "way": way.title, "took": report["took"], "echoes": len(loud),
        "alone": statistics.median(quiet), "median": statistics.median(loud), "worst": loud[-1],
    }  # fmt: skip


def judge(bench: Bench, step: str, rows: dict[str, dict[str, Value]], table: str) -> None:
    loop, threads = rows["loop"], rows["threads"]
    stalled = _number(loop["worst"]) > HANDLERS * WORK / 2
    finding = bench.recorder.finding
    finding(
        step, "warning" if stalled else "note",
        "In the event loop nobody was answered while a handler computed."
        if stalled else "The event loop answered in between its handlers.",
        "Give computing to a pool of processes (loop.run_in_executor), and keep the loop for "
        "waiting.", (table,), "io.model.asyncio",
    )  # fmt: skip
    if gil() == "off":
        finding(step, "good", "This Python has no GIL: its threads compute side by side.",
                facts=(table,), explain="io.cpu")  # fmt: skip
        return
    finding(
        step, "note",
        f"Threads computed for {_number(threads['took']) * 1e3:.0f} ms, the loop for "
        f"{_number(loop['took']) * 1e3:.0f} ms: with a GIL one of them computes at a time.",
        f"An echo had to wait for the switch interval: {sys.getswitchinterval() * 1e3:g} ms, and "
        "again for each thread that came before it.", (table,), "io.cpu",
    )  # fmt: skip


def _number(value: Value) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
