"""Points on logarithmic axes: each in its place, none on top of another."""

import pytest

from netlab.explain.pages import Plot
from netlab.recording.records import Value
from netlab.views.plot import ROWS, chart, letters, rows_of, scale
from netlab.views.sheet import Sheet
from netlab.views.text import cells

PLOT = Plot("io.scale.runs", "n", "cpu", "model", "s", "CPU")
RUNS: list[Value] = [
    {"model": model, "n": n, "cpu": cpu}
    for model, points in {
        "poll": [(10, 4e-6), (100, 4e-5), (1000, 4e-4)],
        "epoll": [(10, 4e-6), (100, 4e-6), (1000, 4e-6)],
    }.items()
    for n, cpu in points
]


def text_of(rows: Value, width: int = 80, encoding: str = "utf-8") -> list[str]:
    drawn = chart(PLOT, rows, Sheet(width, encoding=encoding))
    return ["".join(part for part, _ in spans) for spans in drawn]


def test_what_grows_climbs_in_a_line_and_what_does_not_lies_flat() -> None:
    title, *plane, ticks, legend = text_of(RUNS)
    assert title.strip() == "CPU"
    assert len(plane) == ROWS
    assert "400 µs" in plane[0]
    assert "4.00 µs" in plane[-1]
    places = {row: line.index("p", 15) for row, line in enumerate(plane) if "p" in line[15:]}
    assert list(places) == [0, 4, 8], "a decade is half of two decades"
    columns = list(places.values())
    assert abs((columns[0] - columns[1]) - (columns[1] - columns[2])) <= 1
    assert plane[8].count("e") == 3
    assert "pe" in plane[8], "what would lie on another stands beside it"
    assert ticks.split() == ["10", "100", "1000"]
    assert legend.split("   ")[-2:] == ["p poll", "e epoll"]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_nothing_is_wider_than_the_page(width: int) -> None:
    assert max(map(cells, text_of(RUNS, width))) <= min(width, 90)


@pytest.mark.parametrize(
    "rows",
    [
        None, [], "text", [1, 2], [{"model": "poll"}],
        [{"model": "poll", "n": 10, "cpu": 1.0}, {"model": "epoll", "n": 10, "cpu": 1.0}],
        [{"model": "poll", "n": 0, "cpu": 1.0}, {"model": "poll", "n": 10, "cpu": None}],
    ],
)  # fmt: skip
def test_where_there_is_no_slope_nothing_is_drawn(rows: Value) -> None:
    assert text_of(rows) == []


def test_a_stream_that_lacks_the_signs_gets_others() -> None:
    assert all(line.isascii() for line in text_of(RUNS, encoding="ascii"))


def test_a_flat_line_is_not_blown_up_into_a_climb() -> None:
    levels = scale([4.0, 4.1])
    assert levels[-1] / levels[0] == pytest.approx(10)


def test_each_has_a_letter_of_its_own() -> None:
    names = ["select", "selectors", "asyncio-streams", "asyncio-protocol", "asyncio", "서버"]
    signs = letters(names)
    assert [signs[name] for name in names[:4]] == ["s", "S", "a", "A"]
    assert len(set(signs.values())) == len(names)
    assert len(letters(str(number) for number in range(80))) == 80


def test_no_part_of_a_legend_is_broken() -> None:
    assert rows_of(["a one", "b two", "c three"], 15) == ["a one   b two", "c three"]
    assert rows_of([], 10) == []
