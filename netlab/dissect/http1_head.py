"""The head of an HTTP/1.1 message: its lines, one by one (RFC 9112 §2 to §5)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from netlab.dissect.reader import Incomplete, Malformed, Reader, text

LONGEST_HEAD = 64 * 1024
MOST_FIELDS = 1000
BLANKS = b" \t"


class HeaderLine(NamedTuple):
    """A field line; pieces are the (offset, length) of its value, one for each folded line."""

    name: str
    value: str
    pieces: tuple[tuple[int, int], ...]


@contextmanager
def line(reader: Reader, name: str) -> Iterator[Reader]:
    """Read one line as a field. The reader that is yielded ends before the line's end."""
    found = reader.data.find(b"\n", reader.at, reader.end)
    if found < 0:
        raise Incomplete("a line without its end")
    with reader.part(name, found + 1 - reader.at) as whole:
        bare = reader.data[found - 1 : found] != b"\r" or found == whole.at
        whole.end = found if bare else found - 1
        try:
            yield whole
        except Malformed as error:
            whole.fault(error)
        if whole.left:
            whole.raw("unparsed")
        whole.end = found + 1
        start, whole.at = whole.at, whole.end
        if bare:
            # A recipient may accept it (RFC 9112 §2.2); a sender must not send it.
            whole.add("bare LF", None, start)


def token(reader: Reader, name: str, last: bool = False) -> str:
    """What stands up to the next space; the last one of a line may hold spaces."""
    found = -1 if last else reader.data.find(b" ", reader.at, reader.end)
    words = reader.text(name, (reader.end if found < 0 else found) - reader.at)
    if found >= 0:
        reader.octets(1)
    return words


def field_lines(reader: Reader, lines: list[HeaderLine]) -> None:
    """All field lines, and the empty line that ends them; those found are added to lines."""
    while not _empty(reader):
        if len(lines) == MOST_FIELDS:
            raise Malformed(f"more than {MOST_FIELDS} field lines")
        found = _field_line(reader)
        if found:
            lines.append(found)
    with line(reader, "empty line"):
        pass


def _empty(reader: Reader) -> bool:
    if not reader.left:
        raise Incomplete("the empty line that ends the head is missing")
    upcoming = reader.data[reader.at : min(reader.at + 2, reader.end)]
    if upcoming == b"\r":
        raise Incomplete("the empty line that ends the head is missing")
    return upcoming[:1] == b"\n" or upcoming == b"\r\n"


def _field_line(reader: Reader) -> HeaderLine | None:
    """One field line with the lines that are folded into it; the field is named as it is."""
    start = reader.at
    found: list[HeaderLine] = []
    with line(reader, "field line") as inner:
        found.append(_first_line(inner))
    children = list(reader.fields.pop().children)
    if not found:
        reader.add("field line", None, start, None, children)
        return None
    name, value, pieces = found[0]
    while reader.data[reader.at : min(reader.at + 1, reader.end)] in (b" ", b"\t"):
        # Obsolete, and outside of message/http to be refused or replaced (RFC 9112 §5.2).
        with line(reader, "obs-fold") as inner:
            more, piece = _value(inner)
            value, pieces = f"{value} {more}", (*pieces, piece)
        children.append(reader.fields.pop())
    reader.add(name, value, start, None, children)
    return HeaderLine(name, value, pieces)


def _first_line(reader: Reader) -> HeaderLine:
    if reader.data[reader.at] in BLANKS:
        raise Malformed("a folded line with nothing before it (RFC 9112 §2.2)")
    colon = reader.data.find(b":", reader.at, reader.end)
    if colon < 0:
        raise Malformed("a field line without a colon (RFC 9112 §5)")
    name = reader.text("field-name", colon - reader.at)
    reader.octets(1)
    if not name or name != name.strip():
        # Refused by servers: here requests are smuggled (RFC 9112 §5.1).
        reader.flag("a field name with a blank, or none (RFC 9112 §5.1)")
    value, piece = _value(reader)
    return HeaderLine(name.strip(), value, (piece,))


def _value(reader: Reader) -> tuple[str, tuple[int, int]]:
    """The rest of a line without the blanks around it, and where it stands."""
    octets = reader.data[reader.at : reader.end]
    stripped = octets.strip(BLANKS)
    reader.at += len(octets) - len(octets.lstrip(BLANKS))
    start = reader.at
    reader.text("field-value", len(stripped))
    if b"\r" in stripped or b"\0" in stripped:
        reader.flag("a bare CR or NUL within a field value (RFC 9110 §5.5)")
    reader.at = reader.end
    return text(stripped), (start, len(stripped))
