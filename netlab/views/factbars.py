"""Figures side by side: one bar for each row of a fact, all from zero and on one scale."""

from netlab.explain.pages import Bars
from netlab.explain.units import say
from netlab.recording.records import Value
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter
from netlab.views.style import Line, Role
from netlab.views.text import cells, fold, pad

INDENT = 6
LEAST = 10
"""Cells that the longest bar has at the least."""


def drawn(chapter: Chapter, sheet: Sheet, role: Role) -> list[Line]:
    made: list[Line] = []
    for bars in chapter.page.bars if chapter.page else ():
        fact = chapter.find(bars.fact)
        lines = chart(bars, fact.value if fact else None, sheet, role)
        made += gap(lines) if made else lines
    return made


def chart(bars: Bars, rows: Value, sheet: Sheet, role: Role) -> list[Line]:
    found = pairs(bars, rows)
    if not found:
        return []
    figures = [say(value, bars.unit) for _, value in found]
    figure = max(map(cells, figures))
    room = sheet.text_width - INDENT - figure - 4
    label = min(max(cells(sheet.clean(name)) for name, _ in found), room - LEAST)
    most = max(value for _, value in found) or 1.0
    made = sheet.paragraph(bars.title, INDENT, "heading") if bars.title else []
    for (name, value), said in zip(found, figures, strict=True):
        parts = fold(sheet.clean(name), label)
        length = max(1, round((room - label) * value / most)) if value else 0
        lead = " " * INDENT + pad(parts[0], label) + "  " + pad(said, figure, right=True) + "  "
        made.append(((lead, ""), (sheet.clean("█" * length), role)))
        made += [((" " * INDENT + part, ""),) for part in parts[1:]]
    return made


def pairs(bars: Bars, rows: Value) -> list[tuple[str, int | float]]:
    """Label and value of each row that has both."""
    if not isinstance(rows, list):
        return []
    found: list[tuple[str, int | float]] = []
    for row in rows:
        value = row.get(bars.value) if isinstance(row, dict) else None
        if isinstance(row, dict) and isinstance(value, int | float) and value >= 0:
            found.append((str(row.get(bars.label, "")), value))
    return found
