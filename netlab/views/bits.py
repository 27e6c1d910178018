"""A message down to its bits: each octet beside its pattern, each piece beside its meaning."""

from collections.abc import Iterator

from netlab.explain.units import say
from netlab.recording.records import Field, Message
from netlab.views.arrows import topmost
from netlab.views.sheet import Sheet
from netlab.views.story import Chapter
from netlab.views.style import Line
from netlab.views.text import fold, pad

INDENT = 6
MOST_MESSAGES = 2
"""Messages that are drawn below --deep; there the fields of all stand with the evidence."""
MOST_OCTETS = 32
PER_ROW = 8

Row = tuple[str, str, str]
"""Octets, bit pattern, meaning."""


def drawn(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """The first messages of the chapter that have fields smaller than an octet.

    Of a protocol that carries others none is drawn: the chapter is about what it carries.
    """
    messages = chapter.all(Message)
    carriers = {message.carrier for message in messages} - {None}
    below = {message.protocol for message in messages if message.id in carriers}
    found = [m for m in topmost(messages) if has_bits(m.fields) and m.protocol not in below]
    made: list[Line] = []
    for message in found[:MOST_MESSAGES]:
        way = f"{chapter.story.name(message.sender)} to {chapter.story.name(message.receiver)}"
        made += sheet.paragraph(f"{way}: {message.title}", INDENT, "quiet")
        for row in rows(message):
            made += _lines(row, sheet)
    return made


def has_bits(fields: tuple[Field, ...]) -> bool:
    return any(f.bit is not None or has_bits(f.children) for f in fields)


def rows(message: Message) -> Iterator[Row]:
    for field in message.fields:
        yield from _rows(field, message.wire)


def _rows(field: Field, wire: bytes) -> Iterator[Row]:
    if any(child.bit is not None for child in field.children):
        octets = _octets(field, wire).hex(" ")
        for number, child in enumerate(field.children):
            yield octets if number == 0 else "", pattern(child, wire), meaning(child)
    elif field.children:
        masked = any(child.name == "unmasked" for child in field.children)
        for child in field.children:
            # What lies under a mask has no octets of its own on the wire.
            own = not masked or child.name in ("as sent, masked", "unmasked")
            yield from _rows(child, wire) if own else iter([("", "", meaning(child))])
    elif field.name == "unmasked" and isinstance(field.value, str):
        yield from _long(bytes.fromhex(field.value), meaning(field, value=False))
    else:
        yield from _long(_octets(field, wire), meaning(field, value=_telling(field)))


def _telling(field: Field) -> bool:
    """Whether the value says more than the octets beside it."""
    return isinstance(field.value, int) or field.length is None or field.name == "Reason"


def _long(octets: bytes, text: str) -> Iterator[Row]:
    shown = octets[:MOST_OCTETS]
    if (more := len(octets) - len(shown)) > 0:
        text += f", {more:,} more octets"
    pieces = [shown[at : at + PER_ROW].hex(" ") for at in range(0, len(shown), PER_ROW)] or [""]
    for number, piece in enumerate(pieces):
        yield piece, "", text if number == 0 else ""


def _octets(field: Field, wire: bytes) -> bytes:
    if field.offset is None or field.length is None:
        return b""
    return wire[field.offset : field.offset + field.length]


def pattern(field: Field, wire: bytes) -> str:
    """`1... ....`: the piece's own bits in their place in the octet."""
    if field.bit is None or field.bits is None or field.offset is None:
        return ""
    octet = f"{wire[field.offset]:08b}" if field.offset < len(wire) else "." * 8
    kept = range(field.bit, field.bit + field.bits)
    text = "".join(bit if at in kept else "." for at, bit in enumerate(octet))
    return f"{text[:4]} {text[4:]}"


def meaning(field: Field, value: bool = True) -> str:
    text = f"{field.name}: {say(field.value)}" if value else field.name
    return f"{text} ({field.meaning})" if field.meaning else text


def _lines(row: Row, sheet: Sheet) -> list[Line]:
    octets, bits, text = row
    left = pad((bits and f"{octets:<6}{bits}") or octets, 3 * PER_ROW)
    room = max(16, sheet.text_width - INDENT - 3 * PER_ROW - 2)
    parts = fold(sheet.clean(text), room) or [""]
    made: list[Line] = []
    for number, part in enumerate(parts):
        lead = left if number == 0 else " " * len(left)
        made.append(((" " * INDENT + lead + "  ", "quiet"), (part, "")))
    return made
