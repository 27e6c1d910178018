"""Source hash: the same client always meets the same backend, while the backends stay the same."""

from collections.abc import Collection

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.algorithms.hashing import hashed
from netlab.balance.backend import Backend


class SourceHash(Algorithm):
    """The hash of the key, modulo the weights.

    The key is the client's address unless another was named. When a backend comes or goes the
    modulus changes, and nearly all keys move: when one joins n others, 1 key in n + 1 stays.
    """

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if not among:
            return None
        place = hashed(key) % sum(each.weight for each in among)
        for each in among:
            place -= each.weight
            if place < 0:
                break
        return each
