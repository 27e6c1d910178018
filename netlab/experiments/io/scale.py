"""`netlab io scale`: the same echo service under each model, with more and more connections open.

Most connections are idle; a few speak, each in a closed loop. So throughput is what these few can
get, and a slow server is asked less: the figure that compares is the CPU time of a request.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.io import limits, scale_told
from netlab.experiments.io.scale_run import Outcome, Wish, perform, processors
from netlab.experiments.io.services import SERVICES, missing
from netlab.recording.records import Value

SPARED = ("blocking", "pool", "busy", "selectors", "asyncio", "asyncio-blocking", "to-thread")
"""What a run without --models leaves out: it breaks at once, or is much like another one."""


def usual() -> tuple[str, ...]:
    """The models of a run that names none."""
    return tuple(name for name in SERVICES if name not in SPARED and missing(name) is None)


@dataclass(frozen=True, slots=True)
class Options:
    """max_time: seconds after which no further run begins."""

    counts: tuple[int, ...] = (10, 100, 1000, 10_000)
    models: tuple[str, ...] = field(default_factory=usual)
    wish: Wish = field(default_factory=Wish)
    max_time: float = 180.0


async def run(
    bench: Bench, options: Options | None = None, clock: Callable[[], float] = time.monotonic
) -> Exit:
    options = options or Options()
    step = bench.step("io.scale", "The same echo, more and more connections")
    _settings(bench, step, options)
    outcomes, left_out = await _all(bench, options, clock)
    scale_told.held(bench, step, outcomes, left_out)
    scale_told.cost(bench, outcomes)
    scale_told.speed(bench, outcomes)
    scale_told.memory(bench, outcomes)
    return Exit.OK


def _settings(bench: Bench, step: str, options: Options) -> None:
    fact, wish = bench.recorder.fact, options.wish
    fact(step, "io.active", wish.active, origin="configured", note="connections that speak")
    fact(step, "io.window", wish.seconds, "s", "configured", note="how long each run is measured")
    fact(step, "io.payload", wish.payload, "B", "configured")
    if "pool" in options.models:
        fact(step, "io.workers", wish.workers, origin="configured", note="threads of the pool")
    fact(step, "io.apart", processors()[0] is not None, origin="configured",
         note="server and clients are kept to a processor each")  # fmt: skip
    fact(step, "io.limits.threads", limits.threads(), origin="kernel")
    spared: list[Value] = [
        name for name in SERVICES if name not in options.models and missing(name) is None
    ]
    fact(step, "io.scale.spared", spared, origin="configured", note="--models names them")


async def _all(
    bench: Bench, options: Options, clock: Callable[[], float]
) -> tuple[list[Outcome], list[str]]:
    """Every model with every count; what broke with few connections is spared the many."""
    outcomes, left_out, end = list[Outcome](), list[str](), clock() + options.max_time
    for model in options.models:
        for count in options.counts:
            if clock() >= end:
                left_out.append(f"{model} with {count}: --max-time was over")
                continue
            outcome = await _one(bench, options.wish, model, count)
            outcomes.append(outcome)
            if not outcome.whole and count < options.counts[-1]:
                left_out.append(f"{model} beyond {count}, of which it served {outcome.held}")
                break
    return outcomes, left_out


async def _one(bench: Bench, wish: Wish, model: str, count: int) -> Outcome:
    recorder, outcome = bench.recorder, Outcome(model, count)
    step = recorder.step(
        f"io.scale.{model}.{count}", f"{model}, {count} connections", "io.scale", "io.scale"
    )
    await perform(recorder, step, replace(wish, active=min(wish.active, count)), outcome)
    scale_told.facts(bench, step, outcome)
    return outcome
