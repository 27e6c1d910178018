"""A line that says what is under way, while one waits; below it, figures that are growing.

It stands on stderr, at a terminal only. A thread of its own draws it: the event loop is being
timed and must not be kept from its work, and what ends quickly is never shown at all.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from netlab.explain.units import say
from netlab.recording.recorder import Reading, Recorder, Started
from netlab.recording.records import Phase, Record, Step
from netlab.views.paint import at_terminal, encoding_of, width_of
from netlab.views.text import carried, cells, chop, escape, pad

PATIENCE = 0.15
"""Seconds that a phase may last before it is worth a line."""
TICK = 0.1
ERASE = "\r\x1b[2K"
ERASE_ABOVE = "\x1b[1A\x1b[2K"
MOST_ROWS = 12


@dataclass(slots=True)
class Waiting:
    """What is under way; since: on the line's own clock."""

    text: str
    since: float


class Line:
    """Follows a recorder's announcements. Drawn by `tick`, which a thread calls."""

    def __init__(
        self, out: TextIO, width: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._out, self._width, self._clock = out, width, clock
        self._titles: dict[str, str] = {}
        self._waiting: Waiting | None = None
        self._readings: dict[str, Reading] = {}
        self._shown = 0

    def hear(self, news: Record | Started) -> None:
        """Called in the event loop: it only notes what began or ended."""
        if isinstance(news, Step):
            self._titles[news.id] = news.title
        elif isinstance(news, Started):
            title = self._titles.get(news.step, news.step)
            self._waiting = Waiting(f"{title}: {news.name}", self._clock())
        elif isinstance(news, Phase):
            self._waiting = None
            self._readings = {}

    def note(self, reading: Reading) -> None:
        """How figures stand now, under the phase that is under way."""
        self._readings = {**self._readings, reading.name: reading}

    def tick(self) -> None:
        waiting = self._waiting
        if waiting is None or self._clock() - waiting.since < PATIENCE:
            self.erase()
            return
        seconds = self._clock() - waiting.since
        lines = [f"{waiting.text}  {seconds:.1f} s", *rows(self._readings, self._width)]
        encoding = encoding_of(self._out)
        shown = [next(iter(chop(carried(escape(one), encoding), self._width - 1))) for one in lines]
        self._out.write(self._erasing() + "\n".join(shown))
        self._out.flush()
        self._shown = len(shown)

    def erase(self) -> None:
        if self._shown:
            self._out.write(self._erasing())
            self._out.flush()
            self._shown = 0

    def _erasing(self) -> str:
        return ERASE + ERASE_ABOVE * (self._shown - 1)


def rows(readings: Mapping[str, Reading], width: int) -> list[str]:
    """A row a lane, a figure with its bar for each reading; all bars of a reading on one scale."""
    lanes = list(dict.fromkeys(lane for one in readings.values() for lane, _ in one.values))
    if not lanes:
        return []
    label = min(20, max(map(cells, lanes)))
    room = max(14, (width - 3 - label) // len(readings) - 2)
    made = [" " * (2 + label) + "".join("  " + pad(name, room) for name in readings)]
    for lane in lanes[:MOST_ROWS]:
        bars = (bar(one, lane, room) for one in readings.values())
        made.append("  " + pad(next(iter(chop(lane, label)), ""), label) + "".join(bars))
    return [one.rstrip() for one in made]


def bar(reading: Reading, lane: str, room: int) -> str:
    """`  207  ████████`, padded to the room."""
    values = dict(reading.values)
    most = max(values.values()) or 1.0
    value = values.get(lane, 0.0)
    figure = pad(say(round(value), reading.unit), 6, right=True)
    return pad("  " + figure + "  " + "█" * round((room - 8) * value / most), room + 2)


@contextmanager
def progress(recorder: Recorder, out: TextIO, plain: bool = False) -> Iterator[None]:
    """Show what the recorder's run waits for, as long as the body lasts; then erase it."""
    if plain or not at_terminal(out):
        yield
        return
    line = Line(out, width_of(out))
    recorder.subscribe(line.hear)
    recorder.watch(line.note)
    over = threading.Event()
    thread = threading.Thread(target=_draw, args=(line, over), daemon=True, name="progress")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        line.erase()


def _draw(line: Line, over: threading.Event) -> None:
    while not over.wait(TICK):
        line.tick()
