"""HPACK (RFC 7541), walked representation by representation.

The library decodes as well, but says nothing of where a header stood: so the walk is our own, and
of the library only the Huffman code and the static table are used. The dynamic table is a value;
`decode` returns the next one. All offsets are within the header block.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from hpack.exceptions import HPACKDecodingError
from hpack.huffman_table import decode_huffman
from hpack.table import HeaderTable

from netlab.dissect.reader import Malformed, Reader, dissect, text, walk
from netlab.recording.records import Field

STATIC = tuple((text(name), text(value)) for name, value in HeaderTable.STATIC_TABLE)

DEFAULT_SIZE = 4096
LARGEST_SIZE = 64 * 1024
"""Of the dynamic table: what browsers allow; whoever asks for more is not followed."""

LONGEST_LIST = 256 * 1024
"""Of one block when decoded: a block of one-octet references could become a gigabyte."""

OVERHEAD = 32
"""What an entry costs beside its name and value (RFC 7541 §4.1)."""

Kind = Literal["indexed", "incremental indexing", "without indexing", "never indexed"]


class Entry(NamedTuple):
    """A line of a table; sizes are those of the octets, not of their text."""

    name: str
    value: str
    name_size: int
    size: int


@dataclass(frozen=True, slots=True)
class Table:
    """The dynamic table of one direction, newest entry first (RFC 7541 §2.3.2)."""

    entries: tuple[Entry, ...] = ()
    maximum: int = DEFAULT_SIZE


class StringLiteral(NamedTuple):
    """The octets of a literal name or value, without what announces them."""

    offset: int
    length: int
    huffman: bool
    text: str
    size: int


class Header(NamedTuple):
    """One representation of a header field; a name or value by reference has no literal."""

    kind: Kind
    offset: int
    length: int
    name: str
    value: str
    name_literal: StringLiteral | None
    value_literal: StringLiteral | None


@dataclass(frozen=True, slots=True)
class Block:
    """A header block as far as it could be read. sound: the next block can still be decoded."""

    headers: tuple[Header, ...]
    fields: tuple[Field, ...]
    sound: bool


@dataclass(slots=True)
class _Walk:
    """What one walk through a block builds up."""

    entries: list[Entry]
    maximum: int
    headers: list[Header] = field(default_factory=list)
    listed: int = 0


def decode(table: Table, data: bytes) -> tuple[Table, Block]:
    """Read one whole header block."""
    state = _Walk(list(table.entries), table.maximum)

    def parse(reader: Reader) -> None:
        while reader.left:
            _representation(reader, state)

    fields = dissect(data, parse)
    sound = not any(found.name == "malformed" for found in walk(fields))
    return Table(tuple(state.entries), state.maximum), Block(tuple(state.headers), fields, sound)


def _representation(reader: Reader, state: _Walk) -> None:
    """The first bits of its first octet say which it is (RFC 7541 §6)."""
    first = reader.peek(1)
    if first & 0x80:
        _indexed(reader, state)
    elif first & 0x40:
        _literal(reader, state, "incremental indexing", 2)
    elif first & 0x20:
        _size_update(reader, state)
    else:
        _literal(reader, state, "never indexed" if first & 0x10 else "without indexing", 4)


def _indexed(reader: Reader, state: _Walk) -> None:
    start = reader.at
    with reader.part("header field") as part:
        _pattern(part, "indexed", 1)
        name, value, _, size = _entry(state, integer(part, "index", 1))
        part.value = f"{name}: {value}"
        _list(state, Header("indexed", start, part.at - start, name, value, None, None), size)


def _literal(reader: Reader, state: _Walk, kind: Kind, width: int) -> None:
    start = reader.at
    with reader.part("header field") as part:
        _pattern(part, kind, width)
        index = integer(part, "index", width)
        named = None if index else _string(part, "name")
        name, name_size = (named.text, named.size) if named else _name(state, index)
        value = _string(part, "value")
        part.value = f"{name}: {value.text}"
        size = name_size + value.size + OVERHEAD
        _list(state, Header(kind, start, part.at - start, name, value.text, named, value), size)
        if kind == "incremental indexing":
            state.entries.insert(0, Entry(name, value.text, name_size, size))
            _evict(state)


def _size_update(reader: Reader, state: _Walk) -> None:
    with reader.part("dynamic table size update") as part:
        if state.headers:
            raise Malformed("a size update stands before all header fields (RFC 7541 §4.2)")
        _pattern(part, "size update", 3)
        size = part.value = integer(part, "maximum size", 3)
        if size > LARGEST_SIZE:
            raise Malformed(f"a table of {size} octets is more than is followed here")
        state.maximum = size
        _evict(state)


def _pattern(reader: Reader, kind: str, width: int) -> None:
    """The bits that say which representation this is; they share an octet with a number."""
    reader.fields.append(Field("representation", kind, None, reader.at, 1, 0, width))


def integer(reader: Reader, name: str, skip: int) -> int:
    """A number in the low bits of an octet, and in what follows when they are all ones (§5.1)."""
    start, bits = reader.at, 8 - skip
    number = reader.octets(1)[0] & ((1 << bits) - 1)
    if number < (1 << bits) - 1:
        reader.fields.append(Field(name, number, None, start, 1, skip, bits))
        return number
    for shift in range(0, 29, 7):
        octet = reader.octets(1)[0]
        number += (octet & 0x7F) << shift
        if not octet & 0x80:
            reader.add(name, number, start)
            return number
    raise Malformed("a number of more than five octets (RFC 7541 §5.1)")


def _string(reader: Reader, name: str) -> StringLiteral:
    """A string literal: how it is coded, its length, its octets (RFC 7541 §5.2)."""
    huffman = bool(reader.peek(1) & 0x80)
    reader.fields.append(Field("Huffman", int(huffman), None, reader.at, 1, 0, 1))
    length = integer(reader, f"{name} length", 1)
    start = reader.at
    octets = reader.octets(length)
    if huffman:
        octets = _huffman(octets)
    words = text(octets)
    reader.add(name, words, start)
    return StringLiteral(start, length, huffman, words, len(octets))


def _huffman(octets: bytes) -> bytes:
    try:
        return decode_huffman(octets)
    except HPACKDecodingError as error:
        raise Malformed("octets that the Huffman code does not have (RFC 7541 §5.2)") from error


def _entry(state: _Walk, index: int) -> Entry:
    """What an index points at: first the static table, then the dynamic one (§2.3.3)."""
    if 0 < index <= len(STATIC):
        name, value = STATIC[index - 1]
        return Entry(name, value, len(name), len(name) + len(value) + OVERHEAD)
    if len(STATIC) < index <= len(STATIC) + len(state.entries):
        return state.entries[index - len(STATIC) - 1]
    raise Malformed(f"index {index} points at no entry (RFC 7541 §2.3.3)")


def _name(state: _Walk, index: int) -> tuple[str, int]:
    entry = _entry(state, index)
    return entry.name, entry.name_size


def _list(state: _Walk, header: Header, size: int) -> None:
    state.listed += size
    if state.listed > LONGEST_LIST:
        raise Malformed(f"a header list of more than {LONGEST_LIST} octets")
    state.headers.append(header)


def _evict(state: _Walk) -> None:
    """The oldest make way for what is new (RFC 7541 §4.3, §4.4)."""
    used = sum(entry.size for entry in state.entries)
    while used > state.maximum:
        used -= state.entries.pop().size
