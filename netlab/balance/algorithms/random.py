"""Random: by chance, and oftener for more weight."""

from collections.abc import Collection

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend


class Random(Algorithm):
    """A draw for each, with nothing to remember.

    Many balancers that know nothing of each other still spread evenly in this way, on average; the
    share of one among n strays by about the square root of the number of draws.
    """

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if not among:
            return None
        return self.chance.choices(among, [each.weight for each in among])[0]
