"""Lanes with signs of their own, aligned, and folded where they look the same."""

from dataclasses import replace

import pytest

from netlab.explain.pages import Lanes, parse
from netlab.recording.recorder import Recorder
from netlab.recording.records import Header
from netlab.views.lanes import lanes
from netlab.views.sheet import Sheet
from netlab.views.story import Chapter, Story
from netlab.views.style import plain

PAGE = '+++\ntopic = "x"\ntitle = "X"\nlayer = "none"\n{}\n+++\n\nWhy.\n'
SHEET = Sheet(60)
SIGNS = (("asleep", "░", "asleep in a call"), ("awake", "█", "running"))


def drawn(style: Lanes, monkeypatch: pytest.MonkeyPatch, *spans: tuple[str, str, float, float],
          sheet: Sheet = SHEET) -> list[str]:  # fmt: skip
    book = Recorder(Header("2026-01-01T00:00:00+00:00", (), "x", "loopback", {}))
    book.step("x", "X")
    for lane, name, start, end in spans:
        book.span("x", name, start, end, "netlab", "detail", lane)
    page = replace(parse(PAGE.format("")), lanes=style)
    monkeypatch.setattr("netlab.views.story.page", lambda topic, language: page)
    chapter: Chapter = Story(book.finish()).chapters[0]
    return [plain(line) for line in lanes(chapter, sheet, "")]


def test_a_phase_has_the_sign_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(Lanes(SIGNS), monkeypatch, ("a", "awake", 0, 1), ("a", "asleep", 1, 2),
                 ("b", "asleep", 0, 2))  # fmt: skip
    assert rows[1].split()[1][0] == "█"
    assert rows[1].rstrip()[-1] == "░"
    assert set(rows[2].split()[1]) == {"░"}
    assert rows[-1].split("   ")[-2:] == ["░ asleep in a call", "█ running"]


def test_what_is_short_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(Lanes(SIGNS), monkeypatch, ("a", "asleep", 0, 1), ("a", "awake", 1, 1.0001),
                 ("a", "asleep", 1.0001, 2), ("b", "asleep", 0, 2))  # fmt: skip
    assert rows[1].count("█") == 1


def test_aligned_lanes_begin_at_their_own_start(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = (("a", "asleep", 0.0, 1.0), ("b", "asleep", 5.0, 6.0))
    one, other = drawn(Lanes(SIGNS, aligned=True), monkeypatch, *spans)[1:3]
    assert one.split()[1] == other.split()[1]
    one, other = drawn(Lanes(SIGNS), monkeypatch, *spans)[1:3]
    assert one.index("░") < other.index("░")


def test_neighbours_that_look_the_same_share_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = [(f"request {number}", "asleep", 0.0, 1.0) for number in range(1, 9)]
    rows = drawn(Lanes(SIGNS, alike=True), monkeypatch, ("main", "asleep", 0.0, 1.0), *spans)
    assert [row.split("░")[0].strip() for row in rows[1:-1]] == ["main", "request 1–8"]
    deep = drawn(Lanes(SIGNS, alike=True), monkeypatch, *spans, sheet=Sheet(60, "deep"))
    assert len(deep) == 1 + 8 + 1
    spans[3] = ("request 4", "asleep", 0.5, 1.0)
    rows = drawn(Lanes(SIGNS, alike=True), monkeypatch, *spans)
    names = [row.split("░")[0].strip() for row in rows[1:-1]]
    assert names == ["request 1–3", "request 5–8", "request 4"]  # by when they began


@pytest.mark.parametrize(
    "text",
    ["[lanes]\nsigns = [['a', 'bb', 'c']]", "[lanes]\nsigns = [['a', 'b']]", "lanes = 1",
     "[lanes]\nmost = true", "[lanes]\ncolour = 'red'", "[lanes]\nalike = 1"],
)  # fmt: skip
def test_lanes_that_are_not_written_right_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse(PAGE.format(text))
