"""`netlab io demo`: the same requests to a slow server under each I/O model, measured."""

import statistics
from collections.abc import Sequence
from typing import Any

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.io import axes, calling, comparing, telling, witness
from netlab.experiments.io.children import Server, client, slow_server
from netlab.experiments.io.models import MODELS, Model, missing
from netlab.experiments.io.outcome import Options, Outcome
from netlab.experiments.numbers import said


async def run(bench: Bench, options: Options) -> Exit:
    check(options)
    bench.recorder.actor("you", "you", "client")
    async with slow_server() as server:
        await calling.run(bench, server, options.delay)
        outcomes = []
        for name in options.names:
            reason = missing(name)
            if reason is None:
                outcomes.append(await one(bench, server, MODELS[name], options))
            elif options.asked:
                telling.left_out(bench, MODELS[name], reason)
        left_out = {name: reason for name in options.names if (reason := missing(name))}
        if outcomes:
            axes.tell(bench, outcomes)
            comparing.tell(bench, outcomes, left_out, options)
        if options.witness and outcomes:
            await witness.run(bench, server, [outcome.model for outcome in outcomes], options)
    return Exit.OK


def check(options: Options) -> None:
    """Raises NetlabError where --max-time is too short even by theory: better now than then."""
    models = [MODELS[name] for name in options.names if missing(name) is None]
    slowest = max(models, key=options.predicted, default=None)
    if slowest is None or (most := options.predicted(slowest)) <= options.max_time:
        return
    raise NetlabError(
        f"The model {slowest.name} will take {said(most)}, and --max-time gives each "
        f"model {said(options.max_time)}.",
        advice="a longer --max-time, a shorter --delay, fewer --requests, or other --models",
    )


async def one(bench: Bench, server: Server, model: Model, options: Options) -> Outcome:
    """One model, in a process of its own, in its chapter."""
    step = bench.step(f"io.model.{model.name}", model.title)
    delays, workers = options.delays(), options.workers_of(model)
    telling.ask(bench, step, model, delays, workers)
    settings = {
        "model": model.name, "port": server.port, "delays": delays, "workers": workers,
        "payload": options.payload, "repeat": options.repeat,
    }  # fmt: skip
    with bench.recorder.phase(step, "asks the slow server", "far end", path="detail"):
        report = await patiently(settings, options.max_time, model)
    runs = report["runs"]
    walls = tuple(one["end"] - one["start"] for one in runs)
    # A later run's process also holds what the earlier ones noted: memory is the first one's.
    middle = {**runs[walls.index(median(walls))], "memory": runs[0]["memory"]}
    outcome = Outcome(model, step, middle, walls, delays, workers)
    telling.tell(bench, outcome)
    return outcome


def median(walls: Sequence[float]) -> float:
    """One that was measured: of an even number the lower one of the middle."""
    return statistics.median_low(walls)


async def patiently(settings: dict[str, Any], max_time: float, model: Model) -> dict[str, Any]:
    try:
        return await client(settings, max_time)
    except NetlabError as error:
        error.where = f"under the model {model.name}"
        raise
