"""Load balancing at length: shares over ten thousand requests, collapses, deaths, beside others.

Every run of a test has the same arrivals. Marked slow, as loads of several seconds are.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest

from netlab.balance.settings import Check
from netlab.experiments.loadbalancing import figures, running
from netlab.experiments.loadbalancing.arrivals import Arrival, arrivals, even, users
from netlab.experiments.loadbalancing.engines import Name
from netlab.experiments.loadbalancing.farm import Spec
from netlab.experiments.loadbalancing.figures import Fates, Result
from netlab.experiments.loadbalancing.options import Options
from netlab.experiments.loadbalancing.running import Run, drawn
from netlab.experiments.loadbalancing.scenario import Plan, Stage, Variant
from netlab.experiments.loadbalancing.scenarios import SCENARIOS
from tests.witness import need

pytestmark = [pytest.mark.slow, pytest.mark.timed, pytest.mark.timeout(120)]

MANY, RATE = 10_000, 1000.0
Shares = dict[str, float]


def weighted(weights: Sequence[int], mean: float = 0.004) -> list[Spec]:
    """Backends with places enough: their shares are the algorithm's doing alone."""
    return [
        Spec(f"b{number}", mean=mean, places=64, weight=weight)
        for number, weight in enumerate(weights, start=1)
    ]  # fmt: skip


def plan_of(algorithm: str, specs: Sequence[Spec], rate: float = RATE) -> Plan:
    scenario = replace(SCENARIOS["equal"], specs=lambda _: specs, rate=rate, key="header:X-Key",
                       keys=users(500))  # fmt: skip
    return scenario.of(Options(algorithms=(algorithm,)))


def result_of(
    plan: Plan, asked: tuple[Arrival, ...], algorithm: str, engine: Name = "netlab",
    variant: Variant | None = None,
) -> Result:  # fmt: skip
    run = Run(algorithm, engine, variant or Variant())
    return asyncio.run(running.perform(plan, run, asked, lambda _: None, lambda _: None))


def shares_of(result: Result) -> Shares:
    every = figures.by_backend(result)
    assert figures.altogether(result).errors == 0
    return {name: one.share for name, one in every.items()}


def many(clients: int = 0) -> tuple[Arrival, ...]:
    import random

    return arrivals(even(MANY, RATE), random.Random(3), users(500), clients)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (5, 1, 1, 3)])
def test_turns_are_exact(weights: tuple[int, ...]) -> None:
    plan = plan_of("roundrobin", weighted(weights))
    every = figures.by_backend(result_of(plan, many(), "roundrobin"))
    whole = sum(weights)
    for weight, one in zip(weights, every.values(), strict=True):
        assert abs(one.requests - MANY * weight / whole) <= 1


@pytest.mark.parametrize("algorithm", ["source", "maglev"])
def test_hashes_give_the_keys_own_shares(algorithm: str) -> None:
    plan = plan_of(algorithm, weighted((1, 1, 1, 1)))
    result = result_of(plan, many(), algorithm)
    shares = shares_of(result)
    for name, share in result.expected.items():
        assert shares[name] == pytest.approx(share, abs=0.001)


def test_a_ring_gives_the_keys_own_shares_where_its_bound_does_not_bite() -> None:
    """One request at a time: nobody is ever too busy."""
    specs = [Spec(f"b{number}", mean=0.0) for number in range(1, 5)]
    scenario = replace(SCENARIOS["equal"], specs=lambda _: specs, rate=1.0, duration=60.0,
                       key="header:X-Key", keys=users(500))  # fmt: skip
    plan = scenario.of(Options(algorithms=("consistent",), closed=True))
    assert running.clients(plan) == 1
    result = result_of(plan, many(), "consistent")
    shares = shares_of(result)
    assert len(result.sent) == MANY
    for name, share in result.expected.items():
        assert shares[name] == pytest.approx(share, abs=0.001)


def test_chance_stays_within_what_chance_allows() -> None:
    plan = plan_of("random", weighted((1, 1, 1, 1)))
    shares = shares_of(result_of(plan, many(), "random"))
    assert figures.spread(25.0, MANY) < 1.0
    for share in shares.values():
        assert abs(share - 25.0) <= 2.0


@pytest.mark.witness
@pytest.mark.parametrize(
    ("specs", "points"),
    [
        (weighted((1, 1, 1, 1), 0.02), 1.0),
        ([*weighted((1, 1, 1), 0.02), Spec("b4", mean=0.05, places=64)], 3.0),
        (weighted((3, 1, 1, 1), 0.02), 3.0),
    ],
    ids=["equal", "slow", "weights"],
)
def test_least_connections_shares_as_haproxy_does(specs: list[Spec], points: float) -> None:
    need("haproxy")
    plan, asked = plan_of("leastconn", specs), many()
    ours = shares_of(result_of(plan, asked, "leastconn"))
    theirs = shares_of(result_of(plan, asked, "leastconn", "haproxy"))
    print(ours, theirs)
    for name, share in ours.items():
        assert abs(share - theirs[name]) <= points


@pytest.mark.witness
@pytest.mark.parametrize("algorithm", ["roundrobin", "random"])
def test_haproxy_shares_so_too(algorithm: str) -> None:
    need("haproxy")
    shares = shares_of(
        result_of(plan_of(algorithm, weighted((1, 1, 1, 1))), many(), algorithm, "haproxy")
    )
    for share in shares.values():
        assert abs(share - 25.0) <= (0.02 if algorithm == "roundrobin" else 2.0)


@pytest.mark.witness
@pytest.mark.parametrize("engine", ["netlab", "haproxy", "nginx"])
def test_by_address_every_client_has_one_home(engine: Name) -> None:
    if engine != "netlab":
        need(engine)
    scenario = replace(SCENARIOS["equal"], specs=lambda _: weighted((1, 1, 1, 1)), clients=400)
    plan = scenario.of(Options(algorithms=("source",)))
    result = result_of(plan, many(400)[:4000], "source", engine)
    homes: dict[str, set[str]] = {}
    for one in result.sent:
        homes.setdefault(str(one.arrival.source), set()).add(one.backend)
    assert {len(found) for found in homes.values()} == {1}
    assert all(15 < share < 35 for share in shares_of(result).values())


def collapse(algorithm: str, engine: Name = "netlab") -> figures.Figures:
    plan = SCENARIOS["one-slow"].of(Options(algorithms=(algorithm,)))
    assert (plan.rate, plan.duration, plan.options.timeout) == (400.0, 8.0, 10.0)
    return figures.altogether(result_of(plan, drawn(plan), algorithm, engine))


def test_turns_collapse_where_counting_does_not() -> None:
    turns, counting = collapse("roundrobin"), collapse("leastconn")
    print(turns, counting)
    assert turns.p99 is not None
    assert counting.p99 is not None
    assert turns.p99 >= 20 * counting.p99
    assert turns.timeouts > 0 == counting.timeouts


@pytest.mark.witness
@pytest.mark.parametrize("engine", ["haproxy", "nginx"])
def test_others_collapse_so_too(engine: Name) -> None:
    need(engine)
    turns, counting = collapse("roundrobin", engine), collapse("leastconn", engine)
    assert turns.p99 is not None
    assert counting.p99 is not None
    assert turns.p99 >= 20 * counting.p99


@pytest.mark.witness
@pytest.mark.parametrize("engine", ["netlab", "haproxy"])
def test_a_black_hole_draws_more_than_half_until_it_is_taken_out(engine: Name) -> None:
    if engine != "netlab":
        need(engine)
    scenario = SCENARIOS["black-hole"]
    plan = scenario.of(Options(algorithms=("leastconn",)))
    open_, cured = (
        figures.by_backend(result_of(plan, drawn(plan), "leastconn", engine, variant))["b4"].share
        for variant in scenario.variants
    )
    print(engine, open_, cured)
    assert open_ > 50
    assert cured < 2


async def killed_while_idle(stage: Stage) -> None:
    """In a silence of the load: nothing is under way, and its connections are kept."""
    await stage.until(0.5)
    stage.kill("b4")


async def killed_in_flight(stage: Stage) -> None:
    await stage.until(0.5)
    stage.kill("b4")


def died(script: str, engine: Name, posts: float) -> tuple[Fates, Result]:
    """Two seconds of load, with a silence about its middle where that is asked for."""
    import random

    idle = script == "idle"
    specs = [*(Spec(f"b{n}", mean=0.03, steady=True, places=64) for n in (1, 2, 3)),
             Spec("b4", mean=0.03, steady=True, places=64, alone=True)]  # fmt: skip
    instants = [at for at in even(400, 200.0) if not idle or not 0.8 < at < 1.2]
    asked = arrivals(instants, random.Random(5), posts=posts)
    scenario = replace(
        SCENARIOS["equal"], specs=lambda _: specs, duration=2.0,
        script=killed_while_idle if idle else killed_in_flight,
    )  # fmt: skip
    plan = scenario.of(Options())
    variant = Variant("", "", Check(interval=0.2, timeout=0.5, rise=2, fall=2))
    result = result_of(plan, asked, "roundrobin", engine, variant)
    return figures.fates(result.sent, result.told), result


@pytest.mark.parametrize("posts", [0.0, 1.0], ids=["reads", "orders"])
def test_killed_while_idle_nothing_is_lost_and_nothing_doubled(posts: float) -> None:
    fates, result = died("idle", "netlab", posts)
    assert (fates.lost, fates.doubled) == ((), ())
    assert len(result.account.repeats) > 0  # it was tried, refused, and nobody noticed


def test_killed_in_flight_reads_may_be_done_twice_and_orders_are_answered_502() -> None:
    reads, result = died("busy", "netlab", 0.0)
    assert reads.lost == (), Counter(map(figures.said, result.sent))
    # It says so of all that may have been done; which of them were, only the backends know.
    assert 0 < len(reads.doubled) <= sum(repeat.doubled for repeat in result.account.repeats)
    orders, result = died("busy", "netlab", 1.0)
    assert orders.doubled == ()
    assert {one.status for one in result.sent if one.outcome != "ok"} == {502}
    assert len(orders.lost) > 0


@pytest.mark.witness
def test_haproxy_loses_and_never_doubles_nginx_doubles_and_does_not_lose() -> None:
    need("haproxy", "nginx")
    haproxy, _ = died("busy", "haproxy", 0.0)
    nginx, _ = died("busy", "nginx", 0.0)
    assert len(haproxy.lost) > 0 == len(haproxy.doubled)
    assert len(nginx.doubled) > 0 == len(nginx.lost)
