"""Figures that several experiments come to in the same way."""

import math
from collections.abc import Iterable


def percentile(times: Iterable[float], share: float) -> float | None:
    """The nearest rank: a time that was really measured, none between two."""
    ordered = sorted(times)
    if not ordered:
        return None
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def said(seconds: float) -> str:
    """A time within a sentence: `1.2 s`, `340 ms`.

    Compared after rounding, or 0.9996 s would read "1e+03 ms".
    """
    thousandths = float(f"{seconds * 1e3:.3g}")
    return f"{seconds:.3g} s" if thousandths >= 1000 else f"{thousandths:g} ms"
