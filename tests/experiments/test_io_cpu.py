"""What `netlab io demo --cpu-work` makes of its figures."""

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.io import cpu
from netlab.explain.pages import topics
from netlab.network.loopback import Loopback
from netlab.recording.recorder import Recorder
from netlab.recording.records import Finding, Header

SERIAL = cpu.HANDLERS * cpu.WORK


def judged(gil: str, worst: float, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """worst: seconds of the longest echo in the loop."""
    monkeypatch.setattr(cpu, "gil", lambda: gil)
    recorder = Recorder(Header("2026-01-01T00:00:00+00:00", (), "io", "loopback", {}))
    bench = Bench(recorder, Loopback())
    report = {"took": SERIAL, "quiet": [(0.0, 1e-4)], "loud": [(0.0, 1e-4), (0.1, worst)]}
    rows = {way.name: cpu.row(way, report) for way in cpu.WAYS}
    cpu.judge(bench, bench.step("io.cpu", ""), rows, "f1")
    found = [record for record in recorder.finish().records if isinstance(record, Finding)]
    assert {finding.explain for finding in found} <= set(topics())
    return found


def test_the_longest_echo_is_the_one_that_counts() -> None:
    told = cpu.row(cpu.WAYS[0], {"took": 1.0, "quiet": [(0, 1.0)], "loud": [(0, 3.0), (1, 2.0)]})
    assert (told["worst"], told["median"], told["alone"], told["echoes"]) == (3.0, 2.5, 1.0, 2)


def test_a_loop_that_stalls_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stalled, threads = judged("on", SERIAL, monkeypatch)
    assert (stalled.severity, threads.severity) == ("warning", "note")
    assert "nobody was answered" in stalled.title
    assert "one of them computes at a time" in threads.title


def test_a_loop_that_does_not_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged("on", 0.01, monkeypatch)[0].title.startswith("The event loop answered")


def test_without_a_gil_threads_compute_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "has no GIL" in judged("off", SERIAL, monkeypatch)[1].title
