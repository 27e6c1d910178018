"""Tables: every column folds, none is cut; on a narrow page a table becomes a list."""

from collections.abc import Sequence

from netlab.views.sheet import Sheet
from netlab.views.style import Line, Role, line
from netlab.views.text import cells, fold, pad

BETWEEN = 2
LEAST = 6
"""Cells below which a column is not narrowed."""
MOST_ROWS = 12
"""Rows that are shown below --deep."""


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    sheet: Sheet,
    title: str = "",
    indent: int = 6,
) -> list[Line]:
    shown = rows if sheet.depth == "deep" else rows[:MOST_ROWS]
    head = [sheet.clean(text) for text in headings]
    body = [[sheet.clean(cell) for cell in row] for row in shown]
    widths = None if sheet.narrow else columns(head, body, sheet.width - indent)
    made = sheet.paragraph(title, indent, "heading") if title else []
    if widths is None:
        made += _list(head, body, sheet, indent)
    else:
        made += _line(head, widths, indent, "quiet")
        for row in body:
            made += _line(row, widths, indent, "")
    if more := len(rows) - len(shown):
        rows_ = "row" if more == 1 else "rows"
        made += sheet.paragraph(f"{more} more {rows_}; --deep shows all.", indent, "quiet")
    return made


def columns(head: list[str], body: list[list[str]], room: int) -> list[int] | None:
    """Each column's width, the widest narrowed first; None where they do not fit at all."""
    room -= BETWEEN * (len(head) - 1)
    if room < LEAST * len(head):
        return None
    widths = [min(room, max(cells(row[i]) for row in [head, *body])) for i in range(len(head))]
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths


def _line(row: Sequence[str], widths: list[int], indent: int, role: Role) -> list[Line]:
    folded = [fold(cell, width) for cell, width in zip(row, widths, strict=True)]
    made: list[Line] = []
    for number in range(max(map(len, folded))):
        parts = [
            pad(lines[number] if number < len(lines) else "", width)
            for lines, width in zip(folded, widths, strict=True)
        ]
        made.append(line((" " * indent + (" " * BETWEEN).join(parts)).rstrip(), role))
    return made


def _list(head: list[str], body: list[list[str]], sheet: Sheet, indent: int) -> list[Line]:
    """A row as lines of heading and cell; a row's first cell opens it."""
    label = min(max(map(cells, head)), sheet.width // 3)
    made: list[Line] = []
    for row in body:
        for number, (heading, cell) in enumerate(zip(head, row, strict=True)):
            if cell:
                sign = "· " if number == 0 else "  "
                first = sheet.clean(sign) + pad(heading, label) + "  "
                made += sheet.paragraph(cell, indent - 2, first=first)
    return made
