"""Bars of a fact's rows."""

import pytest

from netlab.explain.pages import Bars
from netlab.recording.records import Value
from netlab.views.factbars import chart
from netlab.views.sheet import Sheet

BARS = Bars("x.rows", "who", "much", "B", "How much")
ROWS: Value = [{"who": "one", "much": 100}, {"who": "two", "much": 50}, {"who": "none", "much": 0}]


def texts(rows: Value, width: int = 80) -> list[str]:
    sheet = Sheet(width, "default", "utf-8", "en")
    return ["".join(text for text, _ in line) for line in chart(BARS, rows, sheet, "")]


def test_lengths_are_in_proportion_and_figures_stand_beside_them() -> None:
    title, one, two, none = texts(ROWS)
    assert title.strip() == "How much"
    assert one.count("█") == pytest.approx(2 * two.count("█"), abs=1)
    assert two.count("█") > 5
    assert none.count("█") == 0
    assert "100 B" in one
    assert max(map(len, (one, two, none))) <= 80


def test_rows_without_a_figure_are_left_out() -> None:
    assert len(texts([{"who": "x", "much": None}, {"who": "y", "much": 1}, "no row"])) == 2
    assert texts([]) == texts(None) == []


def test_long_labels_fold_on_a_narrow_page() -> None:
    rows: Value = [{"who": "a very long label that needs more than half of the page", "much": 3}]
    assert max(map(len, texts(rows, 60))) <= 60
