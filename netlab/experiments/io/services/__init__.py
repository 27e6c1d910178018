"""The echo services: one model each, a file that can be read, and the one that is measured.

Every module has `serve(listener, workers)`: send back what each client of the listening socket
sends, for as long as the process lives.
"""

import importlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from netlab.errors import NetlabError, nearest
from netlab.experiments.io.models import missing as not_on_this_system

Serve = Callable[[socket.socket, int], None]


@dataclass(frozen=True, slots=True)
class Service:
    """title: what stands in front of the connections, in a few words."""

    name: str
    title: str

    @property
    def module(self) -> str:
        return f"netlab.experiments.io.services.{self.name.replace('-', '_')}"

    @property
    def file(self) -> Path:
        return Path(__file__).parent / f"{self.name.replace('-', '_')}.py"

    def load(self) -> Serve:
        serve: Serve = importlib.import_module(self.module).serve
        return serve


SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service("blocking", "one client after another"),
        Service("threads", "a thread apiece"),
        Service("pool", "a pool of threads"),
        Service("busy", "one thread that asks all sockets, again and again"),
        Service("select", "one thread in select"),
        Service("poll", "one thread in poll"),
        Service("epoll", "one thread in epoll"),
        Service("kqueue", "one thread in kqueue"),
        Service("selectors", "one thread in Python's selectors"),
        Service("asyncio", "coroutines over the loop's own socket calls"),
        Service("asyncio-streams", "coroutines over asyncio's streams"),
        Service("asyncio-protocol", "callbacks of an asyncio protocol"),
        Service("asyncio-blocking", "coroutines with a blocking call in them"),
        Service("to-thread", "coroutines that send blocking calls to threads"),
    )
}


def missing(name: str) -> str | None:
    """Why this system cannot have the service; None where it can."""
    return not_on_this_system(name) if name in SERVICES else None


def named(name: str, where: str) -> Service:
    """The service of this name. Raises NetlabError with the nearest one."""
    if name in SERVICES:
        return SERVICES[name]
    if name == "io-uring":
        raise NetlabError(
            f"{where}: there is no echo service over io_uring",
            advice="netlab io demo --models io-uring shows it, where the system has it",
        )
    raise NetlabError(
        f"{where}: there is no model {name!r}",
        advice=nearest(name, SERVICES, f"the models are {', '.join(SERVICES)}"),
    )


def available(name: str, where: str) -> Service:
    """The service of this name, on this system. Raises NetlabError."""
    service = named(name, where)
    reason = missing(name)
    if reason is not None:
        there = ", ".join(other for other in SERVICES if missing(other) is None)
        raise NetlabError(f"{where}: {reason}", advice=f"here there are {there}")
    return service
