"""Bars on a time axis that all of them share."""

from netlab.views.text import pad

UNITS = ((1e-3, 1e6, "µs"), (1.0, 1e3, "ms"), (float("inf"), 1.0, "s"))
LEAST = 8
"""Columns of the shortest axis."""


class Axis:
    """total: seconds from its left to its right end; cells: how many columns it takes."""

    def __init__(self, total: float, cells: int) -> None:
        self.total = total if total > 0 else 1e-6
        self.cells = max(cells, LEAST)

    def span(self, start: float, end: float) -> tuple[int, int]:
        """The columns of a stretch of time: at least one, for what took no time did happen."""
        last = self.cells - 1
        first = min(max(round(start / self.total * self.cells), 0), last)
        until = min(max(round(end / self.total * self.cells), first + 1), self.cells)
        return first, until

    def bar(self, parts: list[tuple[float, float, str]], broken: bool = False) -> str:
        """(start, end, sign) drawn in order; a broken one ends in a cross."""
        row = [" "] * self.cells
        end = 0
        for start, until, sign in parts:
            a, b = self.span(start, until)
            row[a:b] = sign * (b - a)
            end = b
        if broken and end:
            row[end - 1] = "×"
        return "".join(row).rstrip()

    def ticks(self) -> str:
        """The axis' figures, each beginning at its place (the last one column earlier, to stand
        below the bars' end), the unit with the last of them."""
        factor, unit = next((f, u) for limit, f, u in UNITS if self.total < limit)
        end = self.total * factor
        step = nice(end / max(2, min(8, self.cells // 10)))
        row = ""
        count = int(end / step + 1e-9)
        for index in range(count + 1):
            place = min(round(index * step / end * self.cells), self.cells - 1)
            text = f"{index * step:g}" + (f" {unit}" if index == count else "")
            row = pad(row, place) + text
        return row

    @classmethod
    def within(cls, total: float, room: int) -> "Axis":
        """The longest axis whose figures do not reach beyond the room either."""
        axis = cls(total, room)
        while axis.cells > LEAST and len(axis.ticks()) > room:
            axis = cls(total, axis.cells - 1)
        return axis


def nice(step: float) -> float:
    """The next larger of 1, 2, 2.5 or 5 times a power of ten."""
    scale = 1e-9
    while scale * 10 <= step:
        scale *= 10
    return next((scale * m for m in (1, 2, 2.5, 5) if scale * m >= step), scale * 10)
