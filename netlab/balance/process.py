"""The balancer in a process of its own: `python -m netlab.balance.process SETTINGS`.

Its work must never count as a client's time. Standard input is the control pipe: commands in, a
line of JSON each, and by its end of file the sign that the parent is gone, however it went.
Standard output is one ready line, `{"ready": {"host", "port", "pid"}}` (or `{"failed": why}`), then
the events as JSON lines: a reader who is slow loses lines, and hears how many.

Commands, each with the `do` of a name in COMMANDS: `{"do": "mark", "backend": "b1", "state":
"draining", "why": "…"}`, `weigh` (backend, weight), `add` (backend, host, port, weight), `remove`
(backend), `drain`. Each is answered in order by `{"done": …}` or `{"refused": why}`.
"""

import asyncio
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netlab.balance.backend import Backend
from netlab.balance.events import Event, encode
from netlab.balance.pool import Pool
from netlab.balance.serve import descriptors, loops, serve
from netlab.balance.settings import Server, Settings, from_json
from netlab.errors import NetlabError
from netlab.processes import begin

LONGEST = 64 << 10
"""Octets of a command."""
WAITING = 50_000
"""Events that may wait for the reader."""
BATCH = 500

Line = Event | dict[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Balance until the control pipe ends, or until drained. Never returns."""
    begin()
    # The journal's thread must not keep connections waiting.
    sys.setswitchinterval(0.0005)
    out = Journal(sys.stdout.fileno())
    try:
        settings = from_json(json.loads(arguments[0]))
        descriptors()
        with asyncio.Runner(loop_factory=loops()) as runner:
            runner.run(run(settings, out))
    except Exception as error:
        what = error.what if isinstance(error, NetlabError) else f"{type(error).__name__}: {error}"
        out.put({"failed": what})
    out.end()
    os._exit(0)


async def run(settings: Settings, out: "Journal") -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    pool = Pool.of(settings, out.put)
    control = Control(pool, stop)

    def ready(host: str, port: int) -> None:
        out.put({"ready": {"host": host, "port": port, "pid": os.getpid()}})

    def answer(line: bytes) -> None:
        out.put(control.obey(line))

    def hear() -> None:
        while line := sys.stdin.buffer.readline(LONGEST):
            loop.call_soon_threadsafe(answer, line)
        os._exit(0)

    threading.Thread(target=hear, name="control", daemon=True).start()
    await serve(settings, pool, ready, stop)


class Control:
    """Obeys the parent's commands."""

    def __init__(self, pool: Pool, stop: asyncio.Event) -> None:
        self.pool = pool
        self.stop = stop
        self.commands: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "mark": self.mark,
            "weigh": self.weigh,
            "add": self.add,
            "remove": self.remove,
            "drain": self.drain,
        }

    def obey(self, line: bytes) -> dict[str, Any]:
        """The answer to one command."""
        try:
            command = json.loads(line)
            self.commands[command["do"]](command)
        except (KeyError, TypeError, ValueError, NetlabError) as error:
            return {"refused": f"{type(error).__name__}: {error}"}
        return {"done": command}

    def backend(self, command: Mapping[str, Any]) -> Backend:
        found = self.pool.named(command["backend"])
        if found is None:
            raise KeyError(command["backend"])
        return found

    def mark(self, command: Mapping[str, Any]) -> None:
        state = command["state"]
        if state not in ("up", "down", "draining"):
            raise ValueError(state)
        self.pool.mark(self.backend(command), state, command.get("why", "told so"))

    def weigh(self, command: Mapping[str, Any]) -> None:
        self.pool.weigh(self.backend(command), command["weight"])

    def add(self, command: Mapping[str, Any]) -> None:
        server = Server(
            command["backend"], command["host"], command["port"], command.get("weight", 1)
        )
        self.pool.add(server.backend())

    def remove(self, command: Mapping[str, Any]) -> None:
        self.pool.remove(self.backend(command))

    def drain(self, command: Mapping[str, Any]) -> None:
        self.stop.set()


class Journal:
    """Lines on their way to the parent, written by a thread: a full pipe blocks."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.lines: deque[Line] = deque()
        self.dropped = 0
        self.over = False
        self.changed = threading.Condition()
        self.writer = threading.Thread(target=self.write, name="journal", daemon=True)
        self.writer.start()

    def put(self, line: Line) -> None:
        """Send it a little later. An event is dropped when too many wait; an answer never is."""
        if isinstance(line, dict) or len(self.lines) < WAITING:
            self.lines.append(line)
            if len(self.lines) == 1 or isinstance(line, dict):
                with self.changed:
                    self.changed.notify()
        else:
            self.dropped += 1

    def end(self) -> None:
        """Write what waits, and no more."""
        with self.changed:
            self.over = True
            self.changed.notify()
        self.writer.join(timeout=5)

    def write(self) -> None:
        while data := self.take():
            try:
                while data:
                    data = data[os.write(self.descriptor, data) :]
            except OSError:
                return  # nobody reads any more; the control pipe's end says when to go

    def take(self) -> bytes:
        """The next lines, once there are any; nothing at the end."""
        with self.changed:
            self.changed.wait_for(lambda: self.lines or self.over)
        count = min(BATCH, len(self.lines))
        data = b"".join(_encoded(self.lines.popleft()) for _ in range(count))
        if self.dropped:
            dropped, self.dropped = self.dropped, 0
            data += _encoded({"dropped": dropped})
        return data


def _encoded(line: Line) -> bytes:
    """One line of JSON, all ASCII: text from clients may hold anything."""
    return json.dumps(line if isinstance(line, dict) else encode(line)).encode("ascii") + b"\n"


if __name__ == "__main__":
    main(sys.argv[1:])
