"""HTTP/2 (RFC 9113): one direction of a connection, as frames.

State is a value, one for each direction: the HPACK table, and the octets of a frame that is not
whole yet. A HEADERS or PUSH_PROMISE and the CONTINUATIONs that must follow it at once (§6.10) come
out as one Frame, because only together do they say something; its wire holds them all.

Offsets of a Frame are within the direction's stream, those of its fields and headers within the
frame's own wire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from netlab.dissect import hpack
from netlab.dissect.http2_frames import END_HEADERS, HEADER, Draft, flag_names, frame
from netlab.dissect.http2_registry import CONTINUATION, HEADERS, PUSH_PROMISE, TYPES
from netlab.dissect.reader import Malformed, Reader, dissect
from netlab.recording.records import Field

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

LONGEST_FRAME = 1024 * 1024
LONGEST_BLOCK = 256 * 1024
MOST_CONTINUATIONS = 64
"""Empty ones cost the sender nine octets each and never end (CVE-2024-27316)."""

SLICE = 64 * 1024
"""Of a long stream as much is taken up at once: what is pending is copied for every frame."""


class HeaderField(NamedTuple):
    """A header field and where it stands; indexed: name and value are both references."""

    name: str
    value: str
    offset: int
    length: int
    huffman: bool
    indexed: bool


class Literal(NamedTuple):
    """The octets of a value that stand in the wire, in pieces where frames cut through it."""

    name: str
    value: str
    huffman: bool
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class State:
    """One direction of a connection. at: how many octets of the stream have become frames.

    preface: the client's is still to come. table is None once compression went wrong, and broken
    says why where one frame cannot be told from the next any more.
    """

    preface: bool = False
    table: hpack.Table | None = field(default_factory=hpack.Table)
    pending: bytes = b""
    at: int = 0
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame (or a header block's frames). headers is None where there is no whole block."""

    offset: int
    length: int
    type: str
    flags: tuple[str, ...]
    stream: int
    fields: tuple[Field, ...]
    wire: bytes
    headers: tuple[HeaderField, ...] | None = None
    literals: tuple[Literal, ...] = ()
    data: bytes = b""


def client() -> State:
    """What a client sends begins with the connection preface (RFC 9113 §3.4)."""
    return State(preface=True)


def server() -> State:
    return State()


def frames(state: State, data: bytes) -> tuple[State, tuple[Frame, ...]]:
    """The frames that end in data; the start of another one stays pending in the state."""
    found: list[Frame] = []
    for at in range(0, len(data), SLICE):
        state = replace(state, pending=state.pending + data[at : at + SLICE])
        while state.pending:
            state, entry = _step(state)
            if entry is None:
                break
            found.append(entry)
    return state, tuple(found)


def _step(state: State) -> tuple[State, Frame | None]:
    try:
        return _next(state)
    except Malformed as error:
        return _broken(replace(state, broken=str(error)))


def _next(state: State) -> tuple[State, Frame | None]:
    if state.broken is not None:
        return _broken(state)
    if state.preface:
        return _preface(state)
    size = _extent(state.pending)
    if size is None:
        return state, None
    wire = state.pending[:size]
    table, entry = _frame(state, wire)
    return _onward(replace(state, table=table), size), entry


def _onward(state: State, size: int) -> State:
    return replace(state, pending=state.pending[size:], at=state.at + size)


def _broken(state: State) -> tuple[State, Frame]:
    """All that comes after something that is no HTTP/2."""
    wire = state.pending
    fields = (Field("malformed", state.broken, None, 0, len(wire)),)
    entry = Frame(state.at, len(wire), "malformed", (), 0, fields, wire)
    return _onward(state, len(wire)), entry


def _preface(state: State) -> tuple[State, Frame | None]:
    wire = state.pending[: len(PREFACE)]
    if not PREFACE.startswith(wire):
        raise Malformed("the connection preface is missing (RFC 9113 §3.4)")
    if len(wire) < len(PREFACE):
        return state, None
    fields = dissect(wire, lambda reader: reader.text("connection preface"))
    entry = Frame(state.at, len(wire), "preface", (), 0, fields, wire)
    return _onward(replace(state, preface=False), len(wire)), entry


def _extent(data: bytes) -> int | None:
    """How many octets the next entry has; None while it is not whole."""
    size = _whole(data, 0)
    if size is None or data[3] not in (HEADERS, PUSH_PROMISE):
        return size
    flags, count = data[4], 0
    while not flags & END_HEADERS:
        if len(data) > size + 3 and data[size + 3] != CONTINUATION:
            raise Malformed("a header block is cut off by another frame (RFC 9113 §6.10)")
        if count == MOST_CONTINUATIONS or size > LONGEST_BLOCK:
            raise Malformed("a header block without an end")
        more = _whole(data, size)
        if more is None:
            return None
        if data[5:9] != data[size + 5 : size + 9]:
            raise Malformed("a CONTINUATION on another stream (RFC 9113 §6.10)")
        flags, size, count = data[size + 4], more, count + 1
    return size


def _whole(data: bytes, at: int) -> int | None:
    """Where the frame at this offset ends, if it is all there."""
    if len(data) < at + 3:
        return None
    length = int.from_bytes(data[at : at + 3], "big")
    if length > LONGEST_FRAME:
        raise Malformed(f"a frame of {length} octets, where 16384 is the default (RFC 9113 §4.2)")
    end = at + HEADER + length
    return end if len(data) >= end else None


def _frame(state: State, wire: bytes) -> tuple[hpack.Table | None, Frame]:
    draft, continuation = Draft(), Draft()

    def parse(reader: Reader) -> None:
        frame(reader, draft)
        while reader.left:
            with reader.part("CONTINUATION") as part:
                frame(part, continuation)

    fields = dissect(wire, parse)
    pieces = draft.pieces + continuation.pieces
    flags = flag_names(draft.kind, draft.flags)
    kind = TYPES.get(draft.kind, f"type {draft.kind}")
    entry = Frame(state.at, len(wire), kind, flags, draft.stream, fields, wire, data=draft.data)
    if draft.kind == CONTINUATION:
        # Only ever read by itself where no block was begun.
        fault = Field("malformed", "a CONTINUATION that continues nothing (§6.10)", None, 0, 0)
        return None, replace(entry, fields=(*fields, fault))
    if draft.kind not in (HEADERS, PUSH_PROMISE):
        return state.table, entry
    return _with_block(state.table, entry, pieces)


def _with_block(
    table: hpack.Table | None, entry: Frame, pieces: Sequence[tuple[int, int]]
) -> tuple[hpack.Table | None, Frame]:
    """Decode the header block, and move all that it found to where it stands in the wire."""
    if table is None or not pieces:
        fault = Field("malformed", "the state of HPACK is lost: not readable", None, 0, 0)
        return None, replace(entry, fields=(*entry.fields, fault))
    octets = b"".join(entry.wire[start : start + length] for start, length in pieces)
    table, block = hpack.decode(table, octets)
    place = _placing(pieces)
    start, end = pieces[0][0], pieces[-1][0] + pieces[-1][1]
    children = tuple(_moved(found, place) for found in block.fields)
    whole = Field("Field Block", None, None, start, end - start, children=children)
    return (table if block.sound else None), replace(
        entry,
        fields=(*entry.fields, whole),
        headers=tuple(_header(header, place) for header in block.headers),
        literals=tuple(_literals(block.headers, pieces)),
    )


Place = Callable[[int, int], tuple[int, int]]


def _placing(pieces: Sequence[tuple[int, int]]) -> Place:
    """From (offset, length) in the block to the same in the wire, frame headers included."""

    def place(offset: int, length: int) -> tuple[int, int]:
        found = _pieces(offset, length, pieces)
        return found[0][0], found[-1][0] + found[-1][1] - found[0][0]

    return place


def _pieces(
    offset: int, length: int, pieces: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """The pieces of the wire in which this range of the block stands; at least one."""
    found: list[tuple[int, int]] = []
    before = 0
    for start, size in pieces:
        low, high = max(offset, before), min(offset + length, before + size)
        if low < high or (length == 0 and before <= offset <= before + size and not found):
            found.append((start + low - before, high - low))
        before += size
    return tuple(found)


def _moved(found: Field, place: Place) -> Field:
    offset, length = place(found.offset or 0, found.length or 0)
    children = tuple(_moved(child, place) for child in found.children)
    return replace(found, offset=offset, length=length, children=children)


def _header(header: hpack.Header, place: Place) -> HeaderField:
    offset, length = place(header.offset, header.length)
    literal = header.value_literal
    huffman = literal is not None and literal.huffman
    return HeaderField(header.name, header.value, offset, length, huffman, header.kind == "indexed")


def _literals(headers: Sequence[hpack.Header], pieces: Sequence[tuple[int, int]]) -> list[Literal]:
    return [
        Literal(header.name, header.value, value.huffman, _pieces(*value[:2], pieces))
        for header in headers
        if (value := header.value_literal) is not None
    ]
