"""Maglev: a table instead of a ring, as even as can be, and hardly more disturbed."""

from collections.abc import Collection, Iterator

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.algorithms.hashing import hashed
from netlab.balance.backend import Backend

SIZES = (5003, 65537)
"""Places in the table: primes. With a hundred for each backend, shares differ by 1 % at most."""
PLACES = 100


class Maglev(Algorithm):
    """Google's lookup table (Eisenbud and others: "Maglev", NSDI 2016, §3.4).

    Each backend wants all places of the table, in an order of its own; they take turns, each the
    first free place of its order. So all have the same number of places but for one; and when one
    goes, the others' orders have not changed, so most places keep their owners. Unlike on a ring a
    few others move as well: that is the price of being even.
    """

    def changed(self) -> None:
        self.size = next((size for size in SIZES if len(self.backends) * PLACES <= size), SIZES[-1])
        self.table = fill(self.usable(), self.size)

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        if not self.usable(without):
            return None
        place = hashed(key) % self.size
        while self.table[place] in without:
            place = (place + 1) % self.size
        return self.table[place]


def fill(backends: list[Backend], size: int) -> list[Backend]:
    """The table; empty without backends. Heavier ones have more turns (not in the paper)."""
    table: list[Backend | None] = [None] * size
    heaviest = max((each.weight for each in backends), default=0)
    wants = [(each, order(each, size)) for each in backends]
    credit = dict.fromkeys(backends, 0)
    free = size if backends else 0
    while free:
        for each, places in wants:
            credit[each] += each.weight
            if credit[each] < heaviest or not free:
                continue
            credit[each] -= heaviest
            table[next(place for place in places if table[place] is None)] = each
            free -= 1
    return [each for each in table if each is not None]


def order(backend: Backend, size: int) -> Iterator[int]:
    """Every place once: a start and a stride, of two hashes of its name. The size is prime."""
    name = backend.name.encode()
    place, stride = hashed(name, b"offset") % size, hashed(name, b"skip") % (size - 1) + 1
    for _ in range(size):
        yield place
        place = (place + stride) % size
