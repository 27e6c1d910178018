"""What `netlab io demo` makes of its figures: each is held against theory, or left unjudged."""

from typing import Any

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.io import comparing
from netlab.experiments.io.models import MODELS
from netlab.experiments.io.outcome import Outcome
from netlab.network.loopback import Loopback
from netlab.recording.recorder import Recorder
from netlab.recording.records import Finding, Header

CALM: dict[str, Any] = {"noise": 0.0001, "got": 0.99, "cost": 0.0001}


def outcome(name: str, wall: float = 0.2, share: float = 0.01, **run: float) -> Outcome:
    figures = {**CALM, "start": 1.0, "end": 1.0 + wall, "used": {"cpu": share * wall}, **run}
    return Outcome(MODELS[name], f"io.model.{name}", figures, (wall,), (0.2,) * 8, 4)


def judged(*outcomes: Outcome) -> dict[str, str]:
    """Titles of the findings, and how severe they are."""
    recorder = Recorder(Header("2026-01-01T00:00:00+00:00", (), "io", "loopback", {}))
    bench = Bench(recorder, Loopback())
    comparing.judge(bench, bench.step("io.compare", ""), outcomes, "f1")
    found = [record for record in recorder.finish().records if isinstance(record, Finding)]
    assert all(finding.facts == ("f1",) for finding in found)
    return {finding.title: finding.severity for finding in found}


AS_THEORY_SAYS = "Every model that was judged took what theory says, within 10 %."


def test_what_theory_says_is_said_to_be_so() -> None:
    found = judged(outcome("epoll", 0.21), outcome("blocking", 1.7), outcome("pool", 0.43))
    assert found[AS_THEORY_SAYS] == "good"
    assert set(found.values()) == {"good"}


def test_what_theory_does_not_say_is_a_warning() -> None:
    found = judged(outcome("epoll", 0.24), outcome("threads", 0.2))
    assert found["epoll took 240 ms, where theory says 200 ms."] == "warning"
    assert AS_THEORY_SAYS not in found


@pytest.mark.parametrize(("wall", "loud"), [(0.24, {"got": 0.5}), (0.2, {"noise": 0.02})])
def test_on_a_busy_machine_nothing_is_judged(wall: float, loud: dict[str, float]) -> None:
    found = judged(outcome("epoll", wall, **loud))
    assert found["Not judged, for the machine was too busy: epoll."] == "note"
    assert AS_THEORY_SAYS not in found
    assert "warning" not in found.values()


@pytest.mark.parametrize(
    ("share", "got", "severity"), [(0.9, 0.99, "good"), (0.5, 0.99, "warning"), (0.5, 0.6, "note")]
)
def test_a_busy_poller_burns_a_processor(share: float, got: float, severity: str) -> None:
    found = judged(outcome("busy", share=share, got=got))
    said = f"Polling busily burnt {100 * share:.0f} % of a processor while it waited."
    assert found[said] == severity


def test_a_sleeper_that_burns_one_is_a_warning() -> None:
    assert judged(outcome("epoll", share=0.2))["epoll used 20 % of a processor."] == "warning"


@pytest.mark.parametrize(("cost", "said", "severity"), [
    (0.01, "Counting and timing took at most 5.00 % of wall time (epoll).", "warning"),
    (0.0, "Counting and timing took at most 0.01 % of wall time (epoll).", "good"),
])  # fmt: skip
def test_what_measuring_costs_is_judged_too(cost: float, said: str, severity: str) -> None:
    assert judged(outcome("epoll", cost=cost))[said] == severity
