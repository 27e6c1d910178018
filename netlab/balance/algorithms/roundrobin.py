"""Round robin: each in turn, and as often as its weight says."""

from collections.abc import Collection

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend


class RoundRobin(Algorithm):
    """Smooth weighted round robin.

    A turn is a connection or a request; no time comes into it. At every turn each backend is paid
    its weight, the richest is picked, and pays what all were paid together. So weights 5, 1, 1
    give a a b a c a a: five of seven, and not five at once.
    """

    def changed(self) -> None:
        kept = getattr(self, "purse", {})
        self.purse = {each: kept.get(each, 0) for each in self.backends}

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        return self.turn(self.usable(without))

    def turn(self, among: list[Backend]) -> Backend | None:
        """Whose turn it is. Of equally rich ones it is the first's."""
        purse = self.purse
        richest, paid = None, 0
        for each in among:
            purse[each] += each.weight
            paid += each.weight
            if richest is None or purse[each] > purse[richest]:
                richest = each
        if richest is not None:
            purse[richest] -= paid
        return richest
