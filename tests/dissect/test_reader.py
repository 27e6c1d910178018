"""The cursor: what it keeps when octets run out."""

import pytest

from netlab.dissect.reader import Bits, Incomplete, Malformed, Reader, dissect, text, walk
from netlab.recording.records import Field


def test_bounded_part_keeps_the_error_to_itself() -> None:
    def parse(reader: Reader) -> None:
        with reader.part("part", 2) as inner:
            inner.uint("number", 1)
            inner.uint("too long", 4)
        reader.uint("after", 1)

    part, after = dissect(b"\x01\x02\x03", parse)
    assert part == Field(
        "part",
        None,
        None,
        0,
        2,
        children=(
            Field("number", 1, None, 0, 1),
            Field("malformed", "4 octets expected, 1 left", None, 1, 1),
        ),
    )
    assert after == Field("after", 3, None, 2, 1)


def test_a_part_that_is_announced_too_long_says_so_once() -> None:
    def parse(reader: Reader) -> None:
        with reader.part("outer"), reader.part("part", 9) as inner:
            inner.raw("octets")

    fields = dissect(b"ab", parse)
    assert [field.value for field in walk(fields) if field.name == "malformed"] == [
        "9 octets announced, 2 there"
    ]


def test_what_is_not_read_is_kept() -> None:
    def parse(reader: Reader) -> None:
        with reader.vector("vector", 1) as inner:
            inner.uint("number", 1)

    vector, rest = dissect(b"\x02\x07\x08\x09", parse)
    assert [child.name for child in vector.children] == ["length", "number", "unparsed"]
    assert (rest.name, rest.value, rest.offset) == ("unparsed", "09", 3)


def test_bits_have_their_own_place() -> None:
    layout = (Bits("top", 0, 1, {1: "set"}), Bits("middle", 6, 4))
    (word,) = dissect(b"\x82\x40", lambda reader: reader.word("word", 2, layout))
    assert word.children == (
        Field("top", 1, "set", 0, 1, 0, 1),
        Field("middle", 0b1001, None, 0, 2, 6, 4),
    )


def test_incomplete_is_not_malformed() -> None:
    def parse(reader: Reader) -> None:
        raise Incomplete("more to come")

    assert [field.name for field in dissect(b"x", parse)] == ["incomplete"]
    assert issubclass(Incomplete, Malformed)


def test_long_octets_are_not_repeated_in_hex() -> None:
    (field,) = dissect(bytes(129), lambda reader: reader.raw("octets"))
    assert field.value is None
    assert field.length == 129


def test_reader_raises_only_its_own_error() -> None:
    with pytest.raises(Malformed):
        Reader(b"").peek(1)


def test_text_never_carries_what_a_stream_cannot_encode() -> None:
    assert text(b"caf\xc3\xa9 \xff") == "café \\xff"
