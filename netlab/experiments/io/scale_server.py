"""An echo service in a process of its own: `python -m netlab.experiments.io.scale_server JSON`.

Its first line on standard output says its port and its limits. To each line on standard input it
answers what it has used so far; at the input's end it goes. Where the model breaks, its last line
says how.
"""

import gc
import json
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from netlab.experiments.io import limits
from netlab.experiments.io.services import SERVICES
from netlab.processes import begin

BACKLOG = 4096
"""Who has been greeted by the kernel and not yet accepted; more would be dropped in silence."""
STATUS = Path("/proc/self/status")


def main(words: Sequence[str]) -> None:
    begin()
    settings = json.loads(words[0])
    files = limits.raise_files()
    keep_to(settings["processor"])
    serve = SERVICES[settings["model"]].load()
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    gc.collect()
    gc.freeze()  # what is there from the start need not be looked through again
    say({"port": listener.getsockname()[1], "threads_limit": limits.threads(), **files, **used()})
    threading.Thread(target=answer, daemon=True).start()
    try:
        serve(listener, settings["workers"])
    except Exception as error:  # this is how a model breaks, and what is to be shown
        say({"died": f"{type(error).__name__}: {error}"})
    os._exit(0)  # threads may be at work in thousands: nobody waits for them


def answer() -> None:
    """Sleeps in read, and takes part in nothing that is measured."""
    while os.read(0, 4096):
        say(used())
    os._exit(0)


def say(words: dict[str, object]) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def used() -> dict[str, object]:
    """CPU seconds, resident memory (octets), threads, and voluntary switches, until now."""
    told = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": time.process_time(), "resident": resident(told.ru_maxrss),
        "threads": threading.active_count() - 1, "switches": told.ru_nvcsw,
    }  # fmt: skip


def resident(most: int) -> int:
    """The process's own memory that is there now; elsewhere than on Linux the most there ever was.

    RssAnon (proc(5)): a program's code and libraries lie in files, whose pages the kernel may take
    away at any time, and so are no part of what connections take.
    """
    try:
        lines = STATUS.read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))
    except (OSError, StopIteration):
        return most if sys.platform == "darwin" else most * 1024


def keep_to(processor: int | None) -> None:
    if processor is not None and sys.platform == "linux":
        os.sched_setaffinity(0, {processor})


if __name__ == "__main__":
    main(sys.argv[1:])
