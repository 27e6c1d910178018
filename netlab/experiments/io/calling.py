"""A calls and B works, once blocking and once not: drawn from real call and return times."""

import json
from typing import Any

from netlab.experiments.bench import Bench
from netlab.experiments.io.children import Server, command, line, started

PATIENCE = 30.0


async def run(bench: Bench, server: Server, delay: float) -> None:
    recorder = bench.recorder
    recorder.actor("a", "A", "the program that calls")
    recorder.actor("b", "B", "the server that works", f"127.0.0.1:{server.port}")
    recorder.actor("kernel", "A's kernel", "keeps the socket")
    step = bench.step("io.calling-blocking", "A calls, B works: blocking")
    async with started(command("caller", str(server.port), str(delay))) as process:
        with recorder.phase(step, "A asks, once each way", "far end", path="detail"):
            told = json.loads(await line(process, PATIENCE + 2 * delay))
    recorder.fact(step, "io.delay", delay, "s", "configured", note="B's work")
    *_, first, second = await server.served(told["port"])
    picture(bench, step, told["blocking"], first)
    step = bench.step("io.calling-non-blocking", "A calls, B works: non-blocking")
    picture(bench, step, told["non_blocking"], second)
    done = told["non_blocking"]["done"]
    recorder.fact(step, "io.calling.done", done, note="primes that A counted meanwhile")


def picture(bench: Bench, step: str, told: dict[str, Any], worked: tuple[float, float]) -> None:
    """A's calls and B's work, as messages and on two lanes."""
    recorder, at = bench.recorder, bench.recorder.since_start
    there, gone = at(worked[0]), at(worked[1])
    calls = [(at(called), at(back), octets) for called, back, octets in told["calls"]]
    _said(bench, step, at(told["asked"]), calls, there, gone)
    lane = "A, the caller"
    before = at(told["asked"])
    for called, back, octets in calls:
        recorder.span(step, "running", before, called, "netlab", "detail", lane)
        name = (
            "polling for nothing" if octets is None else "blocked" if len(calls) == 1 else "running"
        )
        owner = "netlab" if octets is None else "far end"
        recorder.span(step, name, called, back, owner, "detail", lane, note="recv")  # type: ignore[arg-type]
        before = back
    recorder.span(step, "as set", there, gone, "configured delay", "detail", "B, the server")
    nothing = [back - called for called, back, octets in calls if octets is None]
    recorder.fact(step, "io.calling.recv", calls[-1][1] - calls[-1][0], "s", note="its last call")
    recorder.fact(step, "io.calling.answered", calls[-1][1] - at(told["asked"]), "s")
    recorder.fact(step, "io.calling.late", calls[-1][1] - gone, "s", "computed",
                  note="from B's answer to A's knowing")  # fmt: skip
    if nothing:
        recorder.fact(step, "io.calling.eagain", len(nothing), note="recv said EAGAIN")
        recorder.fact(step, "io.calling.refusal", max(nothing), "s", note="the longest of these")


def _said(
    bench: Bench,
    step: str,
    asked: float,
    calls: list[tuple[float, float, int | None]],
    there: float,
    gone: float,
) -> None:
    """Who said what to whom. The kernel stands between the two: only it knows what has arrived."""
    tell = bench.recorder.message
    tell(step, "a", "b", "request", "send(): a request", at=asked)
    answered = False
    for called, back, octets in calls:
        if gone < called and not answered:
            answered = bool(tell(step, "b", "kernel", "answer", "the answer arrives", at=gone))
        tell(step, "a", "kernel", "call", "recv()", at=called)
        if octets is None:
            tell(step, "kernel", "a", "return", "EAGAIN: nothing is there", at=back)
            continue
        if not answered:
            tell(step, "b", "kernel", "answer", "the answer arrives", at=gone)
        tell(step, "kernel", "a", "return", f"{octets} octets", at=back)
