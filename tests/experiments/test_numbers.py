"""Percentiles by the nearest rank, and times within sentences."""

import pytest

from netlab.experiments.numbers import percentile, said


def test_a_percentile_was_really_measured() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert percentile(hundred, 0.5) == 50
    assert percentile(hundred, 0.99) == 99
    assert percentile(hundred[:3], 0.99) == 3
    assert percentile([], 0.5) is None
    more = [i / 100 for i in range(101)]
    assert (percentile(more, 0.5), percentile(more, 0.99)) == (0.5, 0.99)
    times = [0.3, 0.1, 0.2, 0.4]
    assert [percentile(times, part) for part in (0.25, 0.5, 0.9, 0.99)] == [0.1, 0.2, 0.4, 0.4]
    assert percentile([float(i) for i in range(1, 161)], 0.99) == 159.0
    assert percentile([1.0, 2.0], 0.0) == 1.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0.4 ms"), (0.2, "200 ms"), (0.99949, "999 ms"), (0.9996, "1 s"), (1.234, "1.23 s")],
)
def test_a_time_is_said(seconds: float, text: str) -> None:
    assert said(seconds) == text
