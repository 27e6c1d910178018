"""How a backend is picked: one file an algorithm, each imported when it is asked for."""

import random
from collections.abc import Sequence
from importlib import import_module

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend

NAMES = {
    "roundrobin": "RoundRobin",
    "leastconn": "LeastConnections",
    "random": "Random",
    "random2": "TwoChoices",
    "source": "SourceHash",
    "consistent": "ConsistentHash",
    "maglev": "Maglev",
    "ewma": "LeastResponseTime",
}
"""An algorithm's name, which is its module's too, and its class."""


def make(name: str, backends: Sequence[Backend], chance: random.Random) -> Algorithm:
    """Raises KeyError for a name that is not in NAMES."""
    module = import_module(f"netlab.balance.algorithms.{name}") if name in NAMES else None
    made: Algorithm = getattr(module, NAMES[name])(backends, chance)
    return made
