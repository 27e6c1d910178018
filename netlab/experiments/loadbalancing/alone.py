"""A balancer run alone, and what it comes to: counts for each backend, and every change of state.

A run has no end of its own and may carry millions of requests: they are counted, and their times
are sampled, never kept one by one.
"""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from netlab.balance.events import (
    Accepted,
    Changed,
    Event,
    Failed,
    Finished,
    Lost,
    Picked,
    Refused,
    Retried,
    Weighed,
)  # fmt: skip
from netlab.balance.settings import Settings
from netlab.recording.recorder import Recorder
from netlab.recording.records import Value

SAMPLE = 10_000
"""Times kept for each backend."""
KEPT = 1000
"""Changes, repeats and losses that are told one by one, the newest of them."""
STEP = "lb.run"


@dataclass(slots=True)
class Share:
    """What one backend has had. errors: answers of 5xx, and what it failed to do."""

    picked: int = 0
    finished: int = 0
    errors: int = 0
    retries: int = 0
    lost: int = 0
    received: int = 0
    sent: int = 0
    times: list[float] = field(default_factory=list)


class Account:
    """Hears all events of one balancer.

    told: called with a line for what a person should see, and whether it must not be left out.
    """

    def __init__(
        self,
        settings: Settings,
        told: Callable[[str, bool], None],
        chance: random.Random | None = None,
    ) -> None:
        self.settings = settings
        self.told = told
        self.chance = chance or random.Random()
        self.shares = {each.name: Share() for each in settings.backends}
        self.clients = 0
        self.refused: Counter[str] = Counter()
        self.repeated = 0
        self.changes: deque[Changed] = deque(maxlen=KEPT)
        self.repeats: deque[Retried] = deque(maxlen=KEPT)
        self.losses: deque[Lost] = deque(maxlen=KEPT)

    def hear(self, event: Event) -> None:
        match event:
            case Picked():
                self.shares[event.backend].picked += 1
            case Finished():
                self.finished(event)
            case Accepted():
                self.clients += 1
            case Failed():
                self.shares[event.backend].errors += 1
            case Refused():
                self.refused[event.why] += 1
            case Changed() | Retried() | Lost():
                self.remember(event)
            case Weighed():
                self.shares.setdefault(event.backend, Share())

    def finished(self, event: Finished) -> None:
        share = self.shares[event.backend]
        share.finished += 1
        share.received += event.received
        share.sent += event.sent
        # Algorithm R: any of the first n has the same chance to be in the sample.
        if len(share.times) < SAMPLE:
            share.times.append(event.latency)
        elif (place := self.chance.randrange(share.finished)) < SAMPLE:
            share.times[place] = event.latency

    def remember(self, event: Changed | Retried | Lost) -> None:
        if isinstance(event, Changed):
            self.changes.append(event)
            self.told(f"{event.backend} is {event.after}: {event.why}", True)
        elif isinstance(event, Retried):
            self.repeats.append(event)
            self.repeated += 1
            self.shares[event.second].retries += 1
            more = "as well: perhaps it is done twice" if event.doubled else "instead"
            self.told(
                f"{brief(event.request)}: {event.first} failed, asked {event.second} {more}", False
            )
        else:
            self.losses.append(event)
            self.shares[event.backend].lost += 1
            self.told(f"{brief(event.request)}: lost at {event.backend}: {event.why}", False)


def write(account: Account, recorder: Recorder, listen: str) -> None:
    """Into the recording, in one chapter; each backend's figures are a part of it."""
    settings = account.settings
    recorder.step(STEP, "The balancer's run")
    what = "Connections" if settings.layer == 4 else "Requests"
    facts: dict[str, Value] = {
        "lb.layer": settings.layer,
        "lb.algorithm": settings.algorithm,
        "lb.listen": listen,
    }
    for name, value in facts.items():
        recorder.fact(STEP, name, value, origin="configured")
    recorder.fact(STEP, "lb.what", what, origin="configured")
    recorder.fact(STEP, "lb.clients", account.clients)
    _backends(account, recorder)
    _told_one_by_one(account, recorder)


def _backends(account: Account, recorder: Recorder) -> None:
    settings = account.settings
    every = sum(share.picked for share in account.shares.values())
    where = {each.name: each for each in settings.backends}
    rows: list[Value] = []
    counted = "lb.connections" if settings.layer == 4 else "lb.requests"
    for name, share in account.shares.items():
        step = recorder.step(f"lb.backend.{name}", name, STEP, STEP)
        part = 100 * share.picked / every if every else 0.0
        p50, p90, p99 = (percentile(share.times, part) for part in (0.5, 0.9, 0.99))
        recorder.fact(step, counted, share.picked)
        recorder.fact(step, "lb.share", part, "%")
        recorder.fact(step, "lb.errors", share.errors)
        recorder.fact(step, "lb.retries", share.retries)
        for fact, value in (("lb.p50", p50), ("lb.p90", p90), ("lb.p99", p99)):
            if value is not None:
                recorder.fact(step, fact, value, "s")
        server = where.get(name)
        rows.append({
            "backend": name,
            "address": f"{server.host}:{server.port}" if server else "",
            "weight": server.weight if server else 0,
            "picked": share.picked, "share": round(part, 1), "p50": p50, "p99": p99,
            "errors": share.errors, "retries": share.retries,
            "received": share.received, "sent": share.sent,
        })  # fmt: skip
    recorder.fact(STEP, "lb.picked", every)
    recorder.fact(STEP, f"lb.run.{'connections' if settings.layer == 4 else 'requests'}", rows)


def _told_one_by_one(account: Account, recorder: Recorder) -> None:
    """What is worth a line each; the counts of all stand beside."""
    since = recorder.since_start
    changes: list[Value] = [
        {"at": since(one.at), "backend": one.backend, "state": one.after, "why": one.why}
        for one in account.changes
    ]
    repeats: list[Value] = [
        {
            "at": since(one.at), "request": brief(one.request), "first": one.first,
            "second": one.second, "doubled": one.doubled,
        }
        for one in account.repeats
    ]  # fmt: skip
    losses: list[Value] = [
        {"at": since(one.at), "request": brief(one.request), "backend": one.backend, "why": one.why}
        for one in account.losses
    ]
    refused: list[Value] = [
        {"why": why, "times": times} for why, times in account.refused.most_common(20)
    ]
    for name, rows in (
        ("lb.run.changes", changes), ("lb.run.repeats", repeats), ("lb.run.losses", losses),
        ("lb.run.refused", refused),
    ):  # fmt: skip
        if rows:
            recorder.fact(STEP, name, rows)
    recorder.fact(STEP, "lb.refused", account.refused.total())
    recorder.fact(STEP, "lb.repeated", account.repeated)
    recorder.fact(STEP, "lb.lost", sum(share.lost for share in account.shares.values()))


def brief(request: str) -> str:
    """Without its query, which may hold what is nobody's business."""
    return request.partition("?")[0][:200]


def percentile(times: list[float], part: float) -> float | None:
    """The nearest rank: a time that was really measured."""
    ordered = sorted(times)
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)] if ordered else None
