"""The backends of a run, from the outside: start them, tell them what to do, hear what they did.

A backend that is to be killed has a process of its own; the others share one, and a counter.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace

from netlab.experiments.loadbalancing.backend import Mode
from netlab.experiments.loadbalancing.child import Child

MODULE = "netlab.experiments.loadbalancing.backends"


@dataclass(frozen=True, slots=True)
class Spec:
    """A backend to be. alone: in a process of its own, which can be killed. cert: a file with a
    certificate and its key; with one it speaks TLS."""

    name: str
    mean: float = 0.02
    places: int = 4
    weight: int = 1
    steady: bool = False
    mode: Mode = "serve"
    alone: bool = False
    seed: int = 1
    host: str = "127.0.0.1"
    port: int = 0
    cert: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A line of the backends' journal; the instant is on the machine's monotonic clock."""

    word: str
    at: float
    backend: str
    more: tuple[str | int, ...]


@dataclass(slots=True)
class Farm:
    """`with Farm.start(specs) as farm`."""

    specs: dict[str, Spec]
    heard: Callable[[bytes], None] | None = None
    children: dict[str, Child] = field(default_factory=dict)
    ended: list[Child] = field(default_factory=list)

    @classmethod
    def start(cls, specs: Sequence[Spec], heard: Callable[[bytes], None] | None = None) -> "Farm":
        farm = cls({spec.name: spec for spec in specs}, heard)
        try:
            farm._spawn([spec for spec in specs if not spec.alone])
            for spec in specs:
                if spec.alone:
                    farm._spawn([spec])
            for child in {id(child): child for child in farm.children.values()}.values():
                farm._settle(child)
        except BaseException:
            farm.close()
            raise
        return farm

    def _spawn(self, specs: Sequence[Spec]) -> None:
        if not specs:
            return
        settings = json.dumps({"backends": [asdict(spec) for spec in specs]})
        child = Child(MODULE, settings, self.heard)
        self.children.update({spec.name: child for spec in specs})

    def _settle(self, child: Child) -> None:
        for name, port in child.ready().items():
            self.specs[name] = replace(self.specs[name], port=port)

    def tell(self, name: str, **command: str | float) -> None:
        """`do="stop"`, `do="start"`, `mode=`, `mean=`, `places=`."""
        self.children[name].tell({"backend": name, **command})

    def kill(self, name: str) -> None:
        """End the process of a backend that is alone in it, without a word to anybody."""
        child = self.children[name]
        child.kill()
        self.ended.append(child)

    def revive(self, name: str) -> None:
        """Start it again, at the same port."""
        self._spawn([self.specs[name]])
        self._settle(self.children[name])

    def journal(self) -> list[Told]:
        """All that all backends told, in order. To be asked for when the run is over."""
        children = {id(child): child for child in (*self.children.values(), *self.ended)}
        found = [
            Told(line[0], line[1], line[2], tuple(line[3:]))
            for child in children.values()
            for line in child.lines()
        ]
        return sorted(found, key=lambda told: told.at)

    def close(self) -> None:
        children: Iterable[Child] = (*self.children.values(), *self.ended)
        for child in {id(child): child for child in children}.values():
            child.close()

    def __enter__(self) -> "Farm":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
