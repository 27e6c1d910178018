"""One model's client, in a process of its own: `python -m netlab.experiments.io.client SETTINGS`.

All is imported and connected, and the model has run once, before any clock runs; so what is
measured is the model and nothing else. SETTINGS is a JSON object; so is what it prints.
"""

import contextlib
import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any

from netlab.experiments.io.calls import Calls, Socket
from netlab.experiments.io.models import MODELS, Run
from netlab.experiments.io.request import Request
from netlab.experiments.io.spans import stretches
from netlab.experiments.io.usage import peak, reset_peak, usage
from netlab.processes import hold, raise_files

WARM = 0.002
"""Seconds that each request of the warm-up takes."""
CONTROL = 0.01
"""Seconds of the control sleep and the control loop before and after each run."""


@dataclass(frozen=True, slots=True)
class Settings:
    model: str
    port: int
    delays: Sequence[float]
    payload: int
    workers: int
    repeat: int
    warm: bool = True


def main(words: Sequence[str]) -> None:
    hold()
    settings = Settings(**json.loads(words[0]))
    try:
        report = played(settings)
    except* RuntimeError as errors:  # what Python raises where the system starts no more threads
        report = failed(
            "The model could not run to its end.", str(errors.exceptions[0]),
            "fewer --requests or --workers, or a higher limit: ulimit -u",
        )  # fmt: skip
    print(json.dumps(report), flush=True)


def failed(what: str, why: str, advice: str) -> dict[str, Any]:
    """What kept this model from running with what was asked for, in the place of a report."""
    return {"failed": what, "why": why, "advice": advice}


def played(settings: Settings) -> dict[str, Any]:
    model = MODELS[settings.model].load()
    raise_files()
    with contextlib.ExitStack() as connections:
        try:
            socks = [connections.enter_context(_connected(settings.port)) for _ in settings.delays]
        except OSError as error:
            return failed(
                f"The client could not open its {len(settings.delays)} connections.",
                error.strerror or str(error), "fewer --requests, or a higher limit: ulimit -n",
            )  # fmt: skip
        return {
            "ports": [sock.getsockname()[1] for sock in socks],
            "descriptors": [sock.fileno() for sock in socks],
            "runs": runs(model, socks, settings),
        }


def runs(model: Run, socks: Sequence[Socket], settings: Settings) -> list[dict[str, Any]]:
    resident = reset_peak()  # before the warm-up, which brings the threads' first stacks
    if settings.warm:
        _run(model, socks, settings, [WARM] * len(socks))
    return [measured(model, socks, settings, resident) for _ in range(settings.repeat)]


def _connected(port: int) -> Socket:
    sock = Socket()
    sock.connect(("127.0.0.1", port))
    return sock


def _run(
    model: Run, socks: Sequence[Socket], settings: Settings, delays: Sequence[float]
) -> tuple[Calls, list[Request], float, float]:
    """Play the model once, and check every octet that came back."""
    calls = Calls()
    requests = []
    for number, (sock, delay) in enumerate(zip(socks, delays, strict=True)):
        sock.calls = calls
        requests.append(Request(sock, delay, payload(number, settings.payload)))
    start = perf_counter()
    model(requests, calls, settings.workers)
    end = perf_counter()
    for number, request in enumerate(requests):
        if request.answer != payload(number, settings.payload):
            raise ConnectionError(f"answer {number} is not what was sent")
    return calls, requests, start, end


def payload(number: int, size: int) -> bytes:
    """Octets that differ from request to request."""
    pattern = bytes((number + place) % 251 for place in range(251))
    return (pattern * (size // 251 + 1))[:size]


def measured(
    model: Run, socks: Sequence[Socket], settings: Settings, resident: int | None
) -> dict[str, Any]:
    noise, got = [_late()], [_got()]
    gc.collect()
    reset_peak()
    before = usage()
    calls, requests, start, end = _run(model, socks, settings, settings.delays)
    used, memory = usage().since(before), peak(resident)
    noise.append(_late())
    got.append(_got())
    return {
        "start": start, "end": end, "used": used, "memory": asdict(memory),
        "counts": dict(calls.counts), "eagain": calls.eagain,
        "wasted": calls.wasted("recv"), "noise": max(noise), "got": min(got),
        "cost": calls.cost(counting()), "threads": [asdict(thread) for thread in calls.threads],
        "stretches": [stretch._asdict() for stretch in stretches(calls, start, end)],
        "asked": [(request.gone, request.come) for request in requests],
        "on_sockets": on_sockets(calls, socks),
        "longest": {name: max(took) for name, took in times(calls).items()},
        "spent": {name: sum(took) for name, took in times(calls).items()},
    }  # fmt: skip


def on_sockets(calls: Calls, socks: Sequence[Socket]) -> dict[str, int]:
    """Calls about the run's own sockets, and those that wait: what the kernel can be asked for."""
    numbers = {-1, *(sock.fileno() for sock in socks)}
    made = Counter(call.name for call in calls.made if call.descriptor in numbers)
    return dict(made + calls.only_counted)


def times(calls: Calls) -> dict[str, list[float]]:
    """Seconds that each call took, by name; of those that were timed."""
    took: dict[str, list[float]] = {}
    for call in calls.made:
        took.setdefault(call.name, []).append(call.end - call.start)
    return took


def _late() -> float:
    """By how much a control sleep overslept: what the machine, not the model, adds."""
    start = perf_counter()
    time.sleep(CONTROL)
    return perf_counter() - start - CONTROL


def _got() -> float:
    """Which part of a processor a control loop got that would take all of one."""
    start, used = perf_counter(), time.thread_time()
    while perf_counter() - start < CONTROL:
        pass
    return (time.thread_time() - used) / (perf_counter() - start)


def counting() -> float:
    """Seconds that counting one wasted call takes, as the busy model does it."""
    rounds = range(200_000)
    start = time.thread_time()
    for _ in rounds:
        pass
    bare = time.thread_time() - start
    wasted, start = 0, time.thread_time()
    for _ in rounds:
        wasted += 1  # noqa: SIM113 - it is the very thing that is timed
    return max(0.0, time.thread_time() - start - bare) / len(rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
