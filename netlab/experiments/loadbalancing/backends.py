"""Backends in a process of their own: `python -m netlab.experiments.loadbalancing.backends`.

What they do must not count as the balancer's time, nor as the client's. Standard input is the
control pipe, and its end means that the parent is gone; standard output is the journal: each line
a JSON list of a word, the instant on the machine's monotonic clock, a backend's name, and more.
A request is told of before it is served, so that a process that is killed has told of all.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from netlab.experiments.loadbalancing.backend import Backend, Counter, made
from netlab.processes import begin

EVERY = 0.05
"""Seconds between two looks at how many requests and connections are open."""
LONGEST = 64 * 1024


def main(settings: Sequence[str]) -> None:
    """Serve until the control pipe ends. Never returns."""
    begin()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    asyncio.run(run(json.loads(settings[0])))
    os._exit(0)


def tell(word: str, name: str, *more: object) -> None:
    say([word, perf_counter(), name, *more])


def say(line: object) -> None:
    """To the parent. When it is gone, nobody is left to serve: no word of that either."""
    try:
        os.write(1, json.dumps(line).encode() + b"\n")
    except OSError:
        os._exit(0)


async def run(settings: Mapping[str, Any]) -> None:
    counter = Counter()
    try:
        backends = {spec["name"]: made(spec, counter, tell) for spec in settings["backends"]}
        for backend in backends.values():
            await backend.listen()
    except OSError as error:  # a port that is taken, a certificate that has gone with the parent
        say({"failed": str(error)})
        return
    say({"ready": {each.name: each.port for each in backends.values()}})
    loop, commands = asyncio.get_running_loop(), asyncio.Queue[bytes]()
    threading.Thread(target=listen, args=(loop, commands), name="control", daemon=True).start()
    watching = loop.create_task(watch(tuple(backends.values())))
    while not watching.done():
        await obey(json.loads(await commands.get()), backends)


def listen(loop: asyncio.AbstractEventLoop, commands: "asyncio.Queue[bytes]") -> None:
    while line := sys.stdin.buffer.readline(LONGEST):
        loop.call_soon_threadsafe(commands.put_nowait, line)
    os._exit(0)


async def watch(backends: Sequence[Backend]) -> None:
    """Tell how many requests and connections are open, whenever that has changed."""
    last: dict[str, tuple[int, int]] = {}
    while True:
        for backend in backends:
            now = backend.waiting, len(backend.connections)
            if last.get(backend.name) != now:
                last[backend.name] = now
                tell("open", backend.name, *now)
        await asyncio.sleep(EVERY)


async def obey(command: Mapping[str, Any], backends: Mapping[str, Backend]) -> None:
    """`{"backend": NAME, "do": "stop" | "start"}`, or new settings: `mode`, `mean`, `places`."""
    backend = backends[command["backend"]]
    if command.get("do") == "stop":
        backend.stop()
        tell("stopped", backend.name)
    elif command.get("do") == "start":
        await backend.listen()
        tell("started", backend.name)
    backend.mode = command.get("mode", backend.mode)
    backend.mean = float(command.get("mean", backend.mean))
    backend.places = int(command.get("places", backend.places))


if __name__ == "__main__":
    main(sys.argv[1:])
