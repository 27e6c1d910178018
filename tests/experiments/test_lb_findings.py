"""What is made of a run: which figures are good, which are a warning and which a fault."""

import pytest

from netlab.experiments.loadbalancing import findings
from netlab.experiments.loadbalancing.engines.base import Account
from netlab.experiments.loadbalancing.farm import Told
from netlab.experiments.loadbalancing.figures import Result
from netlab.experiments.loadbalancing.options import Options
from netlab.experiments.loadbalancing.running import Run
from netlab.experiments.loadbalancing.scenarios import SCENARIOS
from netlab.experiments.loadbalancing.told import Chapter
from netlab.recording.records import Finding
from tests.experiments.near import bench
from tests.experiments.test_lb_figures import sent

NAMES = ("b1", "b2")


def run(latencies: list[float], at_last: int = 0) -> Result:
    """So many requests of these latencies, of which so many were the last backend's."""
    requests = [sent(id, "ok", latency, "b1") for id, latency in enumerate(latencies)]
    homes = ["b1"] * (len(latencies) - at_last) + ["b2"] * at_last
    told = [Told("got", 10.0, home, (id, "GET")) for id, home in enumerate(homes)]
    return Result("roundrobin", "netlab", "", requests, told, Account(), NAMES, 10.0, 9.0, 21.0)


def judged(scenario: str, *results: Result) -> list[tuple[str, str]]:
    place = bench()
    chapters = [
        Chapter(place, Run(name), result, False)
        for name, result in zip(("roundrobin", "leastconn"), results, strict=False)
    ]
    for chapter in chapters:
        place.recorder.step(chapter.total, "")
    findings.judge(place, SCENARIOS[scenario].of(Options()), chapters)
    made = place.recorder.finish().records
    return [(one.severity, one.title) for one in made if isinstance(one, Finding)]


@pytest.mark.parametrize(("drew", "severity"), [(4, "good"), (25, "warning"), (51, "fault")])
def test_a_black_hole_is_judged_by_what_it_drew(drew: int, severity: str) -> None:
    ((found, said),) = judged("black-hole", run([0.1] * 100, drew))
    assert (found, f"drew {drew}.0 %" in said) == (severity, True)


def test_a_tail_is_worth_a_warning_from_twice_as_long_on() -> None:
    ((found, said),) = judged("one-slow", run([0.3]), run([0.1]))
    assert found == "warning"
    assert "p99 of Round robin: 300 ms, 3 times as long as with Least connections" in said
    ((found, said),) = judged("one-slow", run([0.19]), run([0.1]))
    assert (found, said) == ("note", "The slowest hundredth took about the same: 100 ms to 190 ms.")


def test_a_lost_request_is_a_warning() -> None:
    whole, broken = run([0.1]), run([0.1])
    broken.sent.append(sent(9, "broken", 0.1))
    ((good, _), (bad, said)) = judged("one-dies", whole, broken)
    assert (good, bad) == ("good", "warning")
    assert "of 2 requests 1 lost, 0 reached two backends" in said


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (Options(), True),
        (Options(duration=1.0, algorithms=("leastconn", "roundrobin", "random")), True),
        (Options(algorithms=("leastconn",)), False),
        (Options(closed=True), False),
        (Options(rate=10.0), False),
        (Options(backends=8), False),
    ],
)
def test_what_is_foretold_holds_for_the_scenario_as_it_is(options: Options, asked: bool) -> None:
    assert SCENARIOS["one-slow"].of(options).usual is asked
