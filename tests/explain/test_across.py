"""Tables whose columns the rows make."""

import pytest

from netlab.explain.fill import fill_table
from netlab.explain.pages import Across, Column, Table, parse
from netlab.recording.records import Fact, Value

TABLE = Table("io.runs", (Column("model", "Model"),), "T", across=Across("n", "cpu", "s"))


def rows_of(value: Value, table: Table = TABLE) -> tuple[tuple[str, ...], ...]:
    made = fill_table(table, lambda _: Fact("f", "s", "io.runs", value))
    return () if made is None else (made.headings, *made.rows)


def test_rows_that_agree_stand_on_one_line() -> None:
    runs: list[Value] = [
        {"model": "poll", "n": 10, "cpu": 4e-6}, {"model": "poll", "n": 100, "cpu": 5e-6},
        {"model": "epoll", "n": 10, "cpu": 3e-6}, {"model": "epoll", "n": 1000, "cpu": None},
    ]  # fmt: skip
    assert rows_of(runs) == (
        ("Model", "10", "100"),
        ("poll", "4.00 µs", "5.00 µs"),
        ("epoll", "3.00 µs", ""),
    )


def test_a_heading_is_never_taken_for_a_column() -> None:
    assert rows_of([{"model": "poll", "n": "model", "cpu": 1.0}]) == (
        ("Model", "model"),
        ("poll", "1.00 s"),
    )


def test_nothing_known_is_no_table() -> None:
    assert rows_of([]) == ()


PAGE = (
    '+++\ntopic = "x"\ntitle = "X"\nlayer = "none"\n'
    '[[table]]\nfact = "a.b"\ncolumns = [["m", "M"]]\nacross = {}\n+++\n\nWhy.\n'
)


def test_it_is_read_from_a_page() -> None:
    (table,) = parse(PAGE.format('["n", "cpu"]')).tables
    assert table.across == Across("n", "cpu")
    assert parse(PAGE.format("[]")).tables[0].across is None


@pytest.mark.parametrize("words", ['["n"]', '["a", "b", "c", "d"]', '"n"', "[1, 2]"])
def test_what_is_malformed_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        parse(PAGE.format(words))


@pytest.mark.parametrize("entry", ['fact = "a.b"', 'fact = "a.b"\nx = "n"\ny = "c"', 'z = "z"'])
def test_a_plot_without_its_parts_is_refused(entry: str) -> None:
    front = '+++\ntopic = "x"\ntitle = "X"\nlayer = "none"\n[[plot]]\n'
    with pytest.raises(ValueError):
        parse(f"{front}{entry}\n+++\n\nWhy.\n")
