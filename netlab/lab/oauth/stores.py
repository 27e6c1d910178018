"""Where a server keeps what it has issued: bounded, and each thing for its time only."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

Clock = Callable[[], float]


@dataclass(slots=True)
class Kept(Generic[V]):
    value: V
    until: float


class Store(Generic[K, V]):
    """A table whose entries end by themselves; when it is full, the oldest entry goes."""

    def __init__(self, clock: Clock, most: int, lifetime: float) -> None:
        self.clock = clock
        self.most = most
        self.lifetime = lifetime
        self.kept: dict[K, Kept[V]] = {}

    def put(self, key: K, value: V, lifetime: float | None = None) -> None:
        self.kept.pop(key, None)
        self.sweep()
        while len(self.kept) >= self.most:
            del self.kept[next(iter(self.kept))]
        life = self.lifetime if lifetime is None else lifetime
        self.kept[key] = Kept(value, self.clock() + life)

    def get(self, key: K) -> V | None:
        found = self.kept.get(key)
        return found.value if found is not None and found.until > self.clock() else None

    def pop(self, key: K) -> V | None:
        value = self.get(key)
        self.kept.pop(key, None)
        return value

    def sweep(self) -> None:
        """Let go of what has ended; from the oldest on, so that it costs little each time."""
        now = self.clock()
        while self.kept and self.kept[oldest := next(iter(self.kept))].until <= now:
            del self.kept[oldest]

    def values(self) -> Iterator[V]:
        now = self.clock()
        return (each.value for each in self.kept.values() if each.until > now)

    def __len__(self) -> int:
        return sum(1 for _ in self.values())
