"""Field lines, read as RFC 9112 §5 writes them and no other way.

Whole blocks are checked at once, with what runs in C: octets that no head may hold are looked for
by `translate`, a bare CR or LF by counting, and only then is anything split.
"""

import re
from collections.abc import Iterable, Iterator

from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.refusal import Refusal, bad

TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""RFC 9110 §5.6.2."""

CONTROLS = bytes([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
"""Octets that neither a field value nor a line's end may hold (RFC 9110 §5.5)."""


class Fields:
    """The fields of one head or trailer section, in their order: (name in small letters, value).

    Names are compared without case (RFC 9110 §5.1), and written as they are kept: in small letters.
    """

    __slots__ = ("lines",)

    def __init__(self, lines: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.lines = list(lines)

    def __iter__(self) -> Iterator[tuple[bytes, bytes]]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.lines if key == name]

    def first(self, name: bytes) -> bytes | None:
        for key, value in self.lines:
            if key == name:
                return value
        return None

    def members(self, name: bytes) -> list[bytes]:
        """The members of a list-valued field, over all its lines (RFC 9110 §5.6.1)."""
        parts = (part.strip(b" \t") for value in self.all(name) for part in value.split(b","))
        return [part for part in parts if part]

    def options(self, name: bytes) -> frozenset[bytes]:
        """Members that are compared without case: connection options, protocols."""
        return frozenset(part.lower() for part in self.members(name))

    def write(self) -> bytes:
        return b"".join([b"%s: %s\r\n" % line for line in self.lines])


def check_octets(block: bytes) -> None:
    """Refuse a control octet, and any CR or LF that is not part of a CR LF."""
    if len(block.translate(None, CONTROLS)) != len(block):
        raise bad("a control octet in the head", "RFC 9110 §5.5")
    ends = block.count(b"\r\n")
    if block.count(b"\n") != ends:
        raise bad("a line ends with a bare LF", "RFC 9112 §2.2")
    if block.count(b"\r") != ends:
        raise bad("a CR without its LF", "RFC 9112 §2.2")


def parse_fields(lines: list[bytes], limits: Limits = LIMITS) -> Fields:
    """The field lines of a block whose octets have been checked."""
    if len(lines) > limits.fields:
        raise Refusal(431, f"more than {limits.fields} fields", "RFC 6585 §5")
    return Fields([parse_line(line, limits) for line in lines])


def parse_line(line: bytes, limits: Limits) -> tuple[bytes, bytes]:
    if len(line) > limits.field:
        raise Refusal(431, f"a field of more than {limits.field} octets", "RFC 6585 §5")
    name, colon, value = line.partition(b":")
    if not colon or TOKEN.fullmatch(name) is None:
        raise malformed(line, name, colon)
    return name.lower(), value.strip(b" \t")


def malformed(line: bytes, name: bytes, colon: bytes) -> Refusal:
    """Say which rule a field line broke."""
    if line[:1] in (b" ", b"\t"):
        return bad("a folded field line", "RFC 9112 §5.2")
    if not colon:
        return bad("a field line without a colon", "RFC 9112 §5")
    if not name:
        return bad("a field without a name", "RFC 9110 §5.1")
    if name[-1:] in (b" ", b"\t"):
        return bad("whitespace before a field's colon", "RFC 9112 §5.1")
    return bad("a field name that is no token", "RFC 9110 §5.1")
