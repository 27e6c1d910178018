"""From single calls to stretches that can be drawn: what each thread was doing, from when to when.

Between two calls a thread runs. Polls for nothing that follow each other are one stretch: what
lies between them is the loop that polls.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from netlab.experiments.io.calls import Call, Calls, What

MOST = 400
"""Stretches of one run that are kept; what is shorter than a column cannot be seen anyway."""


class Stretch(NamedTuple):
    """thread: 0 is the main thread. call: the one that it was in, if in any."""

    thread: int
    what: What
    start: float
    end: float
    call: str


def stretches(calls: Calls, start: float, end: float) -> list[Stretch]:
    """Every thread's time, the main thread's first, from the run's start to its end."""
    import threading

    main = threading.get_ident()
    order = {main: 0}
    windows = {main: [(start, end)]}
    for thread in sorted(calls.threads, key=lambda one: one.start):
        order.setdefault(thread.id, len(order))
        windows.setdefault(thread.id, []).append((thread.start, thread.end))
    made: list[Stretch] = []
    for id, number in order.items():
        own = sorted((call for call in calls.made if call.thread == id), key=lambda c: c.start)
        for first, last in windows[id]:
            inside = [call for call in own if first <= call.start <= last]
            made += _of(number, inside, first, last)
    return made if len(made) <= MOST else longest(made)


def longest(made: Sequence[Stretch]) -> list[Stretch]:
    kept = sorted(made, key=lambda one: one.start - one.end)[:MOST]
    return sorted(kept, key=lambda one: (one.thread, one.start))


def _of(thread: int, calls: Iterable[Call], start: float, end: float) -> list[Stretch]:
    made: list[Stretch] = []
    at = start
    for stretch in _merged(thread, calls):
        if stretch.start > at:
            made.append(Stretch(thread, "running", at, stretch.start, ""))
        made.append(stretch)
        at = max(at, stretch.end)
    if end > at:
        made.append(Stretch(thread, "running", at, end, ""))
    return made


def _merged(thread: int, calls: Iterable[Call]) -> list[Stretch]:
    """Calls as stretches; neighbours which poll for nothing, or only run, as one."""
    made: list[Stretch] = []
    for what, group in groupby(calls, key=lambda call: call.what):
        those = list(group)
        if what in ("polling for nothing", "running"):
            made.append(Stretch(thread, what, those[0].start, those[-1].end, those[0].name))
        else:
            made += [Stretch(thread, what, call.start, call.end, call.name) for call in those]
    return made
