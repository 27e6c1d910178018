"""The backends of one balancer: who is picked, who is up, and telling all of it.

A backend is up while nobody says otherwise. Three may: active checks, passive ones, and a person's
hand; each takes back only its own word, but a hand that says "up" overrules the others.
"""

import random
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from netlab.balance.algorithms import make
from netlab.balance.algorithms.base import Algorithm
from netlab.balance.backend import Backend, State
from netlab.balance.events import Changed, Event, Failed, Fault, Picked, Weighed
from netlab.balance.health import Watches
from netlab.balance.settings import Passive, Server, Settings

By = Literal["check", "passive", "hand"]
Names = tuple[str, ...]


class Pool:
    """Not thread-safe: one event loop uses it."""

    def __init__(
        self,
        backends: Sequence[Backend],
        algorithm: str,
        tell: Callable[[Event], None],
        passive: Passive | None = None,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.backends = tuple(backends)
        self.name = algorithm
        self.tell = tell
        self.clock = clock
        self.chance = chance or random.Random()
        self.algorithm = make(algorithm, self.backends, self.chance)
        self._parts: dict[Names, Algorithm] = {}
        self._watches = None if passive is None else Watches(passive)
        self._says: dict[Backend, dict[By, State]] = {each: {} for each in self.backends}

    @classmethod
    def of(cls, settings: Settings, tell: Callable[[Event], None]) -> "Pool":
        return cls(
            [server.backend() for server in settings.backends],
            settings.algorithm,
            tell,
            settings.passive,
            random.Random(settings.seed),
        )

    def named(self, name: str) -> Backend | None:
        return next((each for each in self.backends if each.name == name), None)

    # Picking

    def pick(
        self, key: bytes = b"", without: Collection[Backend] = (), among: Names = ()
    ) -> Backend | None:
        """Choose, and tell it. among: the names that a route allows; all of them when empty."""
        trial = self._trial(without, among)
        chosen = trial or self._algorithm(among).pick(key, without)
        if chosen is not None:
            self.tell(Picked(self.clock(), chosen.name, chosen.active, trial is not None))
        return chosen

    def stick(self, backend: Backend) -> bool:
        """Choose this one, for a client that is bound to it. False when it is down.

        Those that are bound to it may come while it drains, as with HAProxy and nginx: what it
        knows of them would be lost, and nobody else is sent there.
        """
        bound = backend.state != "down"
        if bound:
            self.tell(Picked(self.clock(), backend.name, backend.active))
        return bound

    def _algorithm(self, among: Names) -> Algorithm:
        """Each set of backends that a route names has turns and tables of its own."""
        if not among:
            return self.algorithm
        if among not in self._parts:
            self._parts[among] = make(self.name, self._those(among), self.chance)
        return self._parts[among]

    def _those(self, among: Names) -> tuple[Backend, ...]:
        return tuple(each for each in self.backends if each.name in among)

    def _trial(self, without: Collection[Backend], among: Names) -> Backend | None:
        """A backend whose rest is over, once: what is sent to it finds out how it is."""
        if self._watches is None or not self._watches.of:
            return None
        now = self.clock()
        for each, watch in self._watches.of.items():
            allowed = each not in without and (not among or each.name in among)
            resting = self._says[each].keys() == {"passive"}
            if allowed and resting and watch.grants_trial(now):
                return each
        return None

    # What became of it

    @contextmanager
    def use(self, backend: Backend) -> Iterator[None]:
        """It has one more open for as long as the body runs."""
        self.take(backend)
        try:
            yield
        finally:
            self.give(backend)

    def take(self, backend: Backend) -> None:
        backend.active += 1

    def give(self, backend: Backend) -> None:
        backend.active -= 1

    def succeeded(self, backend: Backend, latency: float) -> None:
        """It did what it was picked for: seconds until it answered."""
        for algorithm in (self.algorithm, *self._parts.values()):
            if backend in algorithm.backends:
                algorithm.done(backend, latency)
        if self._watches is not None and self._watches[backend].succeeded():
            self.mark(backend, "up", "the trial went well", "passive")

    def failed(self, backend: Backend, why: str, fault: Fault = "broken") -> None:
        """It did not: refused, broke off, was silent for too long, answered with an error."""
        now = self.clock()
        self.tell(Failed(now, backend.name, why, fault))
        if self._watches is not None and self._watches[backend].failed(now):
            said = f"{counted(self._watches.rules.fails, 'failure')} in a row, the last: {why}"
            self.mark(backend, "down", said, "passive")

    # Who is up

    def mark(self, backend: Backend, state: State, why: str, by: By = "hand") -> None:
        """Say how it is. Tells Changed when that makes a difference."""
        says = self._says[backend]
        if state != "up":
            says[by] = state
        elif by == "hand":
            says.clear()
            if self._watches is not None:
                self._watches.forget(backend)
        else:
            says.pop(by, None)
        after = _together(says.values())
        if after != backend.state:
            before, backend.state = backend.state, after
            self._changed()
            self.tell(Changed(self.clock(), backend.name, before, after, why, by))

    def weigh(self, backend: Backend, weight: int) -> None:
        """Raises NetlabError when nobody can weigh so much."""
        Server(backend.name, backend.host, backend.port, weight)
        backend.weight = weight
        self._changed()
        self.tell(Weighed(self.clock(), backend.name, weight))

    def add(self, backend: Backend) -> None:
        """Raises ValueError when there is one of its name."""
        if self.named(backend.name) is not None:
            raise ValueError(f"there is a backend {backend.name} already")
        self._says[backend] = {}
        self._have((*self.backends, backend))
        self.tell(Weighed(self.clock(), backend.name, backend.weight))

    def remove(self, backend: Backend) -> None:
        """It gets nothing more; what it has open goes on."""
        self._have(tuple(each for each in self.backends if each is not backend))
        if self._watches is not None:
            self._watches.forget(backend)
        self.tell(Weighed(self.clock(), backend.name, 0))

    def _have(self, backends: tuple[Backend, ...]) -> None:
        self.backends = backends
        self.algorithm.backends = backends
        for among, algorithm in self._parts.items():
            algorithm.backends = self._those(among)
        self._changed()

    def _changed(self) -> None:
        for algorithm in (self.algorithm, *self._parts.values()):
            algorithm.changed()


def _together(says: Collection[State]) -> State:
    return "down" if "down" in says else "draining" if "draining" in says else "up"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
