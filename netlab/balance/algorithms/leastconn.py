"""Least connections: whoever has least to do, by what this balancer has given it."""

from collections.abc import Collection

from netlab.balance.algorithms.roundrobin import RoundRobin
from netlab.balance.backend import Backend


class LeastConnections(RoundRobin):
    """The fewest active ones for its weight, the next one included; those that tie take turns.

    Without that next one a backend of weight 3 with three open would be held to be as full as one
    of weight 1 with one, though one more is a third of it and all of the other.

    A slow backend keeps what it got for longer, so it gets less: no one has to measure anything.
    A backend that fails at once is always free, and so it draws everything.
    """

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if not among:
            return None
        loads = {each: load(each) for each in among}
        least = min(loads.values())
        return self.turn([each for each in among if loads[each] == least])


def load(backend: Backend) -> float:
    """What it would have with one more; nothing at all while it is idle, whatever its weight."""
    return (backend.active + 1) / backend.weight if backend.active else 0.0
