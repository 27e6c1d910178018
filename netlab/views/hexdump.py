"""Bytes, beside what they mean."""

from collections.abc import Iterator

from netlab.explain.units import say
from netlab.recording.records import Field, Message
from netlab.views.sheet import Sheet
from netlab.views.style import Line, line
from netlab.views.text import fold, pad

MOST_OCTETS = 64
"""Octets of one field that are drawn."""
MOST_RAW = 256
"""Octets drawn of a message, or of a stretch of it, that nothing has taken apart."""
MOST_FIELDS = 400
INDENT = 6


def message_tree(message: Message, sheet: Sheet) -> list[Line]:
    """A message's fields with their octets, then the octets that no field covers."""
    rows = list(_flat(message.fields, 0))
    made: list[Line] = []
    for field, depth in rows[:MOST_FIELDS]:
        made += _field(field, depth, message, sheet)
    if (more := len(rows) - MOST_FIELDS) > 0:
        made += sheet.paragraph(f"and {more} more fields (--json holds all)", INDENT, "quiet")
    for start, end in _bare(message):
        made += _raw(message.wire[start:end], start, sheet)
    return made + _notes(message, sheet)


def _flat(fields: tuple[Field, ...], depth: int) -> Iterator[tuple[Field, int]]:
    for field in fields:
        yield field, depth
        yield from _flat(field.children, depth + 1)


def _per_row(sheet: Sheet) -> int:
    return 16 if sheet.width >= 110 else 8 if sheet.width >= 76 else 4


def _field(field: Field, depth: int, message: Message, sheet: Sheet) -> list[Line]:
    per_row = _per_row(sheet)
    octets = b"" if field.children else _octets(field, message)
    shown = octets[:MOST_OCTETS]
    left = [shown[i : i + per_row].hex(" ") for i in range(0, len(shown), per_row)] or [""]
    wide = per_row * 3 - 1
    start = "" if field.offset is None else f"{field.offset:04x}"
    deep = " " * (2 * min(depth, 8))
    room = sheet.width - INDENT - 6 - wide - 2 - len(deep)
    right = fold(sheet.clean(_meaning(field, len(octets) - len(shown))), min(room, 100))
    made: list[Line] = []
    for number in range(max(len(left), len(right))):
        lead = pad(start if number == 0 else "", 6)
        bytes_part = pad(left[number] if number < len(left) else "", wide)
        text = right[number] if number < len(right) else ""
        made.append(((" " * INDENT + lead, "quiet"), (f"{bytes_part}  {deep}{text}", "")))
    return made


def _octets(field: Field, message: Message) -> bytes:
    if field.offset is None or field.length is None:
        return b""
    return message.wire[max(field.offset, 0) : max(field.offset, 0) + max(field.length, 0)]


def _meaning(field: Field, more: int) -> str:
    """`type: 28 (AAAA)`, and how long it is where not all octets stand beside it."""
    text = field.name
    if not (field.children and field.value is None):
        text += f": {say(field.value)}"
    if field.meaning:
        text += f" ({field.meaning})"
    if field.bits is not None:
        text += f", {field.bits} bit{'s' if field.bits != 1 else ''}"
    return text + (f", {more:,} more octets" if more > 0 else "")


def _bare(message: Message) -> Iterator[tuple[int, int]]:
    """Stretches of the octets that no field covers."""
    at = 0
    spans = sorted(
        (f.offset, f.offset + f.length)
        for f in message.fields
        if f.offset is not None and f.length is not None
    )
    for start, end in [*spans, (len(message.wire), len(message.wire))]:
        if at < min(start, len(message.wire)):
            yield at, min(start, len(message.wire))
        at = max(at, end)


def _raw(octets: bytes, offset: int, sheet: Sheet) -> list[Line]:
    per_row = _per_row(sheet)
    made: list[Line] = []
    for at in range(0, min(len(octets), MOST_RAW), per_row):
        row = octets[at : at + per_row]
        seen = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in row)
        lead = pad(f"{offset + at:04x}", 6)
        text = f"{pad(row.hex(' '), per_row * 3 - 1)}  {seen}"
        made.append(((" " * INDENT + lead, "quiet"), (text, "")))
    if (more := len(octets) - MOST_RAW) > 0:
        made.append(line(f"{' ' * (INDENT + 6)}{more:,} more octets", "quiet"))
    return made


def _notes(message: Message, sheet: Sheet) -> list[Line]:
    made: list[Line] = []
    if message.redacted:
        count = sum(length for _, length in message.redacted)
        made += sheet.paragraph(f"{count} octets of secrets are masked.", INDENT, "quiet")
    if message.wire and len(message.wire) < message.wire_length:
        text = f"{len(message.wire):,} of {message.wire_length:,} octets were kept."
        made += sheet.paragraph(text, INDENT, "quiet")
    return made
