"""The I/O models: each a file that can be read, and the one that is timed.

Every module has `run(requests, calls, workers)`: send each request, take each answer. The sockets
are connected; `send` and `recv` on them count and time themselves, and so do calls that are made
through `calls`.
"""

import importlib
import importlib.util
import os
import select
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from netlab.errors import NetlabError, nearest
from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request

Run = Callable[[Sequence[Request], Calls, int], None]
Way = Literal["one after another", "all at once", "as many at once as there are workers"]


@dataclass(frozen=True, slots=True)
class Model:
    """way: how the waiting of its requests lies in time. stevens: which of the five it is."""

    name: str
    title: str
    way: Way
    stevens: str

    @property
    def module(self) -> str:
        return f"netlab.experiments.io.models.{self.name.replace('-', '_')}"

    @property
    def file(self) -> Path:
        return Path(__file__).parent / f"{self.name.replace('-', '_')}.py"

    def load(self) -> Run:
        run: Run = importlib.import_module(self.module).run
        return run


ONE: Way = "one after another"
ALL: Way = "all at once"
SOME: Way = "as many at once as there are workers"
MULTIPLEXED = "I/O multiplexing"

MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        Model("blocking", "Blocking, one after another", ONE, "blocking I/O"),
        Model("threads", "A thread apiece", ALL, "blocking I/O"),
        Model("pool", "A pool of threads", SOME, "blocking I/O"),
        Model("busy", "Non-blocking, polling busily", ALL, "non-blocking I/O"),
        Model("select", "select", ALL, MULTIPLEXED),
        Model("poll", "poll", ALL, MULTIPLEXED),
        Model("epoll", "epoll", ALL, MULTIPLEXED),
        Model("kqueue", "kqueue", ALL, MULTIPLEXED),
        Model("selectors", "Python's selectors", ALL, MULTIPLEXED),
        Model("asyncio", "asyncio", ALL, MULTIPLEXED),
        Model("asyncio-blocking", "asyncio with a blocking call in it", ONE, "blocking I/O"),
        Model("to-thread", "asyncio, repaired with to_thread", SOME, "blocking I/O"),
        Model("io-uring", "io_uring", ALL, "asynchronous I/O"),
    )
}


def missing(name: str) -> str | None:
    """Why this system cannot have the model; None where it can."""
    if name == "io-uring":
        return _no_io_uring()
    if name in ("poll", "epoll", "kqueue") and not hasattr(select, name):
        return f"this system ({sys.platform}) has no {name}" + _instead(name)
    return None


def _instead(name: str) -> str:
    others = [other for other in ("epoll", "kqueue", "poll") if hasattr(select, other)]
    found = [other for other in others if other != name]
    return f"; it has {found[0]}" if found else "; select is what it has"


def _no_io_uring() -> str | None:
    if sys.platform != "linux":
        return "io_uring is Linux's; Windows completes with IOCP, through asyncio's Proactor loop"
    if importlib.util.find_spec("liburing") is None:
        return "no binding for it is installed: pip install liburing"
    return _refused()


def _refused() -> str | None:
    """What the kernel says to a ring of one entry."""
    import liburing

    ring = liburing.Ring()
    try:
        liburing.io_uring_queue_init(1, ring)
    except OSError as error:
        return f"the kernel refuses it ({error.strerror or error}); kernel.io_uring_disabled?"
    liburing.io_uring_queue_exit(ring)
    return None


def chosen(text: str | None) -> tuple[str, ...]:
    """The names that were typed, or all. Raises NetlabError for what is none."""
    if text is None:
        return tuple(MODELS)
    names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
    for name in names:
        named(name, f"--models {text}")
    if not names:
        raise NetlabError("--models names none", advice=f"some of {', '.join(MODELS)}")
    return names


def named(name: str, where: str) -> Model:
    """The model of this name. Raises NetlabError with the nearest one."""
    if name in MODELS:
        return MODELS[name]
    raise NetlabError(
        f"{where}: there is no model {name!r}",
        advice=nearest(name, MODELS, f"the models are {', '.join(MODELS)}"),
    )


def default_workers() -> int:
    """How many threads asyncio's default pool may have: the rule of concurrent.futures."""
    from concurrent.futures import ThreadPoolExecutor

    made = getattr(ThreadPoolExecutor(), "_max_workers", None)
    return made if isinstance(made, int) else min(32, (os.cpu_count() or 1) + 4)
