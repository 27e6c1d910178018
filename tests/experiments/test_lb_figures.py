import pytest

from netlab.experiments.loadbalancing import figures
from netlab.experiments.loadbalancing.arrivals import Arrival, Method
from netlab.experiments.loadbalancing.engines.base import Account, Repeat
from netlab.experiments.loadbalancing.farm import Told
from netlab.experiments.loadbalancing.figures import Result
from netlab.experiments.loadbalancing.load import Outcome, Sent


def sent(
    id: int, outcome: Outcome, latency: float, backend: str = "", method: Method = "GET"
) -> Sent:
    status = {"ok": 200, "status": 500}.get(outcome, 0)
    return Sent(
        Arrival(id, 0.0, method), due=10.0, sent=10.1, ended=10.0 + latency, outcome=outcome,
        status=status, backend=backend, connection=id % 2,
    )  # fmt: skip


def got(id: int, backend: str) -> Told:
    return Told("got", 10.0, backend, (id, "GET"))


@pytest.fixture
def result() -> Result:
    """Five requests to two backends: one late, one failed, one out of time, one sent twice."""
    requests = [
        sent(0, "ok", 0.02, "b1"), sent(1, "ok", 0.4, "b2"), sent(2, "status", 0.001, "b1"),
        sent(3, "timeout", 10.2), sent(4, "ok", 0.03, "b2", "POST"),
    ]  # fmt: skip
    told = [
        Told("connected", 9.0, "b1", ()), Told("connected", 9.0, "b2", ()),
        *(got(*pair) for pair in ((0, "b1"), (1, "b2"), (2, "b1"), (3, "b2"), (4, "b1"))),
        got(4, "b2"),
    ]  # fmt: skip
    account = Account(repeats=[Repeat("b1", "b2", doubled=True)])
    return Result(
        "roundrobin", "netlab", "", requests, told, account, ("b1", "b2", "b3"), 10.0, 9.0, 21.0
    )


def test_each_backend_gets_what_is_its_own(result: Result) -> None:
    every = figures.by_backend(result)
    assert (every["b1"].requests, every["b2"].requests, every["b3"].requests) == (3, 3, 0)
    assert (every["b1"].share, every["b3"].share) == (50.0, 0.0)
    assert (every["b1"].errors, every["b2"].errors) == (1, 0)
    assert (every["b1"].timeouts, every["b2"].timeouts) == (0, 1)  # it had reached b2
    assert (every["b1"].retries, every["b2"].retries) == (0, 1)
    assert every["b1"].p99 == pytest.approx(0.02)
    assert every["b3"].p50 is None


def test_altogether_a_time_out_counts_as_the_time_out_and_an_error_as_none(result: Result) -> None:
    whole = figures.altogether(result)
    assert (whole.requests, whole.connections, whole.errors, whole.timeouts) == (5, 2, 1, 1)
    assert whole.p99 == 10.0
    assert whole.p50 == pytest.approx(0.03)


def test_what_was_lost_and_what_was_done_twice_is_named(result: Result) -> None:
    fates = figures.fates(result.sent, result.told)
    assert fates.lost == (2, 3)
    assert fates.doubled == (4,)
    assert fates.answered == 3
    assert fates.unanswered_unsafe == 0


def test_what_a_backend_had_when_it_went_is_counted(result: Result) -> None:
    result.told += [Told("done", 10.5, "b1", (0, 200)), Told("done", 11.0, "b1", (2, 500))]
    result.gone = {"b1": [(10.7, 20.0)]}
    (one,) = figures.departures(result)
    assert (one.backend, one.flight) == ("b1", (2, 4))  # 0 was answered before
    assert (one.lost, one.doubled) == (1, 1)


def test_what_it_had_when_it_went_is_not_there_when_it_goes_again(result: Result) -> None:
    result.told.append(Told("got", 14.0, "b1", (1, "GET")))
    result.gone = {"b1": [(10.7, 12.0), (15.0, 16.0)]}
    assert [one.flight for one in figures.departures(result)] == [(0, 2, 4), (1,)]


def test_a_histogram_counts_each_answer_once(result: Result) -> None:
    rows = figures.histogram(result.sent)
    assert rows[0] == {"upto": "up to 20 ms", "requests": 1}
    assert rows[-1] == {"upto": "up to 500 ms", "requests": 1}
    assert sum(row["requests"] for row in rows if isinstance(row, dict)) == 3  # type: ignore[misc]
    assert figures.histogram([]) == []


def test_chance_allows_less_the_more_there_are() -> None:
    assert figures.spread(25.0, 10_000) == pytest.approx(0.866, abs=0.001)
    assert figures.spread(25.0, 40_000) == pytest.approx(0.433, abs=0.001)
    assert figures.spread(25.0, 0) == 0.0


def test_how_a_request_failed_is_said() -> None:
    assert figures.said(sent(1, "status", 0.1)) == "GET answered 500"
    assert figures.said(sent(1, "broken", 0.1, method="POST")) == "POST hung up on"
    assert figures.said(sent(1, "refused", 0.1)) == "GET not connected"
