"""How the tour is written: its stops, its questions, and what is said after each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from netlab.explain.tour import Stop
from netlab.views.journey import sheet_for
from netlab.views.paint import paint
from netlab.views.style import EMPTY, Line, Role

INDENT = 4


@dataclass(frozen=True, slots=True)
class Page:
    """A stream, with or without colour."""

    out: TextIO
    colour: bool

    def write(self, lines: Sequence[Line]) -> None:
        paint(lines, self.out, self.colour)
        self.out.flush()

    def lines(self, text: str, role: Role = "", first: str = "", indent: int = 1) -> list[Line]:
        return sheet_for(self.out).paragraph(text, indent, role, first=first)

    def text(self, text: str) -> None:
        self.write([EMPTY, *self.lines(text)])

    def quiet(self, text: str) -> None:
        self.write([EMPTY, *self.lines(text, "quiet")])


def listing(page: Page, every: Sequence[Stop], seen: Mapping[str, int]) -> None:
    """Every stop with its command, and which have been seen."""
    made = [*page.lines("Twenty minutes through six topics, in the lab.", "heading"), EMPTY]
    for number, stop in enumerate(every, start=1):
        mark = "seen" if stop.id in seen else ""
        made += page.lines(f"{stop.title}{f'  ({mark})' if mark else ''}", first=f"{number:>2}  ")
        made += page.lines("netlab " + " ".join(stop.words), "quiet", indent=INDENT + 1)
    made += [EMPTY, *page.lines("netlab tour goes on at a terminal; --stop N runs one of them, "
                                "--all every one.", "quiet")]  # fmt: skip
    page.write(made)


def asked(page: Page, number: int, every: Sequence[Stop], keys: bool = False) -> None:
    """The stop's title, its question, and what may be pressed."""
    stop = every[number]
    made = [EMPTY, *page.lines(stop.title, "heading", f"Stop {number + 1} of {len(every)}   ")]
    made += [EMPTY, *page.lines(stop.question)]
    for place, choice in enumerate(stop.choices, start=1):
        made += page.lines(choice, first=f"  {place}  ")
    if keys:
        hint = f"1 to {len(stop.choices)}: your guess   Enter: show me   q: leave"
        made += [EMPTY, *page.lines(hint, "quiet")]
    page.write(made)


def running(page: Page, command: Sequence[str]) -> None:
    """What is run now, as it would be typed."""
    page.write([EMPTY, *page.lines("netlab " + " ".join(command), "heading", first="$ "), EMPTY])


def told(page: Page, stop: Stop, answer: int | None) -> None:
    """Whether the guess was right, and the sentence that the stop is about."""
    right = f"{stop.answer + 1}, {stop.choices[stop.answer]}"
    verdict = f"The answer: {right}."
    if answer is not None:
        verdict = f"Right: {right}." if answer == stop.answer else f"Not {answer + 1}, but {right}."
    made: list[Line] = [EMPTY, *page.lines(verdict, "heading"), *page.lines(stop.after)]
    if stop.explain:
        made += page.lines(f"netlab explain {stop.explain}", "quiet", "more:  ")
    page.write(made)


def ended(page: Page, every: Sequence[Stop], seen: Mapping[str, int]) -> None:
    """All stops are behind."""
    guesses = [seen[stop.id] == stop.answer for stop in every if seen.get(stop.id, -1) >= 0]
    said = f"That was the last of {len(every)} stops."
    if guesses:
        said += f" Of {len(guesses)} guesses {sum(guesses)} were right."
    page.text(f"{said} netlab alone has the questions again; netlab tour --reset begins anew.")
