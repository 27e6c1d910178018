"""The notebook that an experiment writes in.

It stamps, numbers and keeps records, and tells subscribers of each at once. A phase is announced
when it starts (`Started`, for a progress line) and stored only when it has ended; so are figures
while they grow (`Reading`), which are stored as a series afterwards.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from netlab.recording.records import (
    WIRE_CAP,
    Actor,
    Fact,
    Field,
    Finding,
    Header,
    Message,
    Origin,
    Outcome,
    Owner,
    Path,
    Phase,
    Question,
    Record,
    Recording,
    Series,
    Severity,
    Step,
    Value,
)


@dataclass(frozen=True, slots=True)
class Started:
    """A phase began. Announced, never stored."""

    step: str
    name: str
    at: float
    path: Path


@dataclass(frozen=True, slots=True)
class Reading:
    """How figures stand while a phase lasts, by lane. Told to watchers, never stored."""

    step: str
    name: str
    values: tuple[tuple[str, float], ...]
    unit: str | None = None


Listener = Callable[[Record | Started], None]
Watcher = Callable[[Reading], None]


@dataclass(slots=True)
class Open:
    """A phase under way. Set outcome, owner or note before it ends where they differ."""

    id: str
    outcome: Outcome
    owner: Owner
    note: str = ""


class Recorder:
    """Writes one recording. Not thread-safe: one event loop writes in it.

    clock: seconds on a monotonic clock which every process of this machine shares
    (`time.perf_counter` does on Linux, macOS and Windows), so that a lab's journal fits in.
    """

    def __init__(self, header: Header, clock: Callable[[], float] = time.perf_counter) -> None:
        self._header = header
        self._clock = clock
        self._origin = clock()
        self._records: list[Record] = []
        self._steps: dict[str, Step] = {}
        self._actors: dict[str, Actor] = {}
        self._listeners: list[Listener] = []
        self._watchers: list[Watcher] = []
        self._count = 0

    def now(self) -> float:
        """Seconds since the recording's start."""
        return self._clock() - self._origin

    def since_start(self, instant: float) -> float:
        """An instant of the same clock, as seconds since the recording's start."""
        return instant - self._origin

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def watch(self, watcher: Watcher) -> None:
        self._watchers.append(watcher)

    def finish(self, exit: int = 0) -> Recording:
        """The recording as it stands; may be called at any time, after an interrupt too."""
        header = replace(self._header, exit=exit, duration=self.now())
        return Recording(header, tuple(self._records))

    def actor(self, id: str, name: str, role: str, address: str | None = None) -> str:
        """Introduce who takes part, once; a later call with the same id changes nothing."""
        if id not in self._actors:
            self._actors[id] = Actor(id, name, role, address)
            self._write(self._actors[id])
        return id

    def step(self, id: str, title: str, topic: str | None = None, parent: str | None = None) -> str:
        """Open a chapter, once. Without a topic it is the id after its last slash."""
        if id not in self._steps:
            self._steps[id] = Step(id, topic or id.rpartition("/")[2], title, parent)
            self._write(self._steps[id])
        return id

    @contextmanager
    def phase(
        self,
        step: str,
        name: str,
        owner: Owner,
        path: Path = "journey",
        lane: str = "",
        parent: str | None = None,
    ) -> Iterator[Open]:
        """Time the body. An exception that leaves it makes the outcome `failed`."""
        opened = Open(self._next("p"), "done", owner)
        start = self.now()
        self._tell(Started(step, name, start, path))
        try:
            yield opened
        except BaseException:
            if opened.outcome == "done":
                opened.outcome = "failed"
            raise
        finally:
            end = self.now()
            self._write(
                Phase(
                    opened.id, step, name, start, end, opened.outcome, opened.owner, path, lane,
                    parent, opened.note,
                )
            )  # fmt: skip

    def span(
        self,
        step: str,
        name: str,
        start: float,
        end: float,
        owner: Owner,
        path: Path = "journey",
        lane: str = "",
        parent: str | None = None,
        outcome: Outcome = "done",
        note: str = "",
    ) -> str:
        """Write down a phase whose two instants (seconds since the start) are known."""
        id = self._next("p")
        self._write(Phase(id, step, name, start, end, outcome, owner, path, lane, parent, note))
        return id

    def message(
        self,
        step: str,
        sender: str,
        receiver: str,
        protocol: str,
        title: str,
        wire: bytes = b"",
        fields: tuple[Field, ...] = (),
        at: float | None = None,
        wire_length: int | None = None,
        plaintext: bool = False,
        carrier: str | None = None,
        arrived: bool = True,
        redacted: tuple[tuple[int, int], ...] = (),
    ) -> str:
        """Write down what went from one actor to another; answers the message's id."""
        id = self._next("m")
        self._write(
            Message(
                id=id,
                step=step,
                at=self.now() if at is None else at,
                sender=sender,
                receiver=receiver,
                protocol=protocol,
                title=title,
                fields=fields,
                wire=wire[:WIRE_CAP],
                wire_length=len(wire) if wire_length is None else wire_length,
                wire_form="plaintext" if plaintext else "on the wire",
                redacted=redacted,
                carrier=carrier,
                arrived=arrived,
            )
        )
        return id

    def fact(
        self,
        step: str,
        name: str,
        value: Value,
        unit: str | None = None,
        origin: Origin = "measured",
        actor: str | None = None,
        note: str = "",
    ) -> str:
        """Write down one thing learnt; answers the fact's id, for findings to rest on."""
        id = self._next("f")
        self._write(Fact(id, step, name, value, unit, origin, actor, note))
        return id

    def series(
        self, step: str, name: str, unit: str | None, lane: str, points: list[tuple[float, float]]
    ) -> None:
        self._write(Series(step, name, unit, lane, tuple(points)))

    def finding(
        self,
        step: str,
        severity: Severity,
        title: str,
        advice: str = "",
        facts: tuple[str, ...] = (),
        explain: str | None = None,
    ) -> None:
        """Judge. explain: the term whose page says more (`netlab explain TERM`)."""
        self._write(Finding(step, severity, title, advice, facts, explain))

    def question(
        self, step: str, prompt: str, choices: tuple[str, ...], answer: int, why: str
    ) -> None:
        self._write(Question(step, prompt, choices, answer, why))

    def reading(
        self, step: str, name: str, values: Mapping[str, float], unit: str | None = None
    ) -> None:
        """Say how figures stand, to whoever watches; `series` is what is kept of them."""
        for watcher in self._watchers:
            watcher(Reading(step, name, tuple(values.items()), unit))

    def _next(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def _write(self, record: Record) -> None:
        self._records.append(record)
        self._tell(record)

    def _tell(self, news: Record | Started) -> None:
        for listener in self._listeners:
            listener(news)
