"""How long a model should take, and when not to judge."""

import pytest

from netlab.experiments.io import theory
from netlab.experiments.io.models import ALL, ONE, SOME, Way


@pytest.mark.parametrize(
    ("way", "count", "workers", "delays"),
    [(ONE, 8, 4, 8), (ALL, 8, 4, 1), (SOME, 8, 4, 2), (SOME, 8, 6, 2), (SOME, 9, 4, 3),
     (SOME, 3, 4, 1), (SOME, 1, 64, 1)],
)  # fmt: skip
def test_theory_counts_delays(way: Way, count: int, workers: int, delays: int) -> None:
    assert theory.wall(way, [0.2] * count, workers) == pytest.approx(0.2 * delays)


def test_delays_that_differ() -> None:
    delays = [0.3, 0.1, 0.1, 0.2]
    assert theory.wall(ONE, delays, 2) == pytest.approx(0.7)
    assert theory.wall(ALL, delays, 2) == pytest.approx(0.3)
    # One worker has 0.3; the other takes 0.1, 0.1, 0.2.
    assert theory.wall(SOME, delays, 2) == pytest.approx(0.4)


def test_a_control_that_overslept_forbids_to_judge() -> None:
    assert not theory.noisy({"noise": 0.002}, 0.02)
    assert theory.noisy({"noise": 0.004}, 0.02)
    assert not theory.noisy({"noise": 0.008}, 0.2)
    assert theory.noisy({"noise": 0.012}, 0.2)
    assert theory.crowded({"got": 0.5})
    assert not theory.crowded({"got": 0.99})
