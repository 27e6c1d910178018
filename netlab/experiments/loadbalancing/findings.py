"""What to make of a run: each judgement rests on its figures."""

from collections.abc import Callable, Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing import figures
from netlab.experiments.loadbalancing.scenario import Plan
from netlab.experiments.loadbalancing.told import Chapter
from netlab.experiments.loadbalancing.words import title
from netlab.experiments.numbers import said
from netlab.recording.records import Severity

CLEARLY = 2.0
"""How many times as long is worth a word."""


def judge(bench: Bench, plan: Plan, chapters: Sequence[Chapter]) -> None:
    JUDGES.get(plan.scenario.name, _tails)(bench, chapters)


def _tails(bench: Bench, chapters: Sequence[Chapter]) -> None:
    """Whose slowest hundredth is how many times as slow."""
    known = [(one, p99) for one in chapters if (p99 := figures.altogether(one.result).p99)]
    if len(known) < 2:
        return
    best, worst = min(known, key=lambda pair: pair[1]), max(known, key=lambda pair: pair[1])
    times = worst[1] / best[1]
    if times < CLEARLY:
        text = f"The slowest hundredth took about the same: {said(best[1])} to {said(worst[1])}."
        bench.recorder.finding(worst[0].total, "note", text, explain="lb.compare")
        return
    lost = figures.altogether(worst[0].result).timeouts
    outs = f" (time-outs: {lost})" if lost else ""
    bench.recorder.finding(
        worst[0].total, "warning",
        f"p99 of {title(worst[0].run)}: {said(worst[1])}{outs}, {times:.0f} times as long as with "
        f"{title(best[0].run)} ({said(best[1])}).",
        explain="lb.compare",
    )  # fmt: skip


def _black_hole(bench: Bench, chapters: Sequence[Chapter]) -> None:
    for chapter in chapters:
        every = figures.by_backend(chapter.result)
        name = list(every)[-1]
        share = every[name].share
        drew = f"{title(chapter.run)}: {name}, which fails at once, drew {share:.1f} %"
        severity: Severity = "good" if share < 5 else "fault" if share > 50 else "warning"
        bench.recorder.finding(chapter.total, severity, f"{drew} of the requests.",
                               explain="lb.black-hole")  # fmt: skip


def _deaths(bench: Bench, chapters: Sequence[Chapter]) -> None:
    for chapter in chapters:
        fates = figures.fates(chapter.result.sent, chapter.result.told)
        done = f"{len(fates.lost)} lost, {len(fates.doubled)} reached two backends"
        severity: Severity = "good" if not fates.lost else "warning"
        text = f"{title(chapter.run)}: of {len(chapter.result.sent):,} requests {done}."
        bench.recorder.finding(chapter.total, severity, text, explain="lb.retry")


def _states(bench: Bench, chapters: Sequence[Chapter]) -> None:
    for chapter in chapters:
        count = sum(one.at >= chapter.result.start for one in chapter.result.account.changes)
        lost = len(figures.fates(chapter.result.sent, chapter.result.told).lost)
        severity: Severity = "note" if lost else "good"
        text = f"{title(chapter.run)}: changes of state {count}, requests lost {lost}."
        bench.recorder.finding(chapter.total, severity, text, explain="lb.flapping")


def _moves(bench: Bench, chapters: Sequence[Chapter]) -> None:
    """Told by the chapters' own facts."""


JUDGES: dict[str, Callable[[Bench, Sequence[Chapter]], None]] = {
    "black-hole": _black_hole,
    "one-dies": _deaths,
    "rolling-restart": _deaths,
    "flapping": _states,
    "scale-out": _moves,
}
