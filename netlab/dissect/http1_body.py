"""How long the content of an HTTP/1.1 message is, and its chunks (RFC 9112 §6, §7)."""

from dataclasses import dataclass, field
from typing import Literal

from netlab.dissect.http1_head import HeaderLine, field_lines, line
from netlab.dissect.reader import Incomplete, Malformed, Reader
from netlab.recording.records import Field

MOST_KEPT = 8 * 1024 * 1024
MOST_CHUNKS = 256
"""Are listed as fields; the rest is counted."""

MOST_CHUNKS_READ = 20_000
"""Chunks of one octet make an honest body a costly one."""

LONGEST_SIZE = 15
"""Hexadecimal digits: more would be more than any content."""

Framing = Literal["none", "content-length", "chunked", "until close"]


@dataclass(slots=True)
class Content:
    """What was found of it. kept: decoded from its framing, up to a bound; length: all of it."""

    framing: Framing = "none"
    kept: bytes = b""
    length: int = 0
    complete: bool = False
    trailers: list[HeaderLine] = field(default_factory=list)


def framing(
    lines: list[HeaderLine], status: int | None, method: str | None
) -> tuple[Framing, int, str | None]:
    """Which rule of RFC 9112 §6.3 holds, the length, and what is wrong with the head's word.

    status is None for a request; method is that of the request in either case.
    """
    if status is not None and (method == "HEAD" or status // 100 == 1 or status in (204, 304)):
        return "none", 0, None
    if status is not None and method == "CONNECT" and status // 100 == 2:
        return "none", 0, None
    codings, lengths = _values(lines, "transfer-encoding"), _values(lines, "content-length")
    if codings:
        fault = "Content-Length beside Transfer-Encoding (RFC 9112 §6.3)" if lengths else None
        if codings[-1].lower() == "chunked":
            return "chunked", 0, fault
        if status is None:
            return "none", 0, "the last transfer coding of a request is not chunked (§6.3)"
        return "until close", 0, fault
    if lengths:
        return _content_length(lengths)
    return ("none" if status is None else "until close"), 0, None


def _values(lines: list[HeaderLine], name: str) -> list[str]:
    joined = ",".join(found.value for found in lines if found.name.lower() == name)
    return [value.strip() for value in joined.split(",") if value.strip()]


def _content_length(lengths: list[str]) -> tuple[Framing, int, str | None]:
    value = lengths[0]
    if len(set(lengths)) > 1 or not (value.isascii() and value.isdecimal()) or len(value) > 18:
        return "until close", 0, "Content-Length says no one length (RFC 9112 §6.3)"
    return "content-length", int(value), None


def read(reader: Reader, content: Content, length: int) -> None:
    """Read the content; what it holds so far is in `content`, even where this raises."""
    if content.framing == "none":
        content.complete = True
        return
    with reader.part("body") as body:
        if content.framing == "chunked":
            _chunks(body, content)
        elif content.framing == "until close":
            _take(body, content, body.left)
        else:
            _take(body, content, min(length, body.left))
            if content.length < length:
                raise Incomplete(f"{content.length} of {length} octets")
        body.value = content.length
    content.complete = content.framing != "until close"


def _take(reader: Reader, content: Content, count: int) -> None:
    octets = reader.octets(count)
    content.kept += octets[: MOST_KEPT - len(content.kept)]
    content.length += count


def _chunks(reader: Reader, content: Content) -> None:
    kept: list[bytes] = []
    hidden: Field | None = None
    count = size = 1
    try:
        while size:
            if count > MOST_CHUNKS_READ:
                raise Incomplete(f"more than {MOST_CHUNKS_READ} chunks are not read")
            with reader.part("chunk") as chunk:
                size = _chunk(chunk, content, kept)
            if count > MOST_CHUNKS and size:
                reader.fields.pop()
                hidden = _more(reader, hidden)
            count += 1
    finally:
        content.kept = b"".join(kept)[:MOST_KEPT]


def _more(reader: Reader, before: Field | None) -> Field:
    """One field in the place of the chunks that would be too many to list."""
    start, count = reader.at, 0
    if before is not None and before.offset is not None and isinstance(before.value, int):
        reader.fields.pop()
        start, count = before.offset, before.value
    else:
        last = reader.fields[-1]
        start = (last.offset or 0) + (last.length or 0)
    reader.add("chunks not listed", count + 1, start)
    return reader.fields[-1]


def _chunk(reader: Reader, content: Content, kept: list[bytes]) -> int:
    size = _size(reader)
    reader.value = size
    if size == 0:
        field_lines(reader, content.trailers)
        return 0
    start = reader.at
    octets = reader.octets(min(size, reader.left))
    reader.add("chunk-data", None, start)
    if content.length < MOST_KEPT:
        kept.append(octets)
    content.length += len(octets)
    if len(octets) < size:
        raise Incomplete(f"{len(octets)} of {size} octets")
    with line(reader, "chunk end") as end:
        if end.left:
            raise Malformed("a chunk is longer than its size says (RFC 9112 §7.1)")
    return size


def _size(reader: Reader) -> int:
    """The line before a chunk; without a size there is no telling what follows."""
    words = ""
    with line(reader, "chunk-size line") as inner:
        semicolon = inner.data.find(b";", inner.at, inner.end)
        words = inner.text("chunk-size", (inner.end if semicolon < 0 else semicolon) - inner.at)
        if semicolon >= 0:
            inner.text("chunk-ext")
    digits = words.strip(" \t")
    if not digits or len(digits) > LONGEST_SIZE or set(digits) - set("0123456789abcdefABCDEF"):
        raise Malformed("a chunk without a size in hexadecimal (RFC 9112 §7.1)")
    return int(digits, 16)
