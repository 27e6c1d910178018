"""How many keys move when there is one backend more: computed, and met in real traffic."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence

from netlab.balance.algorithms import make
from netlab.balance.backend import Backend
from netlab.experiments.bench import Bench
from netlab.experiments.loadbalancing.load import Sent
from netlab.experiments.loadbalancing.scenario import Plan
from netlab.experiments.loadbalancing.told import Chapter
from netlab.experiments.loadbalancing.words import ALGORITHMS
from netlab.recording.records import Value

KEYS = 10_000
SETTLING = 0.1
"""Seconds in which a balancer of others takes up its new configuration."""


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


def measured(chapter: Chapter) -> None:
    """By real traffic: a key's home is the backend that served most of its requests.

    Most, and not all: a ring with bounded load sends a key elsewhere when its home is busy.
    """
    result = chapter.result
    grown = result.marks.get("grown", result.end)
    good = [one for one in result.sent if one.outcome == "ok"]
    before = served(one for one in good if one.ended < grown)
    after = served(one for one in good if one.sent > grown + SETTLING)
    both = sorted(before.keys() & after.keys())
    moved = sum(before[key] != after[key] for key in both)
    chapter.bench.recorder.fact(
        chapter.total, "lb.moved", round(100 * moved / len(both), 2) if both else None, "%",
        note=f"of {len(both)} keys that were asked for before and after",
    )  # fmt: skip


def served(sent: Iterable[Sent]) -> dict[str, str]:
    """Each key's home."""
    counts: dict[str, Counter[str]] = {}
    for one in sent:
        counts.setdefault(one.arrival.key, Counter())[one.backend] += 1
    return {key: counted.most_common(1)[0][0] for key, counted in counts.items()}
