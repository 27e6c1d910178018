"""Points in a plane whose axes are both logarithmic: what grows as fast as x climbs in a line."""

import math
from collections.abc import Iterable

from netlab.explain.pages import Plot
from netlab.explain.units import say
from netlab.recording.records import Value
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter
from netlab.views.style import Line, line
from netlab.views.text import cells, pad

INDENT = 6
ROWS = 9
"""Lines of the plane. With few of them, points that are near each other stand side by side."""
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

Points = dict[str, list[tuple[float, float]]]


def drawn(chapter: Chapter, sheet: Sheet) -> list[Line]:
    made: list[Line] = []
    for plot in chapter.page.plots if chapter.page else ():
        fact = chapter.find(plot.fact)
        lines = chart(plot, fact.value if fact else None, sheet)
        made += gap(lines) if made else lines
    return made


def chart(plot: Plot, rows: Value, sheet: Sheet) -> list[Line]:
    """Nothing where no series has two points: there is no slope then."""
    series = points(plot, rows)
    if all(len(found) < 2 for found in series.values()):
        return []
    xs = sorted({x for found in series.values() for x, _ in found})
    levels = scale([y for found in series.values() for _, y in found])
    names = [sheet.clean(say(level, plot.unit)) for level in levels]
    label = max(map(cells, names))
    room = sheet.text_width - INDENT - label - 3 - len(series)
    places = {x: round(_part(x, xs[0], xs[-1]) * (room - 1)) for x in xs}
    signs = letters(series)
    plane = _plane(series, levels, places, signs)
    made = sheet.paragraph(plot.title, INDENT, "heading") if plot.title else []
    lead = " " * INDENT
    for number in reversed(range(ROWS)):
        row = lead + pad(names[number], label, right=True) + sheet.clean(" ┤") + plane[number]
        made.append(line(row.rstrip()))
    made.append(line(" " * (INDENT + label + 2) + ticks(places), "time"))
    legend = [sheet.clean(f"{signs[name]} {name}") for name in series]
    return made + [line(lead + row, "quiet") for row in rows_of(legend, sheet.text_width - INDENT)]


def points(plot: Plot, rows: Value) -> Points:
    """Each series' points, of those rows that have both figures; a logarithm wants more than 0."""
    series: Points = {}
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, dict):
            continue
        x, y = row.get(plot.x), row.get(plot.y)
        if isinstance(x, int | float) and isinstance(y, int | float) and x > 0 and y > 0:
            series.setdefault(str(row.get(plot.by, "")), []).append((float(x), float(y)))
    return series


def scale(values: Iterable[float]) -> list[float]:
    """What each line of the plane stands for, from the lowest; at least a factor of ten in all."""
    found = list(values)
    low, high = min(found), max(found)
    if high < low * 10:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(10), middle * math.sqrt(10)
    return [low * (high / low) ** (number / (ROWS - 1)) for number in range(ROWS)]


def _part(value: float, low: float, high: float) -> float:
    """How far a value is on the way from low to high, by its logarithm."""
    return math.log(value / low) / math.log(high / low) if high > low else 0.0


def letters(names: Iterable[str]) -> dict[str, str]:
    """A letter for each name: its first, small or large, or another of its own that is free."""
    found: dict[str, str] = {}
    for name in names:
        wanted = name[:1].lower() + name[:1].upper() + name + LETTERS
        free = (c for c in wanted if c.isascii() and c.isalnum() and c not in found.values())
        found[name] = next(free, "*")
    return found


def rows_of(parts: Iterable[str], room: int) -> list[str]:
    """Parts side by side, none of them broken."""
    rows: list[str] = []
    for part in parts:
        if rows and cells(rows[-1]) + 3 + cells(part) <= room:
            rows[-1] += "   " + part
        else:
            rows.append(part)
    return rows


def _plane(
    series: Points, levels: list[float], places: dict[float, int], signs: dict[str, str]
) -> list[str]:
    """The plane's lines from the lowest. A place that is taken already: the next one beside it."""
    wide = max(places.values()) + len(series) + 1
    plane = [[" "] * wide for _ in range(ROWS)]
    for name, found in series.items():
        for x, y in found:
            row = plane[round(_part(y, levels[0], levels[-1]) * (ROWS - 1))]
            free = next((at for at in range(places[x], wide) if row[at] == " "), places[x])
            row[free] = signs[name]
    return ["".join(row) for row in plane]


def ticks(places: dict[float, int]) -> str:
    """The figures of the x axis, each at its place where there is room for it."""
    row = ""
    for x, place in places.items():
        if not row or place > cells(row):
            row = pad(row, place) + f"{x:g}"
    return row
