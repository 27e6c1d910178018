"""One run: backends, a balancer and a load, started and ended; what they said is the result."""

import asyncio
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from time import perf_counter

from netlab.balance.algorithms import make as make_algorithm
from netlab.balance.backend import Backend
from netlab.balance.settings import Server, Settings, Timeouts
from netlab.experiments.loadbalancing import engines
from netlab.experiments.loadbalancing.arrivals import Arrival, address, arrivals
from netlab.experiments.loadbalancing.engines.base import Engine
from netlab.experiments.loadbalancing.farm import Farm, Spec
from netlab.experiments.loadbalancing.figures import Result
from netlab.experiments.loadbalancing.load import LEAD, Load, Sent
from netlab.experiments.loadbalancing.scenario import PLAIN, Plan, Stage, Variant

HASHES = ("source", "consistent", "maglev")
CLIENTS = 200
"""Addresses that ask, where an algorithm hashes them."""
WARM = 8
"""Requests that are sent beforehand, so that no first import counts as somebody's latency."""


@dataclass(frozen=True, slots=True)
class Run:
    """Which algorithm, through which engine, with which setting of the balancer's."""

    algorithm: str
    engine: engines.Name = "netlab"
    variant: Variant = PLAIN

    @property
    def name(self) -> str:
        """As in a step's id: `leastconn`, `leastconn-passive`."""
        return f"{self.algorithm}-{self.variant.name}" if self.variant.name else self.algorithm

    @property
    def prefix(self) -> str:
        return "" if self.engine == "netlab" else f"{self.engine}/"


Hear = Callable[[Sent], None]


def drawn(plan: Plan) -> tuple[Arrival, ...]:
    """The arrivals: from the seed alone, so that every run of the plan gets the same."""
    scenario, options = plan.scenario, plan.options
    chance = random.Random(f"arrivals {options.seed}")
    # A closed loop takes as many as it gets through.
    rate = 4 * plan.rate if options.closed else plan.rate
    instants = scenario.instants(rate, plan.duration, chance)
    hashing = not scenario.keys and {*HASHES} & {*plan.algorithms}
    clients = scenario.clients or (CLIENTS if hashing else 0)
    clients = clients if has_addresses() else 0
    return arrivals(instants, chance, scenario.keys, clients, scenario.posts)


@cache
def has_addresses() -> bool:
    """Whether all of 127.0.0.0/8 is this machine, as on Linux and Windows."""
    with socket.socket() as probe:
        try:
            probe.bind((address(1), 0))
        except OSError:
            return False
    return True


def settings(plan: Plan, run: Run, specs: list[Spec]) -> Settings:
    """What the balancer is told. It waits for an answer longer than any client does."""
    patience = max(30.0, plan.options.timeout + 5)
    return Settings(
        tuple(Server(spec.name, spec.host, spec.port, spec.weight) for spec in specs),
        algorithm=run.algorithm,
        key=plan.scenario.key if plan.scenario.keys else "source",
        check=run.variant.check,
        passive=run.variant.passive,
        timeouts=Timeouts(response=patience, idle=patience),
        seed=plan.options.seed,
    )


async def perform(
    plan: Plan, run: Run, asked: tuple[Arrival, ...], hear: Hear, sampled: Callable[[bytes], None]
) -> Result:
    """Raises NetlabError when something does not start."""
    specs = [replace(spec, seed=plan.options.seed) for spec in plan.scenario.specs(plan.backends)]
    engine = engines.make(run.engine)
    with Farm.start(specs, sampled) as farm:
        known = list(farm.specs.values())
        used = known[: len(known) - plan.scenario.extra] if plan.scenario.extra else known
        try:
            wish = settings(plan, run, used)
            target = await asyncio.to_thread(engine.start, wish)
            await warm(target, plan)
            stage, sent, start = await _loaded(plan, run, farm, engine, target, asked, hear)
            end = perf_counter()
            account = await asyncio.to_thread(engine.account)
        finally:
            await asyncio.to_thread(engine.close)
        told = farm.journal()
    return Result(
        run.algorithm, run.engine, run.variant.name, sent, told, account,
        tuple(spec.name for spec in known), plan.options.timeout, start, end,
        expected(wish, sent) if undisturbed(plan, run) else {}, stage.marks, stage.gone,
    )  # fmt: skip


async def warm(target: tuple[str, int], plan: Plan) -> None:
    """A few requests before any that counts: everything has been imported, all sockets are open."""
    load = Load(target, timeout=plan.options.timeout)
    await load.run([Arrival(-2 - number, number * 0.002) for number in range(WARM)])


async def _loaded(
    plan: Plan, run: Run, farm: Farm, engine: Engine, target: tuple[str, int],
    asked: tuple[Arrival, ...], hear: Hear,
) -> tuple[Stage, list[Sent], float]:  # fmt: skip
    load = Load(target, plan.options.timeout, hear)
    start = perf_counter() + LEAD
    stage = Stage(farm, engine, start, plan.duration, run.variant.name)
    async with asyncio.TaskGroup() as group:
        if plan.scenario.script is not None:
            group.create_task(plan.scenario.script(stage))
        if plan.options.closed:
            sent = await load.closed(asked, clients(plan), plan.duration)
        else:
            sent = await load.run(asked, start)
    stage.end()
    return stage, sent, start


def clients(plan: Plan) -> int:
    """As many as would be under way if all backends were well: Little's law."""
    mean = min(spec.mean for spec in plan.scenario.specs(plan.backends))
    return max(1, round(plan.rate * max(mean, 0.001)))


def undisturbed(plan: Plan, run: Run) -> bool:
    """Whether theory has a word: not where backends come and go meanwhile."""
    return plan.scenario.script is None and run.variant.passive is None


def expected(wish: Settings, sent: list[Sent]) -> dict[str, float]:
    """Shares by theory, in per cent: of the weights, or of the very keys that were asked for."""
    if wish.algorithm in ("roundrobin", "random"):
        whole = sum(server.weight for server in wish.backends)
        return {server.name: 100 * server.weight / whole for server in wish.backends}
    if wish.algorithm not in HASHES or not sent:
        return {}
    algorithm = make_algorithm(
        wish.algorithm, [server.backend() for server in wish.backends], random.Random(wish.seed)
    )
    shares = dict.fromkeys((server.name for server in wish.backends), 0)
    homes: dict[bytes, Backend | None] = {}
    for one in sent:
        key = hashed(one, wish.key)
        if key not in homes:
            homes[key] = algorithm.pick(key)
        if (home := homes[key]) is not None:
            shares[home.name] += 1
    return {name: 100 * count / len(sent) for name, count in shares.items()}


def hashed(one: Sent, key: str) -> bytes:
    """What the balancer goes by for this request."""
    return (one.arrival.source or "127.0.0.1" if key == "source" else one.arrival.key).encode()
