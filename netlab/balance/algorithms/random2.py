"""The power of two choices: draw two by chance, take the less busy one."""

from collections.abc import Collection

from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend


class TwoChoices(Algorithm):
    """Two different ones are drawn; the one with fewer active for its weight is picked.

    With n balls in n bins the fullest bin holds about ln n / ln ln n after one choice each, and
    about ln ln n / ln 2 after two (Azar, Broder, Karlin, Upfal: "Balanced Allocations", 1994).
    Looking at two is nearly as good as looking at all, and many balancers that look at all would
    run to the same one at once.
    """

    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        among = self.usable(without)
        if len(among) < 2:
            return among[0] if among else None
        first = self.draw(among)
        second = self.draw([each for each in among if each is not first])
        return min(first, second, key=lambda each: each.active / each.weight)

    def draw(self, among: list[Backend]) -> Backend:
        return self.chance.choices(among, [each.weight for each in among])[0]
