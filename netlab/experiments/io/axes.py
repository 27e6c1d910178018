"""The two axes kept apart, and Stevens's five models, each of ours in its place by what it did.

Blocking: its own call on a socket slept, for as long as the server worked. Asynchronous: it made no
call to fetch the octets; they had been copied before it was told. Both are read off the run.
"""

from collections.abc import Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.io.outcome import Outcome
from netlab.recording.records import Value

FIVE = (
    "blocking I/O", "non-blocking I/O", "I/O multiplexing", "signal-driven I/O (SIGIO)",
    "asynchronous I/O",
)  # fmt: skip
"""UNIX Network Programming, volume 1, §6.2."""

ON_SOCKETS = ("recv", "send")
WAITS = ("join", "wait")
"""Waiting for threads of its own, which is no I/O."""


def blocks(outcome: Outcome) -> bool:
    """Whether its own calls on sockets slept while the server worked.

    All of their time counts, not the longest: one that is displaced by others looks asleep too.
    """
    spent: dict[str, float] = outcome.run["spent"]
    return sum(spent.get(name, 0.0) for name in ON_SOCKETS) > sum(outcome.delays) / 2


def completes(outcome: Outcome) -> bool:
    """Whether octets came without a call that fetched them."""
    return "recv" not in outcome.run["counts"]


def tell(bench: Bench, outcomes: Sequence[Outcome]) -> None:
    step = bench.step("io.axes", "Two axes, kept apart")
    fact = bench.recorder.fact
    fact(step, "io.axes.grid", [_row(outcomes, True), _row(outcomes, False)], None, "computed",
         note="from the calls that each model made")  # fmt: skip
    for name, kind in (("blocking", True), ("non_blocking", False)):
        names: list[Value] = [o.model.name for o in outcomes if blocks(o) == kind]
        fact(step, f"io.axes.{name}", names, None, "computed", note="whether its recv slept")
    completing: list[Value] = [o.model.name for o in outcomes if completes(o)]
    fact(step, "io.axes.completing", completing, None, "computed", note="it called no recv")
    fact(step, "io.axes.proof", [proof(outcome) for outcome in outcomes],
         note="its longest call of each kind; a busy poller's are sampled")  # fmt: skip
    fact(step, "io.axes.stevens", [_five(kind, outcomes) for kind in FIVE], None, "standard",
         note="W. R. Stevens, UNIX Network Programming 1, §6.2")  # fmt: skip


def _row(outcomes: Sequence[Outcome], blocking: bool) -> dict[str, Value]:
    here = [outcome for outcome in outcomes if blocks(outcome) == blocking]
    names = {
        done: ", ".join(o.model.name for o in here if completes(o) == done) or "–"
        for done in (False, True)
    }
    label = "blocking: its recv slept" if blocking else "non-blocking: its recv never slept"
    return {"axis": label, "synchronous": names[False], "asynchronous": names[True]}


def proof(outcome: Outcome) -> dict[str, Value]:
    longest, spent = outcome.run["longest"], outcome.run["spent"]
    sleeper = max((name for name in spent if name not in WAITS), key=lambda name: spent[name])
    slept = spent[sleeper] > max(outcome.delays) / 2
    return {
        "model": outcome.model.name,
        "sleeps_in": sleeper if slept else "nothing",
        "slept": longest[sleeper] if slept else 0.0,
        "copies_in": "recv" if "recv" in longest else "the kernel",
        "took": longest.get("recv"),
        "eagain": outcome.run["eagain"],
    }


def _five(kind: str, outcomes: Sequence[Outcome]) -> dict[str, Value]:
    ours = ", ".join(o.model.name for o in outcomes if o.model.stevens == kind)
    return {"stevens": kind, "ours": ours or "none of this run"}
