"""The chunked transfer coding (RFC 9112 §7.1), read strictly and written plainly."""

import re

from netlab.balance.http.fields import CONTROLS, Fields, check_octets, parse_fields
from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.refusal import Refusal, bad

TCHAR = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
LINE = re.compile(
    rb"([0-9A-Fa-f]{1,15})"
    rb"((?:[ \t]*+;[ \t]*+"
    + TCHAR
    + rb"(?:[ \t]*+=[ \t]*+(?:"
    + TCHAR
    + rb"|"
    + QUOTED
    + rb"))?)*)"
)
"""chunk-size [ chunk-ext ]. Fifteen digits are more than any body taken here, and no overflow."""

LAST = b"0\r\n"


class Chunks:
    """A decoder: give it the buffer, it takes what it understands. `trailers` come at the end.

    Lines end with CR LF and nothing else: the parser that takes a bare LF for a line's end reads
    other chunks than the one that does not. Extensions are checked, counted and dropped.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.trailers: Fields | None = None
        self.left = 0
        """Octets of the chunk's data still to come."""
        self.closing = False
        """The data is over; its CR LF is not."""
        self.last = False
        self.total = 0
        self.extensions = 0

    def take(self, buffer: bytearray) -> bytes:
        """Remove from the buffer what can be read, and give its data. Raises Refusal."""
        pieces: list[bytes] = []
        at = 0
        try:
            while self.trailers is None:
                before = at
                at = self.step(buffer, at, pieces)
                if at == before:
                    break
        finally:
            del buffer[:at]
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def step(self, buffer: bytearray, at: int, pieces: list[bytes]) -> int:
        """Read one thing at `at`: data, the CR LF behind it, a size, the trailer section."""
        if self.left:
            return self.data(buffer, at, pieces)
        if self.closing:
            return self.close(buffer, at)
        if self.last:
            return self.trailer(buffer, at)
        return self.size(buffer, at)

    def data(self, buffer: bytearray, at: int, pieces: list[bytes]) -> int:
        piece = bytes(buffer[at : at + self.left])
        if piece:
            pieces.append(piece)
            self.left -= len(piece)
            self.closing = self.left == 0
        return at + len(piece)

    def close(self, buffer: bytearray, at: int) -> int:
        end = bytes(buffer[at : at + 2])
        if end == b"\r\n":
            self.closing = False
            return at + 2
        if end not in (b"", b"\r"):
            raise bad("a chunk's data is longer than its size", "RFC 9112 §7.1")
        return at

    def size(self, buffer: bytearray, at: int) -> int:
        end = buffer.find(b"\n", at, at + self.limits.chunk_line)
        if end < 0:
            if len(buffer) - at >= self.limits.chunk_line:
                raise bad("a chunk's extensions are too long", "RFC 9112 §7.1.1")
            return at
        line = bytes(buffer[at:end])
        if line[-1:] != b"\r":
            raise bad("a chunk's size ends with a bare LF", "RFC 9112 §7.1")
        match = LINE.fullmatch(line[:-1])
        if match is None:
            raise malformed(line[:-1])
        self.opened(int(match[1], 16), len(match[2]))
        return end + 1

    def opened(self, size: int, extension: int) -> None:
        self.left, self.last = size, size == 0
        self.total += size
        self.extensions += extension
        if self.total > self.limits.body:
            raise Refusal(413, "a body longer than any that is taken", "RFC 9110 §15.5.14")
        if self.extensions > self.limits.extensions:
            raise bad("more chunk extensions than are read", "RFC 9112 §7.1.1")

    def trailer(self, buffer: bytearray, at: int) -> int:
        """The field lines after the last chunk, and the empty line (RFC 9112 §7.1.2)."""
        if buffer[at : at + 2] == b"\r\n":
            self.trailers = Fields()
            return at + 2
        end = buffer.find(b"\r\n\r\n", at, at + self.limits.trailers)
        section = bytes(buffer[at : end + 2 if end >= 0 else at + self.limits.trailers])
        if end < 0:
            self.unfinished(section)
            return at
        check_octets(section)
        self.trailers = parse_fields(section[:-2].split(b"\r\n"), self.limits)
        return end + 4

    def unfinished(self, section: bytes) -> None:
        """Refuse at once what more octets cannot make right."""
        if len(section) >= self.limits.trailers:
            raise Refusal(431, "trailers of too many octets", "RFC 6585 §5")
        check_octets(section.removesuffix(b"\r"))


def malformed(line: bytes) -> Refusal:
    if len(line.translate(None, CONTROLS)) != len(line):
        return bad("a control octet in a chunk's size", "RFC 9112 §7.1")
    digits = re.match(rb"[0-9A-Fa-f]+", line)
    if digits is None:
        return bad("a chunk's size is no number", "RFC 9112 §7.1")
    if len(digits[0]) > 15:
        return bad("a chunk's size beyond all bounds", "RFC 9112 §7.1")
    return bad("a malformed chunk extension", "RFC 9112 §7.1.1")


def chunk(data: bytes) -> bytes:
    """One chunk. Nothing makes none: an empty chunk would be the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def last_chunk(trailers: Fields | None = None) -> bytes:
    return LAST + (trailers.write() if trailers else b"") + b"\r\n"
