"""Whose time the journey took.

The leaves of the tree of `journey` phases partition the journey's wall clock: each has one owner.
What lies between them belongs to none and is the remainder, netlab's own. `aside` phases are what
netlab did only in order to explain: where one falls between two leaves, the journey's clock stands
still for it, and so does the axis on which views draw.

A visit is what one navigation takes, its redirects included: `2/tcp` belongs to the same visit as
`tcp`, while `again/1/tcp` belongs to a later one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from netlab.recording.records import Owner, Phase, Record

OWNERS: tuple[Owner, ...] = ("network", "far end", "resolver", "configured delay", "netlab")
Span = tuple[float, float]


def prefix_of(step: str) -> str:
    """What stands before the topic in a step's id: `2/` in `2/tls.certificate`."""
    return step[: step.rfind("/") + 1]


def visit_of(step: str) -> str:
    """The visit that a step belongs to: `again/1/` in `again/1/2/tcp`, empty for the first."""
    match = re.match(r"[a-z]+/[0-9]{1,4}/", step)
    return match[0] if match else ""


@dataclass(frozen=True, slots=True)
class Ledger:
    """total = the sum of by_owner + remainder; asides stand beside it.

    leaves: the journey's leaf phases by their start. start and end: its first and last instant.
    cuts: the stretches between them at which the journey's clock stands still.
    """

    total: float
    by_owner: dict[Owner, float]
    remainder: float
    asides: float
    leaves: tuple[Phase, ...]
    start: float
    end: float
    cuts: tuple[Span, ...]

    def position(self, instant: float) -> float:
        """An instant on the journey's own axis, which starts at 0 and leaves the asides out."""
        reached = min(max(instant, self.start), self.end)
        skipped = sum(min(b, reached) - a for a, b in self.cuts if a < reached)
        return reached - self.start - skipped


def ledger(records: Iterable[Record], visit: str = "") -> Ledger:
    """Draw up the ledger of one visit."""
    phases = [r for r in records if isinstance(r, Phase) and visit_of(r.step) == visit]
    asides = _union((p.start, p.end) for p in phases if p.path == "aside")
    leaves = leaves_of(phases)
    if not leaves:
        return Ledger(0.0, dict.fromkeys(OWNERS, 0.0), 0.0, _length(asides), (), 0.0, 0.0, ())
    start, end = min(p.start for p in leaves), max(p.end for p in leaves)
    busy = _union((p.start, p.end) for p in leaves)
    cuts = _without(_clip(asides, start, end), busy)
    total = end - start - _length(cuts)
    by_owner = {owner: sum(p.end - p.start for p in leaves if p.owner == owner) for owner in OWNERS}
    remainder = total - sum(by_owner.values())
    return Ledger(total, by_owner, remainder, _length(asides), leaves, start, end, tuple(cuts))


def leaves_of(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    """The journey phases that no other journey phase lies in, by their start."""
    journey = [p for p in phases if p.path == "journey"]
    parents = {p.parent for p in journey}
    return tuple(sorted((p for p in journey if p.id not in parents), key=lambda p: p.start))


def _union(spans: Iterable[Span]) -> list[Span]:
    """The same instants, in order and without overlap."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _clip(spans: list[Span], start: float, end: float) -> list[Span]:
    return [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]


def _without(spans: list[Span], busy: list[Span]) -> list[Span]:
    """What of the spans is not busy; both in order and without overlap."""
    free: list[Span] = []
    for span in spans:
        at, end = span
        for a, b in _clip(busy, at, end):
            if a > at:
                free.append((at, a))
            at = b
        if end > at:
            free.append((at, end))
    return free


def _length(spans: Iterable[Span]) -> float:
    return sum(b - a for a, b in spans)
