"""Least response time: a moving average of what each has taken, and what it has to do."""

from collections.abc import Collection

from netlab.balance.algorithms.roundrobin import RoundRobin
from netlab.balance.backend import Backend

NEWEST = 0.2
"""How much the newest answer counts against all that came before."""
FADE = 0.998
"""What is left of an average each time its backend is passed over."""


class LeastResponseTime(RoundRobin):
    """The lowest product of average and load, for its weight; those that tie take turns.

    The average is exponentially weighted (EWMA). It rises at once, to a slow answer's own time,
    and falls by and by: being slow must be noticed before the next are sent there. One that is
    passed over is forgiven a little, or a backend that was slow once would never be asked again.
    """

    def changed(self) -> None:
        super().changed()
        kept = getattr(self, "average", {})
        self.average: dict[Backend, float] = {
            each: kept[each] for each in self.backends if each in kept
        }

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if not among:
            return None
        # Of whom nothing is known yet, the best is expected, and no better than that.
        known = [self.average[each] for each in among if each in self.average]
        best = min(known, default=1.0)
        costs = {each: self.cost(each, best) for each in among}
        least = min(costs.values())
        picked = self.turn([each for each in among if costs[each] == least])
        for each in among:
            if each is not picked and each in self.average:
                self.average[each] *= FADE
        return picked

    def cost(self, backend: Backend, best: float) -> float:
        return self.average.get(backend, best) * (backend.active + 1) / backend.weight

    def done(self, backend: Backend, latency: float) -> None:
        before = self.average.get(backend, latency)
        newer = before + (latency - before) * NEWEST
        self.average[backend] = max(latency, newer)
