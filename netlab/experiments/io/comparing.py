"""All models beside each other: one axis of time, one table, and what to make of it."""

from collections.abc import Mapping, Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.io import telling, theory
from netlab.experiments.io.outcome import Options, Outcome
from netlab.experiments.numbers import said
from netlab.recording.records import Severity, Value


def tell(
    bench: Bench, outcomes: Sequence[Outcome], left_out: Mapping[str, str], options: Options
) -> None:
    step = bench.step("io.compare", "All of them on one axis")
    fact = bench.recorder.fact
    fact(step, "io.requests", options.requests, origin="configured")
    fact(step, "io.delay", options.delay, "s", "configured", note="the slow server's")
    if options.jitter:
        fact(step, "io.jitter", options.jitter, "s", "configured", note="each way, by chance")
    fact(step, "io.repeat", options.repeat, origin="configured", note="after a warm-up")
    rows: list[Value] = [row(outcome) for outcome in outcomes]
    table = fact(step, "io.models", rows, note="how each was had stands in the model's chapter")
    if left_out:
        missing: list[Value] = [{"model": name, "why": why} for name, why in left_out.items()]
        fact(step, "io.left_out", missing, None, "kernel")
    for outcome in outcomes:
        alone = [one for one in outcome.run["stretches"] if one["thread"] == 0]
        telling.lanes(bench, step, {"stretches": alone}, str, outcome.model.name)
    judge(bench, step, outcomes, table)


def row(outcome: Outcome) -> dict[str, Value]:
    run = outcome.run
    wall, used = run["end"] - run["start"], run["used"]
    return {
        "model": outcome.model.name, "wall": outcome.wall,
        "theory": theory.wall(outcome.model.way, outcome.delays, outcome.workers),
        "cpu": used["cpu"], "user": used["user"], "system": used["system"],
        "share": telling.percent(used["cpu"], wall),
        "threads": 1 + len({thread["id"] for thread in run["threads"]}),
        "calls": sum(run["counts"].values()), "eagain": run["eagain"],
        "voluntary": used["voluntary"], "involuntary": used["involuntary"],
        "peak": run["memory"]["peak"], "growth": run["memory"]["growth"],
        "measuring": telling.percent(run["cost"], wall),
    }  # fmt: skip


def judge(bench: Bench, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    """Hold each model against theory, unless the machine had too much else to do."""
    loud = [outcome for outcome in outcomes if unjudged(outcome)]
    calm = [outcome for outcome in outcomes if outcome not in loud]
    finding = bench.recorder.finding
    if loud:
        worst = max(outcome.run["noise"] for outcome in loud)
        share = min(outcome.run["got"] for outcome in loud)
        finding(
            step, "note", f"Not judged, for the machine was too busy: {names(loud)}.",
            f"A control sleep of 10 ms overslept by up to {worst * 1e3:.1f} ms, and a control loop "
            f"got {part(share)} of a processor at the least. Try again when it is quieter.",
            (table,),
        )  # fmt: skip
    _walls(bench, step, calm, table)
    _processors(bench, step, calm, table)
    _cost(bench, step, outcomes, table)


def part(share: float) -> str:
    return f"{100 * share:.0f} %"


def names(outcomes: Sequence[Outcome]) -> str:
    return ", ".join(outcome.model.name for outcome in outcomes)


def _walls(bench: Bench, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    wrong = [outcome for outcome in outcomes if not within(outcome)]
    for outcome in wrong:
        predicted = theory.wall(outcome.model.way, outcome.delays, outcome.workers)
        bench.recorder.finding(
            step, "warning",
            f"{outcome.model.name} took {said(outcome.wall)}, where theory says "
            f"{said(predicted)}.",
            "What is not delay is the program's own work: it counts for more when delays are "
            "short. --repeat 5 takes the median of five.", (table,),
        )  # fmt: skip
    if outcomes and not wrong:
        bench.recorder.finding(
            step, "good", "Every model that was judged took what theory says, within 10 %.",
            "N × delay one after another, one delay all at once, ceil(N / workers) × delay in a "
            "pool.", (table,),
        )  # fmt: skip


def unjudged(outcome: Outcome) -> bool:
    """Whether the controls overslept; or theory failed while others wanted the processor too."""
    if theory.noisy(outcome.run, min(outcome.delays)):
        return True
    return theory.crowded(outcome.run) and not within(outcome)


def within(outcome: Outcome) -> bool:
    predicted = theory.wall(outcome.model.way, outcome.delays, outcome.workers)
    return abs(theory.off(outcome.wall, predicted)) <= theory.WITHIN


def _processors(bench: Bench, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    """A busy poller burns a processor; whoever sleeps does not."""
    for outcome in outcomes:
        share = outcome.run["used"]["cpu"] / (outcome.run["end"] - outcome.run["start"])
        if outcome.model.name == "busy":
            _burnt(bench, step, outcome, share, table)
        elif share > theory.IDLE:
            bench.recorder.finding(
                step, "warning", f"{outcome.model.name} used {part(share)} of a processor.",
                "It sleeps while the server works, so this is its own work per request; with "
                "longer delays it is a smaller part.", (table,),
            )  # fmt: skip


def _burnt(bench: Bench, step: str, outcome: Outcome, share: float, table: str) -> None:
    said = f"Polling busily burnt {part(share)} of a processor while it waited."
    if share >= theory.BUSY:
        bench.recorder.finding(step, "good", said, "", (table,), "io.calling-non-blocking")
        return
    got = outcome.run["got"]
    advice = (
        f"It would be nearly all; but a control loop beside it got only {part(got)} of one, so "
        "others wanted the processor too, and this is not judged."
        if theory.crowded(outcome.run)
        else "It should be nearly all."
    )
    severity: Severity = "note" if theory.crowded(outcome.run) else "warning"
    bench.recorder.finding(step, severity, said, advice, (table,), "io.calling-non-blocking")


def _cost(bench: Bench, step: str, outcomes: Sequence[Outcome], table: str) -> None:
    shares = {o.model.name: o.run["cost"] / (o.run["end"] - o.run["start"]) for o in outcomes}
    most = max(shares, key=lambda name: shares[name])
    fine = shares[most] < theory.DEAR
    cost = f"{max(0.01, 100 * shares[most]):.2f} %"  # the least that it can tell
    bench.recorder.finding(
        step, "good" if fine else "warning",
        f"Counting and timing took at most {cost} of wall time ({most}).",
        "" if fine else "Take this run's times with that much salt.", (table,),
    )  # fmt: skip
