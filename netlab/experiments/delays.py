"""What of a wait was a configured delay: the lab's servers say when they held an answer back."""

from collections.abc import Iterable

from netlab.network.base import JournalEntry
from netlab.recording.recorder import Recorder
from netlab.recording.records import Outcome, Owner, Path

Span = tuple[float, float]


def waits(
    recorder: Recorder, entries: Iterable[JournalEntry], peer_ports: Iterable[int | None]
) -> list[Span]:
    """The configured delays that clients at these ports waited out, as seconds of the recording."""
    ports = {port for port in peer_ports if port is not None}
    return [
        (recorder.since_start(entry.at), recorder.since_start(entry.until))
        for entry in entries
        if entry.until is not None and entry.peer_port in ports
    ]


def split_delays(
    recorder: Recorder,
    step: str,
    name: str,
    start: float,
    end: float,
    owner: Owner,
    delays: Iterable[Span],
    *,
    path: Path = "journey",
    lane: str = "",
    parent: str | None = None,
    outcome: Outcome = "done",
    trip: float = 0.0,
) -> None:
    """Write the time from start to end as phases side by side: the owner's, and the delays in it.

    Delays may overlap and reach beyond; what the last piece came to is the outcome of all. trip:
    seconds of it that one round trip takes, which are the network's and not the owner's. Only
    their sum can be known: they are drawn first.
    """
    for a, b, delayed in _pieces(start, end, delays):
        last = outcome if b == end else "done"
        if delayed:
            recorder.span(
                step, "configured delay", a, b, "configured delay", path, lane, parent, last
            )
            continue
        on_the_way = min(trip, b - a)
        trip -= on_the_way
        if on_the_way > 0:
            whole = last if a + on_the_way >= b else "done"
            recorder.span(
                step, "round trip", a, a + on_the_way, "network", path, lane, parent, whole,
                note="computed: as long as the TCP handshake's",
            )  # fmt: skip
        if a + on_the_way < b or not on_the_way:
            recorder.span(step, name, a + on_the_way, b, owner, path, lane, parent, last)


def _pieces(
    start: float, end: float, delays: Iterable[Span]
) -> Iterable[tuple[float, float, bool]]:
    """Start to end without a gap, in order; at least one piece."""
    at = start
    for a, b in _joined(delays):
        a, b = max(a, start), min(b, end)
        if a >= b:
            continue
        if a > at:
            yield at, a, False
        yield a, b, True
        at = b
    if at < end or at == start:
        yield at, end, False


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same instants, in order, where spans that overlap or touch are one."""
    joined: list[Span] = []
    for a, b in sorted(spans):
        if joined and a <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return joined
