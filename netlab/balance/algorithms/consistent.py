"""Consistent hashing: a ring, on which few keys move when a backend comes or goes."""

from bisect import bisect_left
from collections.abc import Collection, Iterator

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.algorithms.hashing import hashed
from netlab.balance.backend import Backend

POINTS = 160
"""Points on the ring for each unit of weight: with few, the arcs between them are too uneven."""
MOST = 100_000
"""Points on the whole ring."""
ABOVE = 5, 4
"""How much of the average a backend may have: five quarters."""


class ConsistentHash(Algorithm):
    """A ring with bounded load.

    Each backend has many points on a ring of hashes; a key belongs to the first point at or after
    its own hash. One that goes leaves its arcs to its neighbours, one that comes takes a part of
    theirs, and no other key moves. One popular key could still drown its backend, so nobody takes
    more than 1.25 times the average, rounded up: what is above goes on to the next on the ring
    (Mirrokni, Thorup, Zadimoghaddam: "Consistent Hashing with Bounded Loads", 2018).
    """

    def changed(self) -> None:
        # Down ones keep their points: what they had comes back to them with them.
        each_has = min(POINTS, MOST / max(1, sum(each.weight for each in self.backends)))
        points = sorted(
            (hashed(f"{each.name} {number}".encode(), b"ring"), index)
            for index, each in enumerate(self.backends)
            for number in range(max(1, int(each.weight * each_has)))
        )
        self.points = [point for point, _ in points]
        self.owners = [self.backends[index] for _, index in points]

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        together = sum(each.active for each in among) + 1
        weights = sum(each.weight for each in among)
        for each in self.walk(key):
            if each in among and each.active < cap(together, each.weight, weights):
                return each
        return None

    def walk(self, key: bytes) -> Iterator[Backend]:
        """The backends in the order in which the key meets them."""
        start = bisect_left(self.points, hashed(key))
        met: set[Backend] = set()
        for step in range(len(self.owners)):
            each = self.owners[(start + step) % len(self.owners)]
            if each not in met:
                met.add(each)
                yield each
            if len(met) == len(self.backends):
                return


def cap(together: int, weight: int, weights: int) -> int:
    """The most that a backend may have, this one included: 1.25 of its fair part, rounded up."""
    return -(-ABOVE[0] * together * weight // (ABOVE[1] * weights))
