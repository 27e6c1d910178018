"""The clients, all in a process of their own: `python -m netlab.experiments.io.scale_load JSON`.

Each line on standard input is a command, answered by one line on standard output: `open` so many
connections, `measure` with some of them for some seconds, `check` them all. At the input's end the
process goes, and its connections with it, by resets: none is left in TIME_WAIT, which would use up
the ports of a few runs.
"""

import gc
import json
import os
import queue
import sys
import threading
from collections.abc import Sequence
from typing import Any

from netlab.experiments.io import limits
from netlab.experiments.io.scale_clients import Clients
from netlab.experiments.io.scale_server import keep_to, say
from netlab.processes import begin


def main(words: Sequence[str]) -> None:
    begin()
    settings = json.loads(words[0])
    files = limits.raise_files()
    keep_to(settings["processor"])
    commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=hear, args=(commands,), daemon=True).start()
    alone = settings["processor"] is not None
    clients = Clients(settings["port"], settings["payload"], files["files"], awake=alone)
    say({"ready": True})
    while True:
        say(obey(clients, **commands.get()))


def obey(clients: Clients, command: str, **arguments: Any) -> dict[str, object]:
    match command:
        case "open":
            answer = clients.open(**arguments)
            gc.freeze()  # ten thousand sockets need not be looked through again
            return answer
        case "measure":
            return clients.measure(**arguments)
        case "check":
            return clients.check()
    raise ValueError(command)


def hear(commands: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Whatever is under way, the parent's end is ours."""
    for line in sys.stdin:
        commands.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
