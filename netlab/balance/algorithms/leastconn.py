"""Least connections: whoever has least to do, by what this balancer has given it."""

from collections.abc import Collection

from netlab.balance.algorithms.roundrobin import RoundRobin
from netlab.balance.backend import Backend


class LeastConnections(RoundRobin):
    """The fewest active ones for its weight; those that tie take turns.

    A slow backend keeps what it got for longer, so it gets less: no one has to measure anything.
    A backend that fails at once is always free, and so it draws everything.
    """

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if not among:
            return None
        least = min(each.active / each.weight for each in among)
        return self.turn([each for each in among if each.active / each.weight == least])
