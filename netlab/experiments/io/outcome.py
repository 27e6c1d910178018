"""What is asked of the models, and what a model's runs came to."""

import random
import statistics
from dataclasses import dataclass
from typing import Any

from netlab.experiments.io import theory
from netlab.experiments.io.models import Model, default_workers


@dataclass(frozen=True, slots=True)
class Options:
    """names: the models; asked: whether the person named them."""

    names: tuple[str, ...]
    asked: bool = False
    requests: int = 8
    delay: float = 0.2
    jitter: float = 0.0
    payload: int = 64
    workers: int = 4
    repeat: int = 1
    max_time: float = 60.0
    witness: bool = False

    def delays(self) -> tuple[float, ...]:
        """What each request asks the server to wait: spread by chance, the same for each model."""
        chance = random.Random(self.requests)
        spread = (chance.uniform(-self.jitter, self.jitter) for _ in range(self.requests))
        return tuple(max(0.0, round(self.delay + part, 6)) for part in spread)

    def predicted(self, model: Model) -> float:
        """Seconds that all measured runs of a model take by theory."""
        return self.repeat * theory.wall(model.way, self.delays(), self.workers_of(model))

    def workers_of(self, model: Model) -> int:
        return default_workers() if model.name == "to-thread" else self.workers


@dataclass(frozen=True, slots=True)
class Outcome:
    """A model's runs: the one with the median wall time, and what was asked of it."""

    model: Model
    step: str
    run: dict[str, Any]
    walls: tuple[float, ...]
    delays: tuple[float, ...]
    workers: int

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)
