"""How long a model should take, and whether the machine was quiet enough to judge that."""

from collections.abc import Mapping, Sequence
from typing import Any

from netlab.experiments.io.models import ALL, ONE, Way

WITHIN = 0.10
"""Wall time may differ from theory by this part."""
BUSY, IDLE = 0.80, 0.10
"""CPU time as a part of wall time: a busy poller has at least, all others at most this much."""
NOISE = 0.05
"""A control sleep of 10 ms that oversleeps by this part of the delay makes a machine too noisy."""
STIRRED = 0.003
"""Seconds of oversleeping that are nothing special, whatever the delay."""
SHARE = 0.9
"""A control loop that gets less of a processor than this has to share it with others."""
DEAR = 0.03
"""Measuring may cost this part of wall time."""


def wall(way: Way, delays: Sequence[float], workers: int) -> float:
    """Seconds, if the delays were all that took time: N x delay, delay, ceil(N / workers) x delay.

    With delays that differ: their sum, the longest, and what each worker takes up as it is free.
    """
    if way == ONE:
        return sum(delays)
    if way == ALL:
        return max(delays)
    free = [0.0] * min(workers, len(delays))
    for delay in delays:
        soonest = free.index(min(free))
        free[soonest] += delay
    return max(free)


def off(measured: float, theory: float) -> float:
    """By which part the measured time differs from theory; 0.02 is 2 % more."""
    return measured / theory - 1 if theory else 0.0


def noisy(run: Mapping[str, Any], delay: float) -> bool:
    """Whether the control sleeps around a run say that the machine had too much else to do."""
    return bool(run["noise"] > max(STIRRED, NOISE * delay))


def crowded(run: Mapping[str, Any]) -> bool:
    """Whether the control loops around a run say that others wanted the processor too."""
    return bool(run["got"] < SHARE)
