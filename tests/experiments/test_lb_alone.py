"""What a balancer that ran alone has told, counted and written down."""

import random

import pytest

from netlab.balance.events import (
    Accepted,
    Changed,
    Event,
    Failed,
    Finished,
    Lost,
    Picked,
    Refused,
    Retried,
    Weighed,
)  # fmt: skip
from netlab.balance.settings import Server, Settings
from netlab.cli.lb_running import A_SECOND, Words
from netlab.experiments.loadbalancing import alone
from netlab.experiments.loadbalancing.alone import Account, write
from netlab.experiments.numbers import percentile
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Header, Value

BOTH = (Server("b1", "127.0.0.1", 9001), Server("b2", "127.0.0.1", 9002, 2))


def finished(latency: float, backend: str = "b1", status: int = 200) -> Finished:
    return Finished(1.0, backend, "c", latency, latency, 10, 20, status)


def heard(*events: Event) -> tuple[Account, list[str]]:
    lines: list[str] = []
    account = Account(Settings(BOTH), lambda line, must: lines.append(line), random.Random(1))
    for each in events:
        account.hear(each)
    return account, lines


def written(account: Account) -> dict[tuple[str, str], Value]:
    recorder = Recorder(Header("", (), "lb run", "internet", {}), clock=lambda: 0.0)
    write(account, recorder, "127.0.0.1:8080")
    facts = [one for one in recorder.finish().records if isinstance(one, Fact)]
    return {(one.step, one.name): one.value for one in facts}


def test_shares_and_times_by_backend() -> None:
    picks: list[Event] = [Picked(1.0, "b1", 0), Picked(1.0, "b2", 0), Picked(1.0, "b2", 1)]
    account, _ = heard(Accepted(1.0, "c"), *picks, finished(0.2), finished(0.1, "b2"))
    facts = written(account)
    assert facts["lb.backend.b2", "lb.requests"] == 2
    assert facts["lb.backend.b1", "lb.share"] == 100 / 3
    assert facts["lb.backend.b1", "lb.p99"] == 0.2
    assert facts["lb.run", "lb.clients"] == 1
    rows = facts["lb.run", "lb.run.requests"]
    assert isinstance(rows, list)
    assert [row["address"] for row in rows if isinstance(row, dict)] == [
        "127.0.0.1:9001", "127.0.0.1:9002",
    ]  # fmt: skip


def test_what_goes_wrong_is_counted_and_said_at_once() -> None:
    account, lines = heard(
        Failed(1.0, "b1", "refused"),
        Retried(1.0, "GET /a?token=secret", "b1", "b2", False),
        Retried(1.0, "GET /a", "b1", "b2", True),
        Lost(1.0, "POST /a", "b1", "closed"),
        Changed(2.0, "b1", "up", "down", "3 failures in a row", "passive"),
        Refused(2.0, "c", "no Host", 400),
        Refused(2.0, "c", "no Host", 400),
    )
    assert lines == [
        "GET /a: b1 failed, asked b2 instead",
        "GET /a: b1 failed, asked b2 as well: perhaps it is done twice",
        "POST /a: lost at b1: closed",
        "b1 is down: 3 failures in a row",
    ]
    facts = written(account)
    assert facts["lb.backend.b1", "lb.errors"] == 1
    assert facts["lb.backend.b2", "lb.retries"] == 2
    assert (facts["lb.run", "lb.repeated"], facts["lb.run", "lb.lost"]) == (2, 1)
    assert facts["lb.run", "lb.run.refused"] == [{"why": "no Host", "times": 2}]
    assert "secret" not in str(facts)


def test_errors_are_what_failed_and_what_was_answered_with_one_and_time_outs_are_apart() -> None:
    account, _ = heard(
        finished(0.1, status=500), finished(0.1, status=404),
        Failed(1.0, "b1", "answered 503", "status"), finished(0.1, status=503),
        Failed(1.0, "b1", "reset the connection"), Failed(1.0, "b2", "is silent", "late"),
    )  # fmt: skip
    facts = written(account)
    wanted = {"lb.backend.b1": (3, 0), "lb.backend.b2": (0, 1), "lb.total.roundrobin": (3, 1)}
    for step, pair in wanted.items():
        assert (facts[step, "lb.errors"], facts[step, "lb.timeouts"]) == pair


def test_the_whole_stands_under_the_algorithms_name() -> None:
    picks: list[Event] = [Picked(1.0, "b1", 0), Picked(1.0, "b2", 0), Accepted(1.0, "c")]
    facts = written(heard(*picks, finished(0.2), finished(0.1, "b2"))[0])
    total = {name: value for (step, name), value in facts.items() if step == "lb.total.roundrobin"}
    assert total == {
        "lb.requests": 2, "lb.connections": 1, "lb.share": 100.0, "lb.p50": 0.1, "lb.p90": 0.2,
        "lb.p99": 0.2, "lb.errors": 0, "lb.timeouts": 0, "lb.retries": 0,
    }  # fmt: skip


def test_one_that_comes_later_is_counted_too() -> None:
    account, _ = heard(Weighed(1.0, "b9", 1), Picked(1.0, "b9", 0), finished(0.1, "b9"))
    assert written(account)["lb.backend.b9", "lb.share"] == 100.0


def test_times_are_sampled_evenly_and_never_all_kept() -> None:
    account, _ = heard(*(finished(number / 100_000) for number in range(100_000)))
    times = account.shares["b1"].times
    assert len(times) == alone.SAMPLE
    middle = percentile(times, 0.5)
    assert middle is not None
    assert abs(middle - 0.5) < 0.02


def test_a_flood_of_lines_is_cut_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    now = 5.0
    words = Words(Settings(BOTH), True, lambda: now)
    for number in range(A_SECOND + 30):
        words.told(f"line {number}\x1b", False)
    words.told("b1 is down", True)
    now = 6.0
    words.told("again", False)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == A_SECOND + 3
    assert lines[-3:] == ["(30 more such lines were left out)", "b1 is down", "again"]
    assert "\x1b" not in "".join(lines)
