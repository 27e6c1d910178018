"""How many keys move when there is one backend more: computed, and met in real traffic."""

import random
from collections.abc import Sequence

from netlab.balance.algorithms import make
from netlab.balance.backend import Backend
from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing.scenario import Plan
from netlab.experiments.loadbalancing.told import Chapter
from netlab.experiments.loadbalancing.words import ALGORITHMS
from netlab.recording.records import Value

KEYS = 10_000


def computed(bench: Bench, step: str, plan: Plan) -> None:
    """By the very classes that balance, over ten thousand keys."""
    keys = [f"user-{number}".encode() for number in range(KEYS)]
    before = plan.backends
    rows: list[Value] = []
    for name in ("source", "consistent", "maglev"):
        moved = share(homes(name, before, keys), homes(name, before + 1, keys))
        rows.append({"algorithm": ALGORITHMS[name], "moved": round(100 * moved, 2)})
    fact = bench.recorder.fact
    fact(step, "lb.moved_computed", rows, "%", "computed", note=f"{KEYS:,} keys, nothing sent")
    fact(step, "lb.moved_least", round(100 / (before + 1), 1), "%", "computed")


def homes(name: str, count: int, keys: Sequence[bytes]) -> list[str]:
    backends = [Backend(f"b{number + 1}", "127.0.0.1", 9001 + number) for number in range(count)]
    algorithm = make(name, backends, random.Random(1))
    picked = (algorithm.pick(key) for key in keys)
    return [one.name if one else "" for one in picked]


def share(before: Sequence[str], after: Sequence[str]) -> float:
    return sum(a != b for a, b in zip(before, after, strict=True)) / len(before)


def measured(chapter: Chapter, plan: Plan) -> None:
    """Keys that were asked for before and after: whose last home before is another one after."""
    result = chapter.result
    grown = result.marks.get("grown")
    if grown is None:
        return
    first: dict[str, str] = {}
    then: dict[str, str] = {}
    for one in result.sent:
        if one.outcome == "ok" and one.ended < grown:
            first[one.arrival.key] = one.backend
        elif one.outcome == "ok" and one.sent > grown + SETTLING:
            then.setdefault(one.arrival.key, one.backend)
    both = first.keys() & then.keys()
    if both:
        moved = sum(first[key] != then[key] for key in both)
        chapter.bench.recorder.fact(
            chapter.total, "lb.moved", round(100 * moved / len(both), 2), "%",
            note=f"of {len(both)} keys that were asked for before and after",
        )  # fmt: skip


SETTLING = 0.1
"""Seconds in which a balancer of others takes up its new configuration."""
