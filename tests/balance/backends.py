"""Backends for algorithms: names and weights, no server."""

import random
from collections import Counter

from netlab.balance.algorithms import make
from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend


def some(*weights: int) -> list[Backend]:
    """a, b, c … with these weights."""
    return [
        Backend(chr(ord("a") + place), "127.0.0.1", 9000 + place, weight)
        for place, weight in enumerate(weights)
    ]


def algorithm(name: str, backends: list[Backend], seed: int = 1) -> Algorithm:
    return make(name, backends, random.Random(seed))


def picks(made: Algorithm, count: int) -> str:
    """Whom it picks in a row, by their letters."""
    return "".join(picked.name if (picked := made.pick()) else "-" for _ in range(count))


def owners(made: Algorithm, keys: int) -> dict[int, str]:
    """Whom each key belongs to."""
    return {key: picked.name for key in range(keys) if (picked := made.pick(str(key).encode()))}


def shares(made: Algorithm, keys: int) -> Counter[str]:
    return Counter(owners(made, keys).values())


def moved(before: dict[int, str], after: dict[int, str]) -> float:
    """Which part of the keys has another owner."""
    return sum(before[key] != after[key] for key in before) / len(before)
