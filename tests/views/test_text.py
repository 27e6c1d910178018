import shlex
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from netlab.views.text import (
    ASCII,
    MARKS,
    UNSEEN,
    carried,
    cells,
    clip,
    escape,
    fold,
    fold_command,
    pad,
)

texts = st.text(st.characters(exclude_categories=()), max_size=80)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain", "plain"),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u2028", "\\u2028"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("한국어 카페", "한국어 카페"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("a\u3000b", "a b"),
    ],
)
def test_what_acts_is_written_out(text: str, escaped: str) -> None:
    assert escape(text) == escaped


def test_marks_do_not_pile_up() -> None:
    assert escape("a" + "\u0301" * MARKS) == "a" + "\u0301" * MARKS
    assert escape("a" + "\u0301" * 9).count("\u0301") == MARKS


@settings(deadline=None)
@given(texts)
def test_nothing_unseen_is_left(text: str) -> None:
    safe = escape(text)
    assert not [char for char in safe if unicodedata.category(char) in UNSEEN]
    assert escape(safe) == safe


@settings(deadline=None)
@given(texts, st.integers(2, 60))
def test_folding_loses_nothing_and_fits(text: str, width: int) -> None:
    text = escape(text)
    lines = fold(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_folding_breaks_between_words_and_never_in_a_letter() -> None:
    assert fold("one two three", 7) == ["one two", "three"]
    assert fold("한국어 카페", 5) == ["한국", "어", "카페"]
    assert fold("", 10) == [""]


@settings(deadline=None)
@given(texts)
def test_cells_are_those_of_rich(text: str) -> None:
    assert cells(escape(text)) == cell_len(escape(text))


def test_padding_counts_cells() -> None:
    assert pad("한", 4) == "한  "
    assert pad("한", 4, right=True) == "  한"
    assert pad("long", 2) == "long"


@pytest.mark.parametrize("encoding", ["ascii", "cp949", "latin-1"])
def test_any_stream_carries_it(encoding: str) -> None:
    text = carried("── 12 µs → 한 ☃ █", encoding)
    text.encode(encoding)
    assert text.startswith("-- 12 us > ")
    assert "\\u2603" in text or "☃" in text
    assert carried("── 한", "utf-8") == "── 한"


def test_each_sign_has_one_of_its_width() -> None:
    for sign, plain in ASCII.items():
        assert cells(chr(sign)) == cells(str(plain)) == 1


def test_clipping_says_how_much_more() -> None:
    assert clip("a" * 10, 10) == "a" * 10
    assert clip("a" * 2000, 10) == "a" * 10 + " (and 1,990 more characters)"


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=70)
             | st.text("ab '\"\\$", max_size=70), min_size=1, max_size=6),
    st.integers(30, 100), st.sampled_from((4, 6, 22)),
)  # fmt: skip
def test_a_folded_command_is_the_same_command(
    arguments: list[str], width: int, indent: int
) -> None:
    line = " ".join(["tool", *map(shlex.quote, arguments)])
    lines = fold_command(line, width, indent)
    assert all(cells(part) <= width for part in lines)
    # A shell takes a backslash and the newline behind it away.
    joined = "\n".join(lines).replace("\\\n", "")
    assert shlex.split(joined) == ["tool", *arguments]


def test_a_quoted_text_is_torn_at_the_last_space_that_fits() -> None:
    folded = fold_command("curl -w 'first %{time_starttransfer} second %{time_total}'", 41, 2)
    assert folded == [
        "  curl -w \\",
        "  'first %{time_starttransfer} second'\\",
        "' %{time_total}'",
    ]
