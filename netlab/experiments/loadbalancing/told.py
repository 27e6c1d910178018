"""Writes down what runs came to: facts by backend and altogether, series, lanes, changes.

A chapter finds the facts of earlier ones where it has none of its own: so each writes all of them,
empty where there is nothing to say.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing import figures
from netlab.experiments.loadbalancing.figures import Figures, Result
from netlab.experiments.loadbalancing.running import Run
from netlab.experiments.loadbalancing.scenario import Plan
from netlab.experiments.loadbalancing.words import ALGORITHMS, ENGINES, title
from netlab.experiments.numbers import percentile
from netlab.recording.records import Value

MOST_POINTS = 500
MOST_IDS = 20
MOST_SPANS = 60
"""Changes of one backend that are drawn."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Where a run is told. alone: the only one, whose steps need no prefix."""

    bench: Bench
    run: Run
    result: Result
    alone: bool

    @property
    def total(self) -> str:
        name = f"lb.total.{self.run.name}"
        return name if self.run.engine == "netlab" else f"{name}.{self.run.engine}"

    def step(self, backend: str) -> str:
        prefix = "" if self.alone else f"{self.run.prefix}{self.run.name}/"
        return f"{prefix}lb.backend.{backend}"


def settings(bench: Bench, step: str, plan: Plan, asked: int) -> None:
    """What was set before anything ran."""
    options, fact = plan.options, bench.recorder.fact
    loop = "closed" if options.closed else "open"
    for name, value, unit in (
        ("lb.scenario", plan.scenario.name, None),
        ("lb.rate", plan.rate, None),
        ("lb.duration", plan.duration, "s"),
        ("lb.loop", loop, None),
        ("lb.timeout", options.timeout, "s"),
        ("lb.seed", options.seed, None),
        ("lb.arrivals", None if options.closed else asked, None),
    ):
        if value is not None:
            fact(step, name, value, unit, "configured")
    rows: list[Value] = [
        {
            "backend": spec.name, "mean": spec.mean,
            "varies": "constant" if spec.steady else "exponential", "places": spec.places,
            "weight": spec.weight, "does": DOES[spec.mode],
        }
        for spec in plan.scenario.specs(plan.backends)
    ]  # fmt: skip
    fact(step, "lb.backends", rows, origin="configured")


DOES = {"serve": "", "fail": "answers 500 at once", "cut": "hangs up without an answer"}


def run_told(chapter: Chapter) -> Figures:
    """A chapter: the run altogether, with each backend as a part of it."""
    bench, result = chapter.bench, chapter.result
    recorder, total = bench.recorder, chapter.total
    recorder.step(total, title(chapter.run), "lb.total")
    whole = figures.altogether(result)
    _figures(bench, total, whole)
    fact = recorder.fact
    fact(total, "lb.algorithm", chapter.run.algorithm, origin="configured")
    fact(total, "lb.name", ALGORITHMS[chapter.run.algorithm], origin="configured")
    fact(total, "lb.engine", ENGINES[chapter.run.engine], origin="configured")
    every = figures.by_backend(result)
    _table(chapter, every)
    rows = figures.histogram(result.sent)
    fact(total, "lb.histogram", rows, note="answers of status 2xx")
    late = sorted(one.sent - one.due for one in result.sent)
    fact(total, "lb.late", percentile(late, 0.5), "s",
         note="the load itself, half of the time: part of every latency")  # fmt: skip
    _fates(chapter)
    _changes(chapter)
    for name, one in every.items():
        step = recorder.step(chapter.step(name), f"Backend {name}", "lb.backend", total)
        _figures(bench, step, one)
    _series(chapter)
    _lanes(chapter)
    return whole


def _figures(bench: Bench, step: str, one: Figures) -> None:
    fact = bench.recorder.fact
    fact(step, "lb.requests", one.requests)
    fact(step, "lb.connections", one.connections)
    fact(step, "lb.share", one.share, "%")
    for name, value in (("p50", one.p50), ("p90", one.p90), ("p99", one.p99)):
        note = "from when the request was due; a time-out counts as the time-out"
        fact(step, f"lb.{name}", value, "s", note=note)
    fact(step, "lb.errors", one.errors)
    fact(step, "lb.timeouts", one.timeouts)
    fact(step, "lb.retries", one.retries)


def _table(chapter: Chapter, every: dict[str, Figures]) -> None:
    result = chapter.result
    # A column of nothing but noughts would only take room.
    late = any(one.timeouts for one in every.values())
    rows: list[Value] = [
        {
            "backend": name, "requests": one.requests, "share": one.share,
            "expected": result.expected.get(name), "connections": one.connections,
            "p50": one.p50, "p90": one.p90, "p99": one.p99, "errors": one.errors,
            "timeouts": one.timeouts if late else None, "retries": one.retries,
        }
        for name, one in every.items()
    ]  # fmt: skip
    fact = chapter.bench.recorder.fact
    fact(chapter.total, "lb.table", rows, note="requests and connections as each backend counts")
    fact(chapter.total, "lb.chance", chance(result), "points", "computed",
         note="two standard deviations of the binomial distribution")  # fmt: skip
    own: list[Value] = [*result.account.own]
    fact(chapter.total, "lb.engine_says", own)
    fact(chapter.total, "lb.note", result.account.note)


def chance(result: Result) -> float | None:
    """By how much a share may miss its part by chance; None where chance does not choose."""
    if result.algorithm != "random" or not result.expected:
        return None
    return round(figures.spread(min(result.expected.values()), len(result.sent)), 2)


def _fates(chapter: Chapter) -> None:
    """What was lost and what was done twice, request by request."""
    result = chapter.result
    fates = figures.fates(result.sent, result.told)
    fact = chapter.bench.recorder.fact
    fact(chapter.total, "lb.answered", fates.answered)
    fact(chapter.total, "lb.lost", len(fates.lost), note="requests without an answer of 2xx")
    fact(chapter.total, "lb.doubled", len(fates.doubled), note="requests that two backends got")
    fact(chapter.total, "lb.unsafe_lost", fates.unanswered_unsafe)
    fact(chapter.total, "lb.doubled_ids", list(map(str, fates.doubled[:MOST_IDS])),
         note="by the X-Id of the request")  # fmt: skip
    gone: list[Value] = [
        {
            "at": round(one.at - result.start, 3), "backend": one.backend,
            "flight": len(one.flight), "lost": one.lost, "doubled": one.doubled,
        }
        for one in figures.departures(result)
    ]  # fmt: skip
    fact(chapter.total, "lb.departures", gone, note="seconds from the load's beginning")
    broken = Counter(
        figures.said(one) for one in result.sent if one.outcome in ("broken", "refused", "status")
    )
    table: list[Value] = [{"what": what, "requests": count} for what, count in broken.items()]
    fact(chapter.total, "lb.errors_by_kind", table)


def _changes(chapter: Chapter) -> None:
    """The states of backends as the balancer saw them change."""
    result = chapter.result
    rows: list[Value] = [
        {
            "at": round(one.at - result.start, 3), "backend": one.backend, "state": one.state,
            "why": one.why,
        }
        for one in result.account.changes
        if one.at >= result.start
    ]  # fmt: skip
    fact = chapter.bench.recorder.fact
    fact(chapter.total, "lb.changes", rows, note="seconds from the load's beginning")
    fact(chapter.total, "lb.change_count", len(rows))


def one_of(points: Sequence[tuple[float, float]]) -> int:
    """Of how many one is kept, so that there are at most so many."""
    return max(1, -(-len(points) // MOST_POINTS))


def sampled(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Evenly chosen."""
    return list(points[:: one_of(points)])


def _series(chapter: Chapter) -> None:
    recorder, result, total = chapter.bench.recorder, chapter.result, chapter.total
    at = recorder.since_start
    points = [(at(one.ended), one.latency) for one in result.sent if figures.counts(one)]
    # Whoever reads how many there are must not take a part for the whole.
    name = f"latency, one of {one_of(points)}" if one_of(points) > 1 else "latency"
    recorder.series(total, name, "s", "", sampled(sorted(points)))
    for name in result.names:
        opened = [one for one in result.told if one.word == "open" and one.backend == name]
        for word, place in (("open requests", 0), ("open connections", 1)):
            points = [(at(one.at), float(one.more[place])) for one in opened]
            step = chapter.step(name)
            if points:
                recorder.series(step, word, None, name, sampled(points))


def _lanes(chapter: Chapter) -> None:
    """When a backend was really there, and what the balancer believed, one below the other."""
    result = chapter.result
    changed = {one.backend for one in result.account.changes if one.at >= result.start}
    for name in result.names:
        if name in result.gone:
            _spans(chapter, name, ((a, b, "gone") for a, b in result.gone[name]), "there")
        if name in changed or name in result.gone:
            _spans(chapter, f"{name}, to the balancer", _believed(result, name), "up")


def _believed(result: Result, name: str) -> Iterable[tuple[float, float, str]]:
    changes = [one for one in result.account.changes if one.backend == name]
    ends = [*(one.at for one in changes[1:]), result.end]
    for one, end in zip(changes, ends, strict=False):
        if one.state != "up":
            yield one.at, end, one.state


def _spans(
    chapter: Chapter, lane: str, other: Iterable[tuple[float, float, str]], else_: str
) -> None:
    """A lane without holes: what is not told of is `else_`."""
    recorder, result = chapter.bench.recorder, chapter.result
    at, when = recorder.since_start, result.start
    for start, end, state in list(other)[:MOST_SPANS]:
        if (start := max(start, result.start)) > when:
            recorder.span(chapter.total, else_, at(when), at(start), "far end", "detail", lane)
        if end > start:
            recorder.span(chapter.total, state, at(start), at(end), "far end", "detail", lane)
        when = max(when, end)
    if when < result.end:
        recorder.span(chapter.total, else_, at(when), at(result.end), "far end", "detail", lane)


def compared(bench: Bench, step: str, chapters: Sequence[Chapter]) -> None:
    """All runs side by side."""
    rows: list[Value] = []
    for chapter in chapters:
        whole = figures.altogether(chapter.result)
        fates = figures.fates(chapter.result.sent, chapter.result.told)
        most = max(figures.by_backend(chapter.result).items(), key=lambda pair: pair[1].share)
        rows.append(
            {
                "run": title(chapter.run), "answered": fates.answered, "p50": whole.p50,
                "p90": whole.p90, "p99": whole.p99, "errors": whole.errors,
                "timeouts": whole.timeouts, "retries": whole.retries, "lost": len(fates.lost),
                "doubled": len(fates.doubled), "most": f"{most[0]}, {most[1].share:.1f} %",
                "states": sum(c.at >= chapter.result.start for c in chapter.result.account.changes),
            }
        )  # fmt: skip
    bench.recorder.fact(step, "lb.compare", rows, note="the same arrivals for all")
    tails = {str(row["run"]): row["p99"] for row in rows if isinstance(row, dict)}
    bench.recorder.fact(step, "lb.compare_p99", tails, "s")
