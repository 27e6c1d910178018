"""Code on a page that is narrower than its lines."""

import pytest

from netlab.views.listing import folded

ROW = '        calls.tell("epoll_ctl", epoll.register, number, select.EPOLLOUT)'


@pytest.mark.parametrize("room", [40, 44, 60, 71])
def test_a_long_line_goes_on_between_words(room: int) -> None:
    pieces = folded(ROW, room)
    assert max(map(len, pieces)) <= room
    assert " ".join(piece.strip() for piece in pieces) == ROW.strip()
    assert all(piece.startswith(" " * 8) for piece in pieces)


def test_what_fits_stays() -> None:
    assert folded(ROW, 80) == [ROW]
    assert folded("", 80) == [""]


def test_a_word_that_fits_nowhere_is_broken() -> None:
    pieces = folded("x" * 50, 20)
    assert max(map(len, pieces)) <= 20
    assert "".join(piece.strip() for piece in pieces) == "x" * 50
