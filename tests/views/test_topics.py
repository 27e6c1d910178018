"""The list of pages, as it is read."""

import pytest

from netlab.explain.groups import groups
from netlab.explain.pages import topics
from netlab.views.sheet import Sheet
from netlab.views.style import plain
from netlab.views.text import cells
from netlab.views.topics import groups_lines


def rows(width: int, titles: bool = False) -> list[str]:
    return [plain(line) for line in groups_lines(groups(), Sheet(width), titles)]


@pytest.mark.parametrize("titles", [False, True])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_topic_is_there_and_nothing_is_too_wide(width: int, titles: bool) -> None:
    drawn = rows(width, titles)
    assert max(map(cells, drawn)) <= min(width, 90)
    words = {word.strip(",") for row in drawn for word in row.split()}
    assert set(topics()) <= words
    assert "netlab explain TERM" in " ".join(drawn)


def test_the_list_is_one_that_is_read_at_a_glance() -> None:
    assert len(rows(80)) < len(topics()) / 2


def test_titles_stand_beside_their_topics() -> None:
    assert any(row.split() == ["ttl", "TTL"] for row in rows(80, titles=True))
