"""What a scenario is made of, and the stage on which it acts while the load runs."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from netlab.balance.settings import Check, Passive, Server
from netlab.experiments.loadbalancing.arrivals import Keys, poisson
from netlab.experiments.loadbalancing.engines.base import Engine
from netlab.experiments.loadbalancing.farm import Farm, Spec
from netlab.experiments.loadbalancing.options import Options

USUAL = ("roundrobin", "leastconn")


@dataclass(slots=True)
class Stage:
    """What a scenario's script may do: to backends, to the balancer, at an instant of the load.

    begin: when the load begins, on the machine's clock; duration: how long it goes on.
    """

    farm: Farm
    engine: Engine
    begin: float
    duration: float
    variant: str
    marks: dict[str, float] = field(default_factory=dict)
    gone: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)

    async def until(self, share: float) -> None:
        """Wait until so much of the load's time is over."""
        await asyncio.sleep(max(0.0, self.begin + share * self.duration - perf_counter()))

    def mark(self, name: str) -> None:
        self.marks[name] = perf_counter()

    def kill(self, name: str) -> None:
        self._since[name] = perf_counter()
        self.farm.kill(name)

    async def revive(self, name: str) -> None:
        await asyncio.to_thread(self.farm.revive, name)
        self._back(name)

    def stop(self, name: str) -> None:
        self._since[name] = perf_counter()
        self.farm.tell(name, do="stop")

    def start(self, name: str) -> None:
        self.farm.tell(name, do="start")
        self._back(name)

    def _back(self, name: str) -> None:
        self.gone.setdefault(name, []).append((self._since.pop(name), perf_counter()))

    def end(self) -> None:
        """Whatever is gone still stays gone until now."""
        for name in tuple(self._since):
            self._back(name)

    async def drain(self, name: str) -> None:
        await asyncio.to_thread(self.engine.drain, name)

    async def restore(self, name: str) -> None:
        await asyncio.to_thread(self.engine.restore, name)

    async def add(self, server: Server) -> None:
        await asyncio.to_thread(self.engine.add, server)


Script = Callable[[Stage], Coroutine[Any, Any, None]]
Instants = Callable[[float, float, random.Random], Sequence[float]]
"""From rate, duration and chance."""


@dataclass(frozen=True, slots=True)
class Variant:
    """The same with another setting of the balancer's. name: empty for the scenario as it is."""

    name: str = ""
    title: str = ""
    check: Check | None = None
    passive: Passive | None = None


PLAIN = Variant()


@dataclass(frozen=True, slots=True)
class Prediction:
    """Asked before the chapter that answers it."""

    prompt: str
    choices: tuple[str, ...]
    answer: int
    why: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """specs: the backends, from how many there are to be. clients: addresses that ask.

    key: what hashing goes by, where an algorithm hashes anything but the client's address.
    """

    name: str
    title: str
    question: Prediction
    specs: Callable[[int], Sequence[Spec]]
    backends: int = 4
    rate: float = 400.0
    duration: float = 4.0
    algorithms: tuple[str, ...] = USUAL
    variants: tuple[Variant, ...] = (PLAIN,)
    instants: Instants = poisson
    keys: Keys | None = None
    clients: int = 0
    posts: float = 0.0
    key: str = "source"
    script: Script | None = None
    extra: int = 0
    """Backends that stand ready and are not the balancer's yet."""

    def of(self, options: Options) -> "Plan":
        """Without a rate of its own, as much load for each backend as the scenario has."""
        backends = options.backends or self.backends
        return Plan(
            self,
            options,
            options.rate or self.rate * backends / self.backends,
            options.duration or self.duration,
            backends,
            options.algorithms or self.algorithms,
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """A scenario, with what a person set."""

    scenario: Scenario
    options: Options
    rate: float
    duration: float
    backends: int
    algorithms: tuple[str, ...]

    @property
    def usual(self) -> bool:
        """Whether what the scenario foretells is what comes: as it is, though longer or shorter."""
        options = self.options
        unchanged = options.rate is None and self.backends == self.scenario.backends
        return (
            unchanged and not options.closed and {*self.algorithms} >= {*self.scenario.algorithms}
        )
