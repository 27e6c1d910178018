"""The list of all pages, on a terminal: a paragraph for each group, or a line for each page."""

from dataclasses import replace
from typing import TextIO

from netlab.explain.groups import Group
from netlab.views.journey import sheet_for
from netlab.views.paint import paint, wants_colour
from netlab.views.sheet import Sheet
from netlab.views.style import EMPTY, LAYERS, Line
from netlab.views.text import cells, pad

CLOSING = (
    "netlab explain TERM prints a page: any of these words, a question that holds one, or the "
    "Korean word. netlab explain --titles says what each is about."
)


def draw_groups(
    groups: tuple[Group, ...], out: TextIO, titles: bool = False, plain: bool = False
) -> None:
    paint(groups_lines(groups, sheet_for(out), titles), out, wants_colour(out) and not plain)


def groups_lines(groups: tuple[Group, ...], sheet: Sheet, titles: bool = False) -> list[Line]:
    sheet = replace(sheet, depth="deep")  # a list of names is never cut short
    made: list[Line] = []
    for group in groups:
        made += sheet.paragraph(group.title, 1, LAYERS.get(group.layer, "heading"))
        made += _titled(group, sheet) if titles else _named(group, sheet)
        made.append(EMPTY)
    return made + sheet.paragraph(CLOSING, 1, "quiet")


def _named(group: Group, sheet: Sheet) -> list[Line]:
    return sheet.paragraph(", ".join(page.topic for page in group.pages), 3)


def _titled(group: Group, sheet: Sheet) -> list[Line]:
    width = max(cells(page.topic) for page in group.pages) + 2
    rows = (sheet.paragraph(page.title, 3, first=pad(page.topic, width)) for page in group.pages)
    return [row for rows_of_one in rows for row in rows_of_one]
