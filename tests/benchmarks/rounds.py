"""How often a figure may be taken again: a neighbour on the machine spoils a round, and none can
make netlab better than it is."""

from collections.abc import Callable

ROUNDS = 3


def within(measure: Callable[[], dict[str, bool]]) -> None:
    """Measure until all that was to be reached was reached in one round, three times at most."""
    for _ in range(ROUNDS):
        reached = measure()
        if all(reached.values()):
            return
    raise AssertionError(f"in {ROUNDS} rounds, the last one: {reached}")
