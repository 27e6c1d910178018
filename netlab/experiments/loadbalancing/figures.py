"""What a run comes to: shares, percentiles, faults, by backend and altogether.

Whatever is said here is counted from three sides: the client knows what it was answered, when and
by whom; each backend knows what reached it; the balancer knows what it had to repeat.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from netlab.experiments.loadbalancing.engines.base import Account
from netlab.experiments.loadbalancing.farm import Told
from netlab.experiments.loadbalancing.load import Sent
from netlab.experiments.numbers import percentile
from netlab.recording.records import Value

EDGES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds at which a histogram's classes end: each about twice the last."""


@dataclass(frozen=True, slots=True)
class Figures:
    """timeouts are not among errors, nor among the latencies unless they are said to count."""

    requests: int
    connections: int
    share: float
    p50: float | None
    p90: float | None
    p99: float | None
    errors: int
    timeouts: int
    retries: int


@dataclass(slots=True)
class Result:
    """A run, over. expected: a share in per cent by backend, where theory has one."""

    algorithm: str
    engine: str
    variant: str
    sent: list[Sent]
    told: list[Told]
    account: Account
    names: tuple[str, ...]
    timeout: float
    start: float
    end: float
    expected: dict[str, float] = field(default_factory=dict)
    marks: dict[str, float] = field(default_factory=dict)
    gone: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def got(self, name: str) -> list[Told]:
        return [one for one in self.told if one.word == "got" and one.backend == name]


def latencies(sent: Iterable[Sent], timeout: float) -> list[float]:
    """In order; what ran out of time counts as the time-out, for it was at least that long."""
    found = (timeout if one.outcome == "timeout" else one.latency for one in sent if counts(one))
    return sorted(found)


def counts(one: Sent) -> bool:
    """Errors come quickly: counted as latencies they would make a fault look like speed."""
    return one.outcome in ("ok", "timeout")


def by_backend(result: Result) -> dict[str, Figures]:
    """Each backend's figures; an error or time-out belongs to whom the request reached last."""
    reached = {told.more[0]: told.backend for told in result.told if told.word == "got"}
    connections = Counter(told.backend for told in result.told if told.word == "connected")
    tried = Counter(told.backend for told in result.told if told.word == "got")
    retries = Counter(repeat.second for repeat in result.account.repeats)
    every = sum(tried.values()) or 1
    owned: dict[str, list[Sent]] = {name: [] for name in result.names}
    for one in result.sent:
        owned.setdefault(one.backend or reached.get(one.arrival.id, ""), []).append(one)
    return {
        name: _figures(
            owned[name], tried[name], connections[name], 100 * tried[name] / every, retries[name],
            result.timeout,
        )
        for name in result.names
    }  # fmt: skip


def altogether(result: Result) -> Figures:
    connections = len({one.connection for one in result.sent if one.connection >= 0})
    repeats = len(result.account.repeats)
    return _figures(result.sent, len(result.sent), connections, 100.0, repeats, result.timeout)


def _figures(
    sent: Sequence[Sent], requests: int, connections: int, share: float, retries: int,
    timeout: float,
) -> Figures:  # fmt: skip
    ordered = latencies(sent, timeout)
    return Figures(
        requests=requests,
        connections=connections,
        share=round(share, 3),
        p50=percentile(ordered, 0.5),
        p90=percentile(ordered, 0.9),
        p99=percentile(ordered, 0.99),
        errors=sum(one.outcome not in ("ok", "timeout") for one in sent),
        timeouts=sum(one.outcome == "timeout" for one in sent),
        retries=retries,
    )


def said(one: Sent) -> str:
    """What became of a request that was not answered as it should have been."""
    if one.outcome == "status":
        return f"{one.arrival.method} answered {one.status}"
    return f"{one.arrival.method} {'hung up on' if one.outcome == 'broken' else 'not connected'}"


def histogram(sent: Iterable[Sent]) -> list[Value]:
    """How many answers took up to so long, class by class, from the first to the last in use."""
    found = [one.latency for one in sent if one.outcome == "ok"]
    counted = Counter(next((i for i, e in enumerate(EDGES) if v <= e), len(EDGES)) for v in found)
    if not counted:
        return []
    return [
        {"upto": label(number), "requests": counted[number]}
        for number in range(min(counted), max(counted) + 1)
    ]


def label(number: int) -> str:
    if number == len(EDGES):
        return f"over {EDGES[-1]:g} s"
    edge = EDGES[number]
    return f"up to {edge:g} s" if edge >= 1 else f"up to {edge * 1000:g} ms"


@dataclass(frozen=True, slots=True)
class Fates:
    """lost: never answered with 2xx. doubled: reached two backends. Ids of requests."""

    lost: tuple[int, ...]
    doubled: tuple[int, ...]
    unanswered_unsafe: int
    answered: int


def fates(sent: Sequence[Sent], told: Sequence[Told]) -> Fates:
    """By the backends' own journals: what they got, however it was answered."""
    got = Counter(one.more[0] for one in told if one.word == "got")
    lost = tuple(one.arrival.id for one in sent if one.outcome != "ok")
    unsafe = sum(one.outcome != "ok" and one.arrival.method == "POST" for one in sent)
    return Fates(
        lost,
        tuple(one.arrival.id for one in sent if got[one.arrival.id] > 1),
        unsafe,
        sum(one.outcome == "ok" for one in sent),
    )


def spread(share: float, requests: int) -> float:
    """By how many points a share by pure chance misses, in nineteen of twenty runs.

    share in per cent; the binomial distribution's two standard deviations.
    """
    part = share / 100
    return 200 * math.sqrt(part * (1 - part) / requests) if requests else 0.0


@dataclass(frozen=True, slots=True)
class Departure:
    """A backend went. flight: requests that it had then, of which some were lost, some got to a
    second backend."""

    at: float
    backend: str
    flight: tuple[int, ...]
    lost: int
    doubled: int


def departures(result: Result) -> list[Departure]:
    """What each backend had under way when it went, and what became of that."""
    known = fates(result.sent, result.told)
    lost, doubled = frozenset(known.lost), frozenset(known.doubled)
    found = []
    for name, gone in result.gone.items():
        back = -math.inf
        for at, until in gone:
            flight, back = under_way(result, name, back, at), until
            found.append(
                Departure(at, name, flight, len(lost & {*flight}), len(doubled & {*flight}))
            )
    return sorted(found, key=lambda one: one.at)


def under_way(result: Result, backend: str, since: float, at: float) -> tuple[int, ...]:
    """Requests that it had got and not yet answered at this instant, by its own journal.

    since: when it came back. What it had before went with it, and is never told of as done.
    """
    had: dict[int, None] = {}
    for told in result.told:
        if told.backend == backend and since < told.at < at and told.word in ("got", "done"):
            if told.word == "got":
                had[int(told.more[0])] = None
            else:
                had.pop(int(told.more[0]), None)
    return tuple(had)
