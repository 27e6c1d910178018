"""The instants of one HTTP exchange, and whose time each stretch between them was."""

from dataclasses import dataclass

from netlab.experiments.bench import Bench
from netlab.experiments.delays import Span, split_delays, waits
from netlab.experiments.trace.spoken import Marks
from netlab.network.http import Answer
from netlab.network.stream import Stream
from netlab.recording.records import Outcome, Owner


@dataclass(frozen=True, slots=True)
class Timing:
    """The instants of an exchange, in order; None where it did not get there."""

    start: float
    written: float | None
    first: float | None
    last: float | None
    end: float

    @property
    def wait(self) -> tuple[float, float] | None:
        if self.written is None:
            return None
        return self.written, self.end if self.first is None else self.first


def timing_of(marks: Marks, start: float, end: float) -> Timing:
    """A server may answer before the request is out: then there was nothing to wait for."""
    first = marks.first
    written = marks.written if marks.written is None else max(start, min(marks.written, end))
    if written is not None and first is not None:
        first = min(max(first, written), end)
    last = None if first is None else min(max(first, marks.last or first), end)
    return Timing(start, written, first, last, end)


Spans = list[Span]


async def delays_within(bench: Bench, port: int | None, timing: Timing) -> Spans:
    """Where, within the wait, a server of ours waited because it was set to."""
    if timing.wait is None or port is None:
        return []
    low, high = timing.wait
    delays: Spans = []
    for begin, end in sorted(waits(bench.recorder, await bench.network.journal(), (port,))):
        begin, end = max(begin, delays[-1][1] if delays else low), min(end, high)
        if begin < end:
            delays.append((begin, end))
    return delays


def local_port(stream: Stream) -> int | None:
    """Our port, by which a server of ours knows the connection in its journal."""
    try:
        return int(stream.sock.getsockname()[1])
    except OSError:  # closed already
        return None


def write_phases(
    bench: Bench,
    step: str,
    parent: str,
    timing: Timing,
    delays: Spans,
    answer: Answer,
    rtt: float | None = None,
) -> None:
    """Share out the exchange: each stretch of it has one owner. rtt: of the connection, in s."""
    broke = answer.fault is not None

    def span(name: str, owner: Owner, start: float, end: float, failed: bool = False) -> None:
        outcome: Outcome = "failed" if failed else "done"
        bench.recorder.span(step, name, start, end, owner, parent=parent, outcome=outcome)

    written = timing.end if timing.written is None else timing.written
    span("request", "netlab", timing.start, written, broke and timing.written is None)
    if timing.wait is None:
        return
    failed: Outcome = "failed" if broke and timing.first is None else "done"
    split_delays(
        bench.recorder, step, "wait", *timing.wait, "far end", delays,
        parent=parent, outcome=failed, trip=rtt or 0.0,
    )  # fmt: skip
    if timing.first is None or timing.last is None:
        return
    stalled = answer.fault is not None and answer.fault.code == "slow"
    last = timing.end if stalled else timing.last
    span("transfer", "network", timing.first, last, broke)
    if last < timing.end:
        span("unpack", "netlab", last, timing.end)
