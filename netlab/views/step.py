"""One chapter at a time, at a key press, each after the question that it answers.

The run is over when this begins: a pause inside it would falsify its times.
"""

import sys
from collections.abc import Callable
from typing import TextIO

from netlab.recording.records import Question, Recording
from netlab.views.chapter import answer, asked
from netlab.views.journey import draw, scenes, sheet_for
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Depth, Sheet, gap
from netlab.views.story import Chapter, Story
from netlab.views.style import Line

PROMPT = "  any key: next chapter   a: all the rest   q: stop"
GUESS = "  a number: your guess   any other key: just show it   q: stop"
STOP = ("q", "Q", "", "\x1b", "\x04")

Key = Callable[[], str]
"""Waits for one key press and answers its letter; empty at the end of input."""


def draw_by_step(
    recording: Recording,
    out: TextIO,
    depth: Depth = "default",
    width: int | None = None,
    plain: bool = False,
    language: str = "en",
    key: Key | None = None,
) -> None:
    """Page through the recording; where nobody can press a key it is drawn whole."""
    if key is None:
        if not (sys.stdin.isatty() and out.isatty()):
            draw(recording, out, depth, width, plain, language)
            return
        key = read_key
    colour = wants_colour(out) and not plain
    Pager(out, key, colour).turn(Story(recording, language), sheet_for(out, depth, width, language))


class Stopped(Exception):
    """The person has seen enough."""


class Pager:
    """Shows page after page, and asks before each as long as the person wants to be asked."""

    def __init__(self, out: TextIO, key: Key, colour: bool) -> None:
        self._out, self._key, self._colour = out, key, colour
        self._asking = True

    def turn(self, story: Story, sheet: Sheet) -> None:
        pages = list(scenes(story, sheet))
        chapters: list[Chapter | None] = [*story.chapters, None]
        try:
            for number, (page, chapter) in enumerate(zip(pages, chapters, strict=True), start=1):
                self._show(page, chapter, sheet)
                if number < len(pages):
                    self._wait()
        except Stopped:
            return

    def _show(self, page: list[Line], chapter: Chapter | None, sheet: Sheet) -> None:
        questions = chapter.all(Question) if chapter is not None and self._asking else ()
        guesses = [self._guess(question, sheet) for question in questions]
        paint(page, self._out, self._colour)
        for question, guess in zip(questions, guesses, strict=True):
            paint(gap(answer(question, sheet, guess)), self._out, self._colour)

    def _guess(self, question: Question, sheet: Sheet) -> int | None:
        paint(gap(asked(question, sheet)), self._out, self._colour)
        pressed = self._press(GUESS)
        number = int(pressed) if pressed.isascii() and pressed.isdigit() else 0
        return number - 1 if 1 <= number <= len(question.choices) else None

    def _wait(self) -> None:
        if self._asking:
            self._asking = self._press(PROMPT) not in ("a", "A")

    def _press(self, prompt: str) -> str:
        """The key that is pressed at a prompt. Raises Stopped for one that means the end."""
        pressed = _ask(self._out, self._key, prompt)
        if pressed in STOP:
            raise Stopped
        if pressed == "\x03":
            raise KeyboardInterrupt
        return pressed


def _ask(out: TextIO, key: Key, prompt: str) -> str:
    """Show the prompt, wait, and take it away again."""
    out.write(prompt)
    out.flush()
    try:
        return key()
    finally:
        out.write("\r" + " " * len(prompt) + "\r")
        out.flush()


def read_key() -> str:
    """One key press from the terminal, without Enter where the system can do that."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.getwch()
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        # cbreak, not raw: Ctrl-C still interrupts.
        tty.setcbreak(terminal)
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
