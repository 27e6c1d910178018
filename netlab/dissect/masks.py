"""Where secrets stand in what HTTP sent, and how they are masked without moving anything.

A mask keeps the length, so that the offsets of all fields stay true. In HTTP/1.1, and in HPACK's
raw literals, the filler is `X`; in its Huffman literals it is 0xFC, the code of X. What HPACK takes
from its table carries no octets, so there is nothing to mask: its text is blanked by `blank`.

What could not be read is masked as well: nobody can say that no secret stands there.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import unquote

from netlab.dissect import http1 as messages
from netlab.dissect import http2 as connection
from netlab.dissect.http1_head import HeaderLine
from netlab.dissect.reader import walk
from netlab.dissect.secret_names import SECRET_HEADERS, SECRET_PARAMETERS, URL_HEADERS
from netlab.recording.records import Field

FILLER = ord("X")
HUFFMAN_FILLER = 0xFC
"""X in eight bits (RFC 7541 Appendix B): so every octet becomes one X, and no padding is left."""

# A parameter begins behind ? & # ; and its value behind =, each of them perhaps percent-encoded
# (once or more), as in a redirect_uri which is a parameter itself.
DELIMITER = r"%(?:25)*(?:3F|26|23|3B)"
PARAMETER = re.compile(
    rf"(?:^|[?&#;]|{DELIMITER})"
    rf"(?P<name>(?:(?!{DELIMITER}|%(?:25)*3D)[^=?&#;\s/])*)"
    r"(?:(?P<plain>=)|%(?:25)*3D)",
    re.IGNORECASE,
)
PLAIN_VALUE = re.compile(r"[^&#;\s\"'<>]*")
NESTED_VALUE = re.compile(r"(?:(?!%(?:25)*(?:26|23|3B))[^&#;\s\"'<>])*", re.IGNORECASE)
USERINFO = re.compile(r"(?<=//)[^/?#\s]*(?=@)")

Range = tuple[int, int]


class Mask(NamedTuple):
    """Octets to be overwritten by the filler octet."""

    offset: int
    length: int
    filler: int = FILLER


def apply(data: bytes, masks: Iterable[Mask]) -> bytes:
    """The same octets with the masked ones overwritten."""
    masked = bytearray(data)
    for mask in masks:
        start, end = max(0, mask.offset), min(len(masked), mask.offset + mask.length)
        if start < end:
            masked[start:end] = bytes([mask.filler]) * (end - start)
    return bytes(masked)


def url(text: str) -> str:
    """A URL, or its path and query, with its secrets masked; as long as before."""
    return _masked(text, _url_ranges(text))


def header(name: str, value: str) -> str:
    """The value of a header field with its secrets masked; as long as before."""
    return _masked(value, _ranges(name.lower(), value))


def blank(fields: Sequence[Field], headers: Iterable[tuple[str, str]]) -> tuple[Field, ...]:
    """The same tree, with the secret values of these header fields masked wherever they stand."""
    changes: dict[str, str] = {}
    for name, value in headers:
        masked = header(name, value)
        if masked != value:
            changes[value] = masked
            changes[f"{name}: {value}"] = f"{name}: {masked}"
    return tuple(_blanked(field, changes) for field in fields)


def http1(data: bytes) -> tuple[Mask, ...]:
    """The secrets of a request, or of responses that follow each other."""
    if not data.startswith(b"HTTP/"):
        return tuple(_message(messages.request(data), data))
    parts = messages.split_responses(data)
    starts = [*parts.interim, *(() if parts.final is None else (parts.final,))] or [0]
    return tuple(
        Mask(start + mask.offset, mask.length, mask.filler)
        for start in starts
        for mask in _message(messages.response(data[start:]), data[start:])
    )


def http2(state: connection.State, data: bytes) -> tuple[connection.State, tuple[Mask, ...]]:
    """The secrets of the frames that end in data. Offsets count from the stream's beginning."""
    state, entries = connection.frames(state, data)
    return state, tuple(
        Mask(entry.offset + mask.offset, mask.length, mask.filler)
        for entry in entries
        for mask in frame(entry)
    )


def frame(entry: connection.Frame) -> tuple[Mask, ...]:
    """The secrets within the wire of one frame."""
    found = [mask for literal in entry.literals for mask in _literal(literal, entry.wire)]
    return (*found, *_unread_block(entry))


def _url_ranges(text: str) -> list[Range]:
    found = [match.span() for match in USERINFO.finditer(text)]
    done = 0
    for match in PARAMETER.finditer(text):
        if unquote(unquote(match["name"])).lower() in SECRET_PARAMETERS:
            # One secret may hold another: what is masked already is not gone through again.
            start = max(done, match.end())
            value = (PLAIN_VALUE if match["plain"] else NESTED_VALUE).match(text, start)
            done = value.end() if value else start
            found.append((start, done))
    return found


def _ranges(name: str, value: str) -> list[Range]:
    """Which part of a value is secret. Of a cookie that is set, name and attributes are not."""
    if name in ("set-cookie", "set-cookie2"):
        end = value.find(";")
        end = len(value) if end < 0 else end
        return [(value.find("=", 0, end) + 1, end)]
    if name in SECRET_HEADERS:
        return [(0, len(value))]
    return _url_ranges(value) if name in URL_HEADERS else []


def _masked(text: str, ranges: Iterable[Range]) -> str:
    characters = list(text)
    for start, end in ranges:
        characters[start:end] = "X" * (end - start)
    return "".join(characters)


def _blanked(field: Field, changes: dict[str, str]) -> Field:
    children = tuple(_blanked(child, changes) for child in field.children)
    value = changes.get(field.value, field.value) if isinstance(field.value, str) else field.value
    return replace(field, value=value, children=children)


def _message(parsed: messages.Parsed, data: bytes) -> Iterator[Mask]:
    for line in parsed.lines:
        yield from _line(line, data)
    if parsed.version is not None and parsed.head_length is None:
        # A line that was cut off, or is none.
        yield from (_whole(field) for field in parsed.fields if field.name in UNREAD)
    for field in parsed.fields:
        if field.name == "request-line":
            yield from _within(data, field.offset or 0, field.length or 0)
        elif field.name == "field line":
            yield _whole(field)


UNREAD = ("malformed", "incomplete")


def _whole(field: Field) -> Mask:
    return Mask(field.offset or 0, field.length or 0)


def _within(data: bytes, offset: int, length: int) -> Iterator[Mask]:
    """The secrets of a URL, or a line with one, that stands in data."""
    for start, end in _url_ranges(data[offset : offset + length].decode("latin-1")):
        yield Mask(offset + start, end - start)


def _line(line: HeaderLine, data: bytes) -> Iterator[Mask]:
    return _value(line.name.lower(), line.pieces, data)


def _value(name: str, pieces: Sequence[Range], data: bytes) -> Iterator[Mask]:
    """Secrets of a value as it stands in data, perhaps in several pieces."""
    octets = b"".join(data[start : start + length] for start, length in pieces)
    for low, high in _ranges(name, octets.decode("latin-1")):
        before = 0
        for start, length in pieces:
            first, last = max(low, before), min(high, before + length)
            if first < last:
                yield Mask(start + first - before, last - first)
            before += length


def _literal(literal: connection.Literal, wire: bytes) -> Iterator[Mask]:
    """A Huffman literal is masked as a whole: its characters do not begin at octets."""
    if not literal.huffman:
        yield from _value(literal.name.lower(), literal.pieces, wire)
    elif _ranges(literal.name.lower(), literal.value):
        for start, length in literal.pieces:
            yield Mask(start, length, HUFFMAN_FILLER)


def _unread_block(entry: connection.Frame) -> Iterator[Mask]:
    """The part of a header block that could not be decoded, without the headers of frames."""
    fragments = [field for field in walk(entry.fields) if field.name == "Field Block Fragment"]
    bad = [
        field.offset or 0
        for top in entry.fields
        if top.name == "Field Block" or entry.headers is None
        for field in walk([top])
        if field.name == "malformed"
    ]
    for fragment in fragments if bad else ():
        start = max(fragment.offset or 0, min(bad))
        end = (fragment.offset or 0) + (fragment.length or 0)
        if start < end:
            yield Mask(start, end - start)
