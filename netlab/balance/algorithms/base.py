"""What every algorithm is: something that picks one of several backends."""

import random
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence

from netlab.balance.backend import Backend


class Algorithm(ABC):
    """Picks among the usable ones of its backends. No socket, no clock, no state but its own."""

    def __init__(self, backends: Sequence[Backend], chance: random.Random) -> None:
        self.backends = tuple(backends)
        self.chance = chance
        self.changed()

    @abstractmethod
    def pick(self, key: bytes = b"", without: Collection[Backend] = ()) -> Backend | None:
        """One that is usable and not in `without`; None when there is none.

        key: what hashing goes by; the others do not look at it.
        """

    # Not abstract: most algorithms learn nothing, and keep no table.
    def done(self, backend: Backend, latency: float) -> None:  # noqa: B027
        """A backend has answered: seconds until it did."""

    def changed(self) -> None:  # noqa: B027
        """A state, a weight or the backends themselves have changed."""

    def usable(self, without: Collection[Backend] = ()) -> list[Backend]:
        return [each for each in self.backends if each.state == "up" and each not in without]
