"""A line that says what is under way, while one waits.

It stands on stderr, at a terminal only. A thread of its own draws it: the event loop is being
timed and must not be kept from its work, and what ends quickly is never shown at all.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from netlab.recording.recorder import Recorder, Started
from netlab.recording.records import Phase, Record, Step
from netlab.views.paint import at_terminal, encoding_of, width_of
from netlab.views.text import carried, chop, escape

PATIENCE = 0.15
"""Seconds that a phase may last before it is worth a line."""
TICK = 0.1
ERASE = "\r\x1b[2K"


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
        self._shown = False

    def hear(self, news: Record | Started) -> None:
        """Called in the event loop: it only notes what began or ended."""
        if isinstance(news, Step):
            self._titles[news.id] = news.title
        elif isinstance(news, Started):
            title = self._titles.get(news.step, news.step)
            self._waiting = Waiting(f"{title}: {news.name}", self._clock())
        elif isinstance(news, Phase):
            self._waiting = None

    def tick(self) -> None:
        waiting = self._waiting
        if waiting is None or self._clock() - waiting.since < PATIENCE:
            self.erase()
            return
        seconds = self._clock() - waiting.since
        text = carried(escape(f"{waiting.text}  {seconds:.1f} s"), encoding_of(self._out))
        self._out.write(ERASE + next(iter(chop(text, self._width - 1))))
        self._out.flush()
        self._shown = True

    def erase(self) -> None:
        if self._shown:
            self._out.write(ERASE)
            self._out.flush()
            self._shown = False


@contextmanager
def progress(recorder: Recorder, out: TextIO, plain: bool = False) -> Iterator[None]:
    """Show what the recorder's run waits for, as long as the body lasts; then erase it."""
    if plain or not at_terminal(out):
        yield
        return
    line = Line(out, width_of(out))
    recorder.subscribe(line.hear)
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
