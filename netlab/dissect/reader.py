"""A cursor over one message, which makes a `Field` of everything that it reads.

How hostile octets are met: whoever reads past the end, or finds what a protocol forbids, raises
`Malformed` inside of this room. The nearest `part` whose length is known turns that into a Field
named "malformed", keeps what had been read, and reading goes on behind it; a part without a known
length passes the error on after doing the same. `dissect` is the outermost: nothing gets past it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from netlab.recording.records import Field, Value

Names = Mapping[int, str]
"""A registry: the name of each number."""

HEX_LIMIT = 128
"""Opaque octets up to here are given in hex; longer ones have the value None and stand in wire."""


class Malformed(Exception):
    """The octets do not say what the protocol promises; the text says how."""

    name = "malformed"
    reported = False


class Incomplete(Malformed):
    """Not wrong so far, but more must come."""

    name = "incomplete"


class Bits(NamedTuple):
    """A piece of a word: bit is counted from the word's most significant one."""

    name: str
    bit: int
    width: int = 1
    names: Names | None = None


def text(octets: bytes) -> str:
    """Octets from the network as text that every stream can carry."""
    return octets.decode("utf-8", "backslashreplace")


class Reader:
    """Reads `data` from `at` to `end`, collecting fields with offsets into the whole of `data`."""

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else end
        self.fields: list[Field] = []
        self.value: Value = None
        self.meaning: str | None = None

    @property
    def left(self) -> int:
        return self.end - self.at

    def octets(self, count: int) -> bytes:
        """Go on by count octets, without making a field of them."""
        if count > self.left:
            raise Malformed(f"{count} octets expected, {self.left} left")
        self.at += count
        return self.data[self.at - count : self.at]

    def peek(self, count: int) -> int:
        """The unsigned number in the next octets, which stay unread."""
        number = int.from_bytes(self.octets(count), "big")
        self.at -= count
        return number

    def add(
        self,
        name: str,
        value: Value,
        start: int,
        meaning: str | None = None,
        children: Sequence[Field] = (),
    ) -> None:
        """A field that reaches from start to here."""
        self.fields.append(
            Field(name, value, meaning, start, self.at - start, children=tuple(children))
        )

    def uint(self, name: str, size: int, names: Names | None = None) -> int:
        """An unsigned number in network order, and the name that a registry gives to it."""
        start = self.at
        number = int.from_bytes(self.octets(size), "big")
        self.add(name, number, start, names.get(number) if names else None)
        return number

    def raw(self, name: str, count: int | None = None) -> bytes:
        """Octets that are not looked into; without a count all that are left."""
        start = self.at
        octets = self.octets(self.left if count is None else count)
        self.add(name, octets.hex() if len(octets) <= HEX_LIMIT else None, start)
        return octets

    def text(self, name: str, count: int | None = None) -> str:
        start = self.at
        words = text(self.octets(self.left if count is None else count))
        self.add(name, words, start)
        return words

    def word(self, name: str, size: int, layout: Sequence[Bits], mask: int = -1) -> int:
        """A number whose bits have meanings of their own: the flags of a header.

        mask: which bits make up the value of the whole (of a stream's number not the reserved).
        """
        start = self.at
        number = int.from_bytes(self.octets(size), "big")
        children = [_piece(piece, number, start, size * 8) for piece in layout]
        self.add(name, number & mask, start, None, children)
        return number & mask

    def fault(self, error: Malformed) -> None:
        """Flag what is left as not readable; it is passed over."""
        self.fields.append(Field(error.name, str(error), None, self.at, self.left))
        self.at = self.end

    def flag(self, why: str) -> None:
        """Say that what was just read breaks a rule, and read on."""
        self.fields.append(Field("malformed", why, None, self.at, 0))

    @contextmanager
    def part(self, name: str, length: int | None = None) -> Iterator["Reader"]:
        """A field with children. The reader that it yields may set the field's value, meaning.

        What a bounded part does not read is kept as "unparsed".
        """
        start = self.at
        announced = self.left if length is None else length
        end = start + min(announced, self.left)
        inner = Reader(self.data, start, end)
        error: Malformed | None = None
        try:
            yield inner
        except Malformed as raised:
            error = raised
        inner.end = end
        missing = announced > self.left
        if missing and error is None:
            error = Malformed(f"{announced} octets announced, {self.left} there")
        if error is not None and not error.reported:
            inner.fault(error)
        elif length is not None and inner.left:
            inner.raw("unparsed")
        self.at = inner.at
        self.add(name, inner.value, start, inner.meaning, inner.fields)
        if error is not None and (missing or length is None):
            error.reported = True
            raise error

    @contextmanager
    def vector(self, name: str, size: int) -> Iterator["Reader"]:
        """What is preceded by its own length in `size` octets (RFC 8446 §3.4)."""
        with self.part(name, size + self.peek(size)) as inner:
            inner.uint("length", size)
            yield inner


def _piece(piece: Bits, number: int, start: int, width: int) -> Field:
    value = number >> (width - piece.bit - piece.width) & ((1 << piece.width) - 1)
    octet, bit = divmod(piece.bit, 8)
    length = (bit + piece.width + 7) // 8
    meaning = piece.names.get(value) if piece.names else None
    return Field(piece.name, value, meaning, start + octet, length, bit, piece.width)


def dissect(data: bytes, parse: Callable[[Reader], object]) -> tuple[Field, ...]:
    """The fields that parse makes of data, whatever data holds."""
    reader = Reader(data)
    try:
        parse(reader)
        if reader.left:
            reader.raw("unparsed")
    except Malformed as error:
        if not error.reported:
            reader.fault(error)
    return tuple(reader.fields)


def walk(fields: Sequence[Field]) -> Iterator[Field]:
    """All fields of a tree, each before its children."""
    for field in fields:
        yield field
        yield from walk(field.children)
