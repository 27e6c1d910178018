"""The tape keeps what went by, when, and never more than its caps."""

import pytest

from netlab.network.tape import Chunk, Tape


def test_an_octet_has_the_instant_of_the_read_that_carried_it() -> None:
    tape = Tape()
    tape.add(1.0, "received", b"abc")
    tape.add(2.0, "sent", b"x")
    tape.add(3.0, "received", b"de")

    assert [tape.at_offset("received", i) for i in range(5)] == [1.0, 1.0, 1.0, 3.0, 3.0]
    assert tape.at_offset("sent", 0) == 2.0
    assert tape.data("received") == b"abcde"
    assert tape.data("received", 2, 4) == b"cd"


def test_directions_are_counted_apart() -> None:
    tape = Tape()
    tape.add(1.0, "sent", b"12345")

    assert tape.total("sent") == 5
    assert tape.total("received") == 0
    assert tape.first_at("received") is None


@pytest.mark.parametrize("offset", [-1, 3, 100])
def test_an_octet_that_never_went_by_has_no_instant(offset: int) -> None:
    tape = Tape()
    tape.add(1.0, "received", b"abc")

    with pytest.raises(IndexError):
        tape.at_offset("received", offset)


def test_nothing_is_logged_for_no_octets() -> None:
    tape = Tape()
    tape.add(1.0, "received", b"")

    assert tape.chunks() == ()


def test_octets_past_the_cap_are_counted_but_not_kept() -> None:
    tape = Tape(octets=4)
    tape.add(1.0, "received", b"abc")
    tape.add(2.0, "received", b"def")

    assert tape.data("received") == b"abcd"
    assert tape.total("received") == 6
    assert tape.capped("received")
    assert tape.at_offset("received", 5) == 2.0


def test_marks_past_the_cap_stretch_the_last_one() -> None:
    tape = Tape(marks=2)
    for instant in range(100):
        tape.add(float(instant), "received", b"x")

    assert len(tape.chunks()) == 2
    assert tape.at_offset("received", 0) == 0.0
    assert tape.at_offset("received", 1) == 99.0
    assert tape.last_at("received") == 99.0


def test_chunks_stand_in_the_order_of_events() -> None:
    tape = Tape()
    tape.add(1.0, "sent", b"ab")
    tape.add(2.0, "received", b"c")
    tape.add(3.0, "sent", b"d")

    assert tape.chunks() == (
        Chunk(1.0, "sent", 0, 2),
        Chunk(2.0, "received", 0, 1),
        Chunk(3.0, "sent", 2, 1),
    )
