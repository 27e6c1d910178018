"""One chapter at a time, at a key press.

The run is over when this begins: a pause inside it would falsify its times.
"""

import sys
from collections.abc import Callable
from typing import TextIO

from netlab.recording.records import Recording
from netlab.views.journey import draw, scenes, sheet_for
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Depth
from netlab.views.story import Story

PROMPT = "  any key: next chapter   a: all the rest   q: stop"

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
    sheet = sheet_for(out, depth, width, language)
    colour = wants_colour(out) and not plain
    pages = list(scenes(Story(recording, language), sheet))
    asking = True
    for number, page in enumerate(pages, start=1):
        paint(page, out, colour)
        if asking and number < len(pages):
            answer = _ask(out, key)
            if answer in ("q", "Q", "", "\x1b", "\x04"):
                return
            if answer == "\x03":
                raise KeyboardInterrupt
            asking = answer not in ("a", "A")


def _ask(out: TextIO, key: Key) -> str:
    """Show the prompt, wait, and take it away again."""
    out.write(PROMPT)
    out.flush()
    try:
        return key()
    finally:
        out.write("\r" + " " * len(PROMPT) + "\r")
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
