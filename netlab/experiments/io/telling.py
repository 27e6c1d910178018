"""Writes down what one model did: its lanes, its figures, and how each figure was had."""

from collections.abc import Sequence
from typing import Any

from netlab.experiments.bench import Bench
from netlab.experiments.io import theory
from netlab.experiments.io.models import ALL, ONE, SOME, Model
from netlab.experiments.io.outcome import Outcome
from netlab.experiments.numbers import said
from netlab.recording.records import Owner, Value

OWNERS: dict[str, Owner] = {
    "running": "netlab",
    "polling for nothing": "netlab",
    "blocked": "far end",
    "waiting for readiness": "far end",
    "waiting for completion": "far end",
}
"""Whose time it is: the program's own, or the far end's, for which it sleeps."""


def left_out(bench: Bench, model: Model, reason: str) -> None:
    step = bench.step(f"io.model.{model.name}", model.title)
    note = "what keeps this model from running here"
    bench.recorder.fact(step, "io.missing", reason, origin="kernel", note=note)


def ask(bench: Bench, step: str, model: Model, delays: Sequence[float], workers: int) -> None:
    """A prediction, for those who want to make one: the choices are what theory has to offer."""
    right = theory.wall(model.way, delays, workers)
    choices = sorted({theory.wall(way, delays, workers) for way in (ONE, SOME, ALL)})
    if len(choices) > 1:
        bench.recorder.question(
            step,
            f"{model.title}: {len(delays)} requests, to each of which the server takes "
            f"{up_to(delays)}. How long will this model take?",
            tuple(f"about {said(choice)}" for choice in choices),
            choices.index(right),
            f"They wait {model.way}.",
        )


def up_to(delays: Sequence[float]) -> str:
    return ("up to " if min(delays) < max(delays) else "") + said(max(delays))


def tell(bench: Bench, outcome: Outcome) -> None:
    facts(bench, outcome)
    used(bench, outcome)
    threads(bench, outcome)
    main_lane = "the program" if not outcome.run["threads"] else "main thread"
    lanes(bench, outcome.step, outcome.run, lambda number: f"thread {number}", main_lane)
    if not outcome.run["threads"]:
        requests(bench, outcome)


def facts(bench: Bench, outcome: Outcome) -> None:
    fact, run, step = bench.recorder.fact, outcome.run, outcome.step
    fact(step, "io.missing", None, origin="kernel", note="what keeps this model from running here")
    count = len(outcome.walls)
    fact(step, "io.requests", len(outcome.delays), origin="configured")
    fact(step, "io.delay", max(outcome.delays), "s", "configured", note="the slow server's")
    if min(outcome.delays) < max(outcome.delays):
        fact(step, "io.jitter", max(outcome.delays) - min(outcome.delays), "s", "configured",
             note="between the server's longest and shortest delay")  # fmt: skip
    how = "median of" if count > 1 else "of"
    fact(step, "io.wall", outcome.wall, "s",
         note=f"perf_counter around the model alone, {how} {count} after a warm-up")  # fmt: skip
    if count > 1:
        fact(step, "io.walls", list(outcome.walls), "s", note="every run")
    predicted = theory.wall(outcome.model.way, outcome.delays, outcome.workers)
    fact(step, "io.theory", predicted, "s", "computed", note=f"the delays, {outcome.model.way}")
    fact(step, "io.off", round(100 * theory.off(outcome.wall, predicted), 1), "%", "computed")
    if outcome.model.way == SOME:
        fact(step, "io.workers", outcome.workers, origin="configured")
    fact(step, "io.noise", max(0.0, run["noise"]), "s", note="a control sleep of 10 ms overslept")
    fact(step, "io.control_share", round(100 * run["got"], 1), "%",
         note="of a processor, which a control loop of 10 ms got")  # fmt: skip
    counts: dict[str, Value] = dict(sorted(run["counts"].items()))
    fact(step, "io.calls", counts, note="counted at our own call sites")
    fact(step, "io.calls_made", sum(run["counts"].values()), note="all kinds together")
    fact(step, "io.eagain", run["eagain"], note="calls of ours that said EAGAIN")
    fact(step, "io.wasted", run["wasted"], note="calls of recv that brought nothing")


def used(bench: Bench, outcome: Outcome) -> None:
    """What the system says that the process used, from the run's start to its end."""
    fact, run, step = bench.recorder.fact, outcome.run, outcome.step
    figures, wall = run["used"], run["end"] - run["start"]
    fact(step, "io.cpu", figures["cpu"], "s", "kernel", note="process_time over the run")
    fact(step, "io.cpu_user", figures["user"], "s", "kernel", note="getrusage")
    fact(step, "io.cpu_system", figures["system"], "s", "kernel", note="getrusage")
    fact(step, "io.cpu_share", percent(figures["cpu"], wall), "%", "computed", note="of wall time")
    working = {thread["id"] for thread in run["threads"]}
    fact(step, "io.threads", 1 + len(working), note="the main one and the model's own")
    fact(step, "io.voluntary_switches", figures["voluntary"], None, "kernel", note="ru_nvcsw")
    fact(step, "io.involuntary_switches", figures["involuntary"], None, "kernel", note="ru_nivcsw")
    memory = run["memory"]
    fact(step, "io.peak_memory", memory["peak"], "B", "kernel",
         note=f"{memory['how']}; with Python itself and all that it imported")  # fmt: skip
    fact(step, "io.memory_growth", memory["growth"], "B", "kernel",
         note="less what was resident before the warm-up; with our notes of calls")  # fmt: skip
    fact(step, "io.measuring", percent(run["cost"], wall), "%", "computed",
         note="counting and timing, of wall time; calibrated in the same process")  # fmt: skip


def percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def threads(bench: Bench, outcome: Outcome) -> None:
    """Each thread's own CPU time and switches, where the system tells."""
    order: dict[int, dict[str, Value]] = {}
    for thread in sorted(outcome.run["threads"], key=lambda one: one["start"]):
        row = order.setdefault(
            thread["id"], {"thread": f"thread {len(order) + 1}", "requests": 0, "cpu": 0.0}
        )
        for key, more in (("requests", 1), ("cpu", thread["cpu"]),
                          ("voluntary", thread["voluntary"]),
                          ("involuntary", thread["involuntary"])):  # fmt: skip
            if more is not None:
                before = row.get(key) or 0
                row[key] = before + more  # type: ignore[operator]
    if order:
        bench.recorder.fact(
            outcome.step, "io.per_thread", list(order.values()), None, "kernel",
            note="thread_time and RUSAGE_THREAD, around each thread's own work",
        )  # fmt: skip


def lanes(bench: Bench, step: str, run: dict[str, Any], name: Any, main: str) -> None:
    recorder = bench.recorder
    for one in run["stretches"]:
        recorder.span(
            step, one["what"], recorder.since_start(one["start"]),
            recorder.since_start(one["end"]), OWNERS[one["what"]], "detail",
            main if one["thread"] == 0 else name(one["thread"]), note=one["call"],
        )  # fmt: skip


def requests(bench: Bench, outcome: Outcome) -> None:
    """When each request was under way, as its one thread saw it."""
    recorder = bench.recorder
    for number, (gone, come) in enumerate(outcome.run["asked"], start=1):
        recorder.span(
            outcome.step, "under way", recorder.since_start(gone), recorder.since_start(come),
            "far end", "detail", f"request {number}",
        )  # fmt: skip
