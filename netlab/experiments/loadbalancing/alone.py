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
from netlab.experiments.numbers import percentile
from netlab.recording.recorder import Recorder
from netlab.recording.records import Value

SAMPLE = 10_000
"""Times kept for each backend."""
KEPT = 1000
"""Changes, repeats and losses that are told one by one, the newest of them."""
STEP = "lb.run"


@dataclass(slots=True)
class Share:
    """What one backend has had, or all together.

    errors: answers of 5xx, and what it failed to do; timeouts are not among them.
    """

    picked: int = 0
    finished: int = 0
    errors: int = 0
    timeouts: int = 0
    retries: int = 0
    lost: int = 0
    received: int = 0
    sent: int = 0
    times: list[float] = field(default_factory=list)

    def finish(self, event: Finished, chance: random.Random) -> None:
        self.finished += 1
        self.errors += event.status is not None and event.status >= 500
        self.received += event.received
        self.sent += event.sent
        # Algorithm R: any of the first n has the same chance to be in the sample.
        if len(self.times) < SAMPLE:
            self.times.append(event.latency)
        elif (place := chance.randrange(self.finished)) < SAMPLE:
            self.times[place] = event.latency

    def fail(self, event: Failed) -> None:
        """An answer is not counted here: it finishes as well, and every 5xx counts there."""
        self.errors += event.fault == "broken"
        self.timeouts += event.fault == "late"


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
        self.whole = Share()
        self.clients = 0
        self.refused: Counter[str] = Counter()
        self.changes: deque[Changed] = deque(maxlen=KEPT)
        self.repeats: deque[Retried] = deque(maxlen=KEPT)
        self.losses: deque[Lost] = deque(maxlen=KEPT)

    def hear(self, event: Event) -> None:
        match event:
            case Picked():
                for share in (self.shares[event.backend], self.whole):
                    share.picked += 1
            case Finished():
                for share in (self.shares[event.backend], self.whole):
                    share.finish(event, self.chance)
            case Accepted():
                self.clients += 1
            case Failed():
                for share in (self.shares[event.backend], self.whole):
                    share.fail(event)
            case Refused():
                self.refused[event.why] += 1
            case Changed() | Retried() | Lost():
                self.remember(event)
            case Weighed():
                self.shares.setdefault(event.backend, Share())

    def remember(self, event: Changed | Retried | Lost) -> None:
        if isinstance(event, Changed):
            self.changes.append(event)
            self.told(f"{event.backend} is {event.after}: {event.why}", True)
        elif isinstance(event, Retried):
            self.repeats.append(event)
            for share in (self.shares[event.second], self.whole):
                share.retries += 1
            more = "as well: perhaps it is done twice" if event.doubled else "instead"
            self.told(
                f"{brief(event.request)}: {event.first} failed, asked {event.second} {more}", False
            )
        else:
            self.losses.append(event)
            self.whole.lost += 1
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
    settings, every = account.settings, account.whole.picked
    where = {each.name: each for each in settings.backends}
    rows: list[Value] = []
    late = account.whole.timeouts > 0  # a column of nothing but noughts would only take room
    for name, share in account.shares.items():
        part = 100 * share.picked / every if every else 0.0
        _figures(account, recorder, recorder.step(f"lb.backend.{name}", name, STEP, STEP), share)
        server = where.get(name)
        rows.append({
            "backend": name,
            "address": server.backend().address if server else "",
            "weight": server.weight if server else 0,
            "picked": share.picked, "share": round(part, 1),
            "p50": percentile(share.times, 0.5), "p99": percentile(share.times, 0.99),
            "errors": share.errors, "timeouts": share.timeouts if late else None,
            "retries": share.retries,
            "received": share.received, "sent": share.sent,
        })  # fmt: skip
    total = recorder.step(f"lb.total.{settings.algorithm}", "All backends", STEP, STEP)
    _figures(account, recorder, total, account.whole)
    if settings.layer == 7:
        recorder.fact(total, "lb.connections", account.clients)
    recorder.fact(STEP, "lb.picked", every)
    recorder.fact(STEP, f"lb.run.{'connections' if settings.layer == 4 else 'requests'}", rows)


def _figures(account: Account, recorder: Recorder, step: str, share: Share) -> None:
    """Under the names that the demonstrations use as well."""
    fact, every = recorder.fact, account.whole.picked
    fact(step, "lb.connections" if account.settings.layer == 4 else "lb.requests", share.picked)
    fact(step, "lb.share", 100 * share.picked / every if every else 0.0, "%")
    for name, part in (("lb.p50", 0.5), ("lb.p90", 0.9), ("lb.p99", 0.99)):
        if (value := percentile(share.times, part)) is not None:
            fact(step, name, value, "s")
    fact(step, "lb.errors", share.errors)
    fact(step, "lb.timeouts", share.timeouts)
    fact(step, "lb.retries", share.retries)


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
    recorder.fact(STEP, "lb.repeated", account.whole.retries)
    recorder.fact(STEP, "lb.lost", account.whole.lost)


def brief(request: str) -> str:
    """Without its query, which may hold what is nobody's business."""
    return request.partition("?")[0][:200]
