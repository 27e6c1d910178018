"""What is made of the figures: growth, findings, questions, from outcomes that are given."""

import asyncio
import itertools
from dataclasses import replace
from typing import Any

import pytest

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.io import scale, scale_judged, scale_told
from netlab.experiments.io.scale_run import Outcome, Wish
from netlab.experiments.io.services import missing
from netlab.network.loopback import Loopback
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Question, Record


def run_of(model: str, count: int, cpu: float, **others: Any) -> Outcome:
    made = Outcome(model, count, held=count, requests=1000, cpu=cpu, memory=500.0, threads=1)
    return replace(made, **others)


def bench() -> Bench:
    return Bench(Recorder(Header("", (), "test", "loopback", {})), Loopback())


def written(made: Bench, kind: type[Record]) -> list[Any]:
    return [record for record in made.recorder.finish().records if isinstance(record, kind)]


CLIMB = [
    run_of("poll", 10, 4e-6), run_of("poll", 100, 5e-6), run_of("poll", 10_000, 200e-6),
    run_of("epoll", 10, 4e-6), run_of("epoll", 100, 4e-6), run_of("epoll", 10_000, 4.2e-6),
]  # fmt: skip


def test_growth_counts_from_a_hundred_to_the_most() -> None:
    rows = {row["model"]: row for row in scale_told.growth(CLIMB)}
    assert (rows["poll"]["from"], rows["poll"]["to"]) == (100, 10_000)
    assert rows["poll"]["growth"] == pytest.approx(40)
    assert rows["epoll"]["growth"] == pytest.approx(1.05)


def test_growth_leaves_out_what_broke_and_what_was_run_once() -> None:
    broken = run_of("select", 10_000, 1.0, held=1000, died="ValueError: out of range")
    assert scale_told.growth([run_of("select", 100, 1e-6), broken]) == []


@pytest.mark.parametrize(
    ("dearer", "severity", "answer"), [(200e-6, "good", 2), (20e-6, "warning", 1)]
)
def test_the_slope_is_judged(dearer: float, severity: str, answer: int) -> None:
    made = bench()
    outcomes = [*CLIMB[:2], run_of("poll", 10_000, dearer), *CLIMB[3:]]
    scale_judged.judge_cost(made.recorder, "io.scale-cost", scale_told.growth(outcomes), "f1")
    (finding,) = written(made, Finding)
    (question,) = written(made, Question)
    assert finding.severity == severity
    assert question.answer == answer


def test_a_short_way_is_no_reason_to_judge() -> None:
    made = bench()
    outcomes = [run_of("poll", 10, 4e-6), run_of("poll", 100, 5e-6),
                run_of("epoll", 10, 4e-6), run_of("epoll", 100, 4e-6)]  # fmt: skip
    scale_judged.judge_cost(made.recorder, "io.scale-cost", scale_told.growth(outcomes), "f1")
    (finding,) = written(made, Finding)
    assert finding.severity == "note"


def test_ten_thousand_threads_that_hold_are_said_to_hold() -> None:
    made = bench()
    outcomes = [run_of("threads", 10_000, 9e-6, memory=20480.0, threads=10_001), CLIMB[-1]]
    scale_judged.judge_threads(made.recorder, "io.scale-memory", outcomes, "f1")
    (finding,) = written(made, Finding)
    assert finding.severity == "note"
    assert "10000 threads did not fall over" in finding.title
    assert finding.facts == ("f1",)
    assert "20.0 KiB" in finding.title
    assert written(made, Question)[0].answer == 1


def test_threads_that_do_not_hold_are_not_praised() -> None:
    made = bench()
    fell = run_of("threads", 10_000, 9e-6, held=4000, died="RuntimeError: can't start new thread")
    scale_judged.judge_threads(made.recorder, "io.scale-memory", [fell], "f1")
    assert written(made, Finding) == []
    assert written(made, Question)[0].answer == 0


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (run_of("select", 2000, 1.0, held=1000, died="ValueError: x"), "its process ended: Value"),
        (run_of("epoll", 2000, 1.0, held=968, limited=True, files=1000), "1000 descriptors"),
        (run_of("pool", 20, 1.0, held=8, unserved=12), "the kernel greeted the others"),
        (run_of("poll", 20, 1.0, lost=2, why="Connection reset by peer"), "2 connections were"),
        (run_of("poll", 20, 1.0, garbled=3), "3 echoes were not"),
    ],
)
def test_how_it_broke_is_said(outcome: Outcome, words: str) -> None:
    assert not outcome.whole
    assert words in scale_told.how(outcome)


def test_wrong_echoes_are_a_fault() -> None:
    made = bench()
    scale_judged.judge_held(made.recorder, "io.scale", [run_of("poll", 20, 1.0, garbled=3)], "f1")
    assert [finding.severity for finding in written(made, Finding)] == ["fault"]


def test_where_a_model_ended_and_why_is_noted() -> None:
    made = bench()
    ended = [
        run_of("select", 2000, 1.0, held=1000, died="ValueError: out of range"),
        run_of("threads", 2000, 1.0, held=190, died="RuntimeError: no thread", threads_limit=200),
    ]
    scale_judged.judge_held(made.recorder, "io.scale", ended, "f1")
    first, second = (finding.title for finding in written(made, Finding))
    assert "select ended when it had 1000 of 2000" in first
    assert "FD_SETSIZE" in first
    assert "This user may have 200 threads" in second
    assert written(made, Question)[0].answer == 1


def test_a_machine_at_work_is_said_to_be_so() -> None:
    made = bench()
    calm = [run_of("epoll", 10, 1e-6, share=0.99), run_of("epoll", 100, 1e-6, share=None)]
    scale_judged.judge_noise(made.recorder, "io.scale", calm, "f1")
    assert written(made, Finding) == []
    outcomes = [*calm, run_of("poll", 10, 1e-6, share=0.5)]
    scale_judged.judge_noise(made.recorder, "io.scale", outcomes, "f1")
    (finding,) = written(made, Finding)
    assert finding.severity == "warning"
    assert "1 of 2 runs" in finding.title
    assert "50 %" in finding.title


def test_no_run_begins_when_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is ten seconds later: one run begins within fifteen."""

    async def at_once(_: Any, __: str, ___: Wish, outcome: Outcome) -> None:
        outcome.held = outcome.count

    monkeypatch.setattr(scale, "perform", at_once)
    ticks = itertools.count(0.0, 10.0)
    made = bench()
    options = scale.Options((10, 100), ("epoll",), max_time=15.0)
    assert asyncio.run(scale.run(made, options, lambda: next(ticks))) is Exit.OK
    facts = {fact.name: fact.value for fact in written(made, Fact)}
    assert facts["io.scale.left_out"] == ["epoll with 100: --max-time was over"]
    assert "selectors" in facts["io.scale.spared"]
    assert [name for name in facts["io.scale.spared"] if missing(name)] == []


def test_what_broke_with_few_is_spared_the_many(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_: Any, __: str, ___: Wish, outcome: Outcome) -> None:
        outcome.held, outcome.unserved = 1, outcome.count - 1

    monkeypatch.setattr(scale, "perform", at_once)
    made = bench()
    asyncio.run(scale.run(made, scale.Options((10, 100, 1000), ("blocking",))))
    facts = {fact.name: fact.value for fact in written(made, Fact)}
    assert facts["io.scale.left_out"] == ["blocking beyond 10, of which it served 1"]
    assert len(facts["io.scale.runs"]) == 1
