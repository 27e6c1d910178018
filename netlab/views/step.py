"""One chapter at a time, at a key press.

The run is over when this begins: a pause inside it would falsify its times.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TextIO

from netlab.recording.records import Question, Recording
from netlab.views import asking
from netlab.views.journey import Scene, draw, scenes, sheet_for
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Depth, Sheet, gap
from netlab.views.story import Story

PROMPT = "  any key: next chapter   a: all the rest   q: stop"
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
    sheet = replace(sheet_for(out, depth, width, language), asks=True)
    colour = wants_colour(out) and not plain
    pages = Pages(out, key, sheet, colour)
    for scene in scenes(Story(recording, language), sheet):
        if not pages.turn(scene):
            return


@dataclass(slots=True)
class Pages:
    """What is shown, and whether anybody is still asked before it goes on."""

    out: TextIO
    key: Key
    sheet: Sheet
    colour: bool
    asking: bool = True

    def turn(self, scene: Scene) -> bool:
        """Show the scene, its questions before it and their answers behind; False: no more."""
        paint(scene.opening, self.out, self.colour)
        questions = scene.chapter.all(Question) if scene.chapter and self.asking else ()
        guesses = []
        for question in questions:
            paint(gap(asking.asked(question, self.sheet)), self.out, self.colour)
            guesses.append(self.pressed(asking.prompt(question)))
            if guesses[-1] in STOP:
                return False
        paint(scene.lines, self.out, self.colour)
        for question, guess in zip(questions, guesses, strict=True):
            paint(gap(asking.judged(question, guess, self.sheet)), self.out, self.colour)
        if scene.chapter is None or not self.asking:
            return True
        answer = self.pressed(PROMPT)
        self.asking = answer not in ("a", "A")
        return answer not in STOP

    def pressed(self, prompt: str) -> str:
        """Show the prompt, wait for a key, and take the prompt away again."""
        self.out.write(prompt)
        self.out.flush()
        try:
            answer = self.key()
        finally:
            self.out.write("\r" + " " * len(prompt) + "\r")
            self.out.flush()
        if answer == "\x03":
            raise KeyboardInterrupt
        return answer


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
