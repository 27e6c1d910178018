"""What `netlab io scale` found: the facts of each run, and the rows of the tables over all."""

from collections.abc import Iterable, Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.io.scale_judged import (
    judge_cost,
    judge_held,
    judge_noise,
    judge_threads,
)
from netlab.experiments.io.scale_run import Outcome
from netlab.experiments.io.services import SERVICES
from netlab.recording.records import Value

CLOSED = "closed loop: each active connection waits for its echo before it speaks again"
WINDOW = "CPU time of the server's process within the window, by its requests"
USER = "own memory of the server's process; the kernel's socket buffers are not in it"
SHARE = "of its processor, what the clients' process got, which does not sleep"


def facts(bench: Bench, step: str, outcome: Outcome) -> None:
    """What one run came to. What could not be measured has no fact."""
    fact = bench.recorder.fact
    fact(step, "io.connections", outcome.held, note="that were served; a connect() alone counts 0")
    for name, value, unit, note in (
        ("io.requests_per_second", outcome.rate, None, CLOSED),
        ("io.p50", outcome.p50, "s", CLOSED),
        ("io.p99", outcome.p99, "s", CLOSED),
        ("io.cpu_per_request", outcome.cpu, "s", WINDOW),
        ("io.voluntary_switches", outcome.switches, None, "for each request, by getrusage"),
        ("io.memory_per_connection", outcome.memory, "B", USER),
        ("io.threads", outcome.threads, None, "of the server's process"),
        ("io.processor_share", outcome.share, None, SHARE),
        ("io.requests", outcome.requests or None, None, "every octet of each echo was compared"),
    ):
        if value is not None:
            fact(step, name, value, unit, note=note)
    fact(step, "io.lost", outcome.lost, note="connections that were served and then broke")
    fact(step, "io.garbled", outcome.garbled, note="echoes that were not what had been sent")
    if outcome.files is not None:
        raised = f"raised from {outcome.files_before}" if _raised(outcome) else "as it was"
        fact(step, "io.limits.files", outcome.files, origin="kernel", note=raised)
    if not outcome.whole:
        fact(step, "io.broke", how(outcome))


def _raised(outcome: Outcome) -> bool:
    return outcome.files != outcome.files_before


def how(outcome: Outcome) -> str:
    """Where and how it broke, in a line."""
    if outcome.died:
        return f"its process ended: {outcome.died}"
    if outcome.garbled:
        return f"{outcome.garbled} echoes were not what had been sent"
    if outcome.limited:
        return f"a process may have {outcome.files} descriptors here, one for each connection"
    if outcome.unserved:
        return "the kernel greeted the others, and the program never came to them"
    return f"{outcome.lost} connections were lost" + (f": {outcome.why}" if outcome.why else "")


def row(outcome: Outcome) -> dict[str, Value]:
    return {
        "model": outcome.model, "way": SERVICES[outcome.model].title,
        "connections": outcome.count, "held": outcome.held, "rate": outcome.rate,
        "p50": outcome.p50, "p99": outcome.p99, "cpu": outcome.cpu, "memory": outcome.memory,
        "threads": outcome.threads, "switches": outcome.switches,
    }  # fmt: skip


def held(bench: Bench, step: str, outcomes: Sequence[Outcome], left_out: list[str]) -> None:
    """Chapter 1: who holds how many, where each breaks, and the facts of all for the others."""
    fact = bench.recorder.fact
    rows: list[Value] = [row(outcome) for outcome in outcomes]
    table = fact(step, "io.scale.runs", rows)
    broken: list[Value] = [
        {"model": one.model, "connections": one.count, "held": one.held, "how": how(one)}
        for one in outcomes
        if not one.whole
    ]
    fact(step, "io.scale.broken", broken)
    fact(step, "io.scale.left_out", list[Value](left_out), origin="configured")
    served: dict[str, Value] = {}
    for one in sorted(outcomes, key=lambda one: one.held):
        served[one.model] = one.held
    fact(step, "io.scale.served", served, origin="computed", note="the most of each model")
    fact(step, "io.scale.most", max((one.held for one in outcomes), default=0), origin="computed")
    fact(step, "io.scale.checked", sum(one.requests for one in outcomes), origin="computed")
    files = [one for one in outcomes if one.files is not None]
    if files:
        fact(step, "io.limits.files", files[0].files, origin="kernel")
        if _raised(files[0]):
            fact(step, "io.limits.files_before", files[0].files_before, origin="kernel")
    judge_held(bench.recorder, step, outcomes, table)
    judge_noise(bench.recorder, step, outcomes, table)


def cost(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    """Chapter 2: what a request costs, and how that grows."""
    step = bench.step("io.scale-cost", "What a request costs")
    grown = growth(outcomes)
    table = bench.recorder.fact(step, "io.scale.growth", list[Value](grown), origin="computed")
    times: dict[str, Value] = {str(row["model"]): row["growth"] for row in grown}
    bench.recorder.fact(step, "io.scale.grown", times, origin="computed")
    judge_cost(bench.recorder, step, grown, table)


def growth(outcomes: Iterable[Outcome]) -> list[dict[str, Value]]:
    """For each model, how CPU per request grew from (about) a hundred connections to the most."""
    rows: list[dict[str, Value]] = []
    by_model: dict[str, list[Outcome]] = {}
    for one in outcomes:
        if one.cpu and one.whole:
            by_model.setdefault(one.model, []).append(one)
    for model, runs in by_model.items():
        last = runs[-1]
        first = next((one for one in runs if FROM <= one.count < last.count), runs[0])
        if first.cpu and last.cpu and last.count > first.count:
            rows.append({
                "model": model, "from": first.count, "to": last.count, "first": first.cpu,
                "last": last.cpu, "growth": last.cpu / first.cpu,
            })  # fmt: skip
    return rows


FROM = 100
"""Connections from which growth counts: with fewer, most of them would be speaking."""


def speed(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    """Chapter 3: how long an echo takes."""
    step = bench.step("io.scale-speed", "How long an echo takes")
    best = largest(outcomes)
    fact = bench.recorder.fact
    fact(step, "io.scale.largest", list[Value](map(row, best)), origin="computed")
    medians: dict[str, Value] = {one.model: one.p50 for one in best}
    fact(step, "io.scale.medians", medians, "s", "computed")


def memory(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    """Chapter 4: what a connection costs that says nothing."""
    step = bench.step("io.scale-memory", "What an idle connection costs")
    best = largest(outcomes)
    fact = bench.recorder.fact
    table = fact(step, "io.scale.sizes", list[Value](map(row, best)), origin="computed")
    each: dict[str, Value] = {one.model: one.memory for one in best}
    fact(step, "io.scale.each", each, "B", "computed")
    judge_threads(bench.recorder, step, outcomes, table)


def largest(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Of each model the run with the most connections that it served."""
    best: dict[str, Outcome] = {}
    for one in outcomes:
        if one.cpu is not None and (one.whole or one.model not in best):
            best[one.model] = one
    return list(best.values())
