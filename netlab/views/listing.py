"""A file of code on a terminal: what it is, every line with its number, and how to read it."""

from typing import TextIO

from netlab.explain.pages import Page
from netlab.views.journey import sheet_for
from netlab.views.page import markdown
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Sheet
from netlab.views.style import EMPTY, Line, line
from netlab.views.text import cells, chop
from netlab.views.waterfall import heading

READING = "Reading the code"
"""The section of a page that is printed below code."""


def draw_listing(
    name: str,
    text: str,
    page: Page,
    notes: Page,
    out: TextIO,
    width: int | None = None,
    plain: bool = False,
) -> None:
    """name: where the file lies. page: what it does. notes: the page that says how to read it."""
    sheet = sheet_for(out, "deep", width)
    made = heading(page.title, name, sheet) + sheet.paragraph(page.why, 3) + [EMPTY]
    made += [*numbered(text, sheet), EMPTY]
    for section in notes.sections:
        if section.title == READING:
            made += [line(f" {section.title}", "heading"), *markdown(section.text, sheet)]
    paint(made, out, wants_colour(out) and not plain)


def numbered(text: str, sheet: Sheet) -> list[Line]:
    """The lines as they stand; one that is too long goes on below, between words and set in."""
    rows = text.splitlines()
    wide = len(str(len(rows)))
    made: list[Line] = []
    for number, row in enumerate(rows, start=1):
        lead = f" {number:>{wide}}  "
        first, *others = folded(sheet.clean(row), sheet.width - len(lead))
        quiet = row.lstrip().startswith(("#", '"""'))
        made.append(((lead, "quiet"), (first, "quiet" if quiet else "")))
        made += [((" " * len(lead) + part, ""),) for part in others]
    return made


def folded(row: str, room: int) -> list[str]:
    """A line of code in pieces that fit; only a word that fits nowhere is broken."""
    inner = min(len(row) - len(row.lstrip()) + 4, room // 2)
    made: list[str] = []
    while cells(row) > room:
        piece = next(chop(row, room))
        space = f"{piece}{row[len(piece)]}".rfind(" ")
        before = piece[: max(0, space)]
        piece = before if before.strip() else piece
        made.append(piece)
        row = " " * inner + row[len(piece) :].lstrip()
    return [*made, row]
