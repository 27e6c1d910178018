"""What is asked, when, and by whom: drawn beforehand, so that every engine gets the very same."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "PUT", "DELETE", "POST", "PATCH"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """at: seconds from the start at which it is due. source: the client's own address."""

    id: int
    at: float
    method: Method = "GET"
    key: str = ""
    source: str | None = None


Keys = Callable[[random.Random], str]


def poisson(rate: float, duration: float, chance: random.Random) -> list[float]:
    """Instants of arrivals that know nothing of each other: an open loop's."""
    found: list[float] = []
    at = chance.expovariate(rate)
    while at < duration:
        found.append(at)
        at += chance.expovariate(rate)
    return found


def bursts(rate: float, duration: float, chance: random.Random, every: float) -> list[float]:
    """As many as `poisson` has on average, but all of a stretch's within its first tenth."""
    found: list[float] = []
    start = 0.0
    while start < duration:
        found += [start + at for at in poisson(rate * 10, every / 10, chance)]
        start += every
    return [at for at in found if at < duration]


def even(count: int, rate: float) -> list[float]:
    """Exactly that many, at equal distances."""
    return [number / rate for number in range(count)]


def arrivals(
    instants: Sequence[float], chance: random.Random, keys: Keys | None = None, clients: int = 0,
    posts: float = 0.0,
) -> tuple[Arrival, ...]:  # fmt: skip
    """keys: who asks. clients: from so many addresses. posts: the share of unsafe requests."""
    return tuple(
        Arrival(
            number,
            at,
            "POST" if posts and chance.random() < posts else "GET",
            keys(chance) if keys else "",
            address(chance.randrange(clients)) if clients else None,
        )
        for number, at in enumerate(instants)
    )


def users(count: int) -> Keys:
    """Keys that are all asked for equally often."""
    return lambda chance: f"user-{chance.randrange(count)}"


def favourites(count: int, hottest: float) -> Keys:
    """Keys of which the first has `hottest` of all requests; the others share the rest evenly."""
    return lambda chance: (
        "user-0" if chance.random() < hottest else f"user-{1 + chance.randrange(count - 1)}"
    )


def address(client: int) -> str:
    """An address on loopback that differs from its neighbours in every octet but the first.

    Some balancers hash three octets of four (nginx's ip_hash): then clients of one network
    would all land on one backend.
    """
    spread = (client * 2_654_435_761 + 1) % (1 << 24)
    last = spread & 0xFF
    return f"127.{spread >> 16}.{spread >> 8 & 0xFF}.{min(max(last, 1), 254)}"
