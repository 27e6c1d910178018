"""`netlab` alone: what this is, and the questions that it answers, each with its command.

It stands at once: nothing but a few modules of the standard library is imported for it. In a pipe
it is a list; at a terminal a question can be picked with the keys.
"""

import os
import sys
from collections.abc import Sequence
from typing import NamedTuple

from netlab.cli.keys import Key, available, keyboard

SENTENCE = "netlab really runs what a network does, and explains it on your own connection."


class Question(NamedTuple):
    """As people ask it, and the words of the command that shows the answer."""

    asked: str
    words: tuple[str, ...]

    @property
    def command(self) -> str:
        return " ".join(("netlab", *self.words))


QUESTIONS = (
    Question("What happens when I type www.google.com?", ("trace", "www.google.com")),
    Question("How does a WebSocket open, and what does it send?", ("ws", "handshake")),
    Question("How is Socket.IO different from WebSocket?", ("socketio", "compare")),
    Question("How does an app get at my photos without my password?", ("oauth", "walkthrough")),
    Question("What does my program do while it waits for a server?", ("io", "demo")),
    Question("Who gets the next request, and what if one is slow?", ("lb", "demo")),
)
MORE = (
    ("netlab tour", "all six in twenty minutes, in the lab, with a question at each stop"),
    ("netlab explain", "the terms, each on a page"),
    ("netlab doctor", "what this machine can show, and what it lacks"),
    ("netlab --help", "all commands"),
)
KEYS = "up, down or a number chooses; Enter runs it; q leaves"
ONE_LINE = 92
"""Columns from which a question and its command stand side by side."""
RAISED, BOLD, QUIET, PLAIN = "\x1b[1;36m", "\x1b[1m", "\x1b[2m", "\x1b[0m"


def greet() -> tuple[str, ...] | None:
    """Show the page; the command that the person picked, or None."""
    wide, high = size()
    if available() and high > len(page(wide, 0, colour=False)) + 1:
        with keyboard() as key:
            return pick(key, wide)
    sys.stdout.write("".join(f"{line}\n" for line in page(wide)))
    return None


def size() -> tuple[int, int]:
    """Columns and rows; COLUMNS counts, as everywhere in netlab."""
    try:
        wide, high = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        wide, high = 80, 24
    given = os.environ.get("COLUMNS", "")
    return (int(given) if given.isdigit() and int(given) else wide or 80), high or 24


def page(wide: int, chosen: int | None = None, colour: bool = False) -> list[str]:
    """The page's lines; one question is marked when one can be chosen."""
    paint = painter(colour)
    lines = [*(paint(BOLD, line) for line in folded(SENTENCE, wide)), ""]
    for number, question in enumerate(QUESTIONS):
        lines += entry(number, question, wide, number == chosen, paint)
    lines.append("")
    longest = max(len(command) for command, _ in MORE)
    for command, words in MORE:
        first, *rest = folded(words, wide - longest - 7)
        lines.append(f"     {command:{longest}}  {paint(QUIET, first)}")
        lines += [" " * (longest + 7) + paint(QUIET, line) for line in rest]
    if chosen is not None:
        lines += ["", *(paint(QUIET, line) for line in folded(KEYS, wide))]
    return lines


def entry(
    number: int, question: Question, wide: int, chosen: bool, paint: "Paint"
) -> list[str]:  # fmt: skip
    first, *rest = folded(question.asked, wide - 5)
    style = RAISED if chosen else ""
    mark = f"{'>' if chosen else ' '} {number + 1}  "
    lines = [paint(style, mark + first), *(paint(style, "     " + line) for line in rest)]
    if wide >= ONE_LINE and not rest:
        room = max(len(each.asked) for each in QUESTIONS) - len(first) + 3
        return [lines[0] + " " * room + paint(QUIET, question.command)]
    return [*lines, "       " + paint(QUIET, question.command)]


class Paint:
    """Puts a style around a text."""

    def __call__(self, style: str, text: str) -> str:
        return f"{style}{text}{PLAIN}" if style else text


class NoPaint(Paint):
    def __call__(self, style: str, text: str) -> str:
        return text


def painter(colour: bool) -> Paint:
    return Paint() if colour and not os.environ.get("NO_COLOR") else NoPaint()


def folded(text: str, wide: int) -> list[str]:
    """Lines of at most so many columns; the page is in letters of one column each."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= wide or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def pick(key: Key, wide: int) -> tuple[str, ...] | None:
    """Move and choose; the words of the chosen command, or None when the person leaves."""
    chosen = 0
    sys.stdout.write("\x1b[?25l")
    try:
        height = draw(page(wide, chosen, colour=True), 0)
        while True:
            pressed = key()
            if pressed == "enter":
                break
            if pressed in ("q", "Q", "escape", "end"):
                return None
            chosen = moved(chosen, pressed)
            wide = size()[0]
            height = draw(page(wide, chosen, colour=True), height)
    finally:
        sys.stdout.write("\x1b[?25h")
        sys.stdout.flush()
    sys.stdout.write(f"\n{QUESTIONS[chosen].command}\n\n")
    return QUESTIONS[chosen].words


def moved(chosen: int, pressed: str) -> int:
    if pressed.isascii() and pressed.isdigit() and 0 < int(pressed) <= len(QUESTIONS):
        return int(pressed) - 1
    step = {"up": -1, "down": 1}.get(pressed, 0)
    return (chosen + step) % len(QUESTIONS)


def draw(lines: Sequence[str], over: int) -> int:
    """Write the lines over the last ones; answers how many they are."""
    back = f"\x1b[{over}A\r" if over else ""
    sys.stdout.write(back + "".join(f"{line}\x1b[K\n" for line in lines) + "\x1b[J")
    sys.stdout.flush()
    return len(lines)
