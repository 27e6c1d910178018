"""Takes the secrets out of a recording before it leaves the program.

The lab's secrets are no secrets. Of any other network these are masked: cookies, credentials and
tokens in header fields, codes, tokens and passwords in URLs wherever a URL stands (the command line
too), and the octets of bodies. A mask has the length of what it covers, so that every offset
stays true, and `Message.redacted` lists the ranges.

Two nets, one behind the other: secrets are looked for where protocols carry them, in octets,
fields and facts; then each one found is looked for once more, letter by letter, in everything that
is text or plaintext octets.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from netlab.dissect import http1, masks
from netlab.dissect.masks import Mask
from netlab.dissect.reader import walk
from netlab.dissect.secret_names import URL_HEADERS
from netlab.recording.records import Fact, Field, Message, Record, Recording, Value

COOKIES, CREDENTIALS, ADDRESSES, BODIES = (
    "cookies",
    "credentials in header fields",
    "secrets in URLs",
    "bodies",
)
SHORTEST = 8
"""Letters that a secret needs to be looked for in all text: `1` or `en` would mask half of it."""

ARGUMENT = re.compile(r"((?:-H|--header=)?\s*)([!#-9;-~]+?)(\s*:\s*)(.*)", re.DOTALL)
BARE_USERINFO = re.compile(r"[^/?#@\s:]+:[^/?#@\s]+(?=@)")
"""`user:password` before an address that was typed without a scheme."""
BODY_NAMES = ("Data", "chunk-data", "chunks not listed")
TEXTS = ("title", "note", "advice", "prompt", "why", "address", "name")
"""Attributes of records that hold text; a fact's name is an identifier and holds none."""

Rec = TypeVar("Rec", bound=Record)


@dataclass(slots=True)
class Found:
    """The secrets that were met: their kinds, for the header, and their texts, for the sweep."""

    kinds: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)

    def header(self, name: str, value: str) -> str:
        """A header field's value without its secrets."""
        masked = masks.header(name, value)
        if masked != value:
            low = name.lower()
            url = low in URL_HEADERS
            self.kinds.add(ADDRESSES if url else COOKIES if "cookie" in low else CREDENTIALS)
            self._keep(value, masked)
        return masked

    def url(self, text: str) -> str:
        """Text without the secrets of the URL that it is or holds."""
        bare = BARE_USERINFO.match(text)
        masked = masks.url("X" * bare.end() + text[bare.end() :] if bare else text)
        if masked != text:
            self.kinds.add(ADDRESSES)
            self._keep(text, masked)
        return masked

    def _keep(self, text: str, masked: str) -> None:
        for start, end in _differences(text, masked):
            secret = text[start:end]
            # The value of each cookie, the token behind `Bearer`, the password behind the user.
            self.texts |= {secret, *re.split(r"[;=:\s]+", secret)}

    def sweep(self) -> Callable[[str], str]:
        """Masks every secret found so far wherever it stands in a text."""
        # What an experiment has blotted out itself is none.
        plain = [text for text in self.texts if text.strip("*")]
        known = [text for text in plain if len(text) >= SHORTEST and not text.isalpha()]
        if not known:
            return lambda text: text
        pattern = re.compile("|".join(map(re.escape, sorted(known, key=len, reverse=True))))
        return lambda text: pattern.sub(lambda match: "X" * len(match[0]), text)


def redact(recording: Recording, keep_secrets: bool = False) -> Recording:
    """The recording as it may leave the program. What stands in it of the lab stays."""
    if keep_secrets or recording.header.network == "lab":
        return recording
    found = Found()
    records = [_in_its_place(record, found) for record in recording.records]
    command = tuple(_argument(argument, found) for argument in recording.header.command)
    sweep = found.sweep()
    header = replace(
        recording.header,
        command=tuple(map(sweep, command)),
        redacted=tuple(sorted({*recording.header.redacted, *found.kinds})),
    )
    return Recording(header, tuple(_swept(record, sweep) for record in records))


# Where protocols carry them


def _in_its_place(record: Record, found: Found) -> Record:
    if isinstance(record, Fact):
        return replace(record, value=_value(record.value, found), note=found.url(record.note))
    if isinstance(record, Message):
        record = _message(record, found)
    return _texts(record, found.url)


def _value(value: Value, found: Found) -> Value:
    """A fact's value. A pair of texts is taken for a header field's name and value."""
    if isinstance(value, str):
        return found.url(value)
    if isinstance(value, dict):
        return {key: _value(item, found) for key, item in value.items()}
    if isinstance(value, list):
        match value:
            case [str(name), str(text)]:
                return [name, found.url(found.header(name, text))]
        return [_value(item, found) for item in value]
    return value


def _argument(argument: str, found: Found) -> str:
    """A word of the command line: a header field to send, or a URL."""
    match = ARGUMENT.fullmatch(argument)
    if match:
        argument = f"{match[1]}{match[2]}{match[3]}{found.header(match[2], match[4])}"
    return found.url(argument)


def _message(message: Message, found: Found) -> Message:
    if not message.protocol.lower().startswith("http"):
        return message
    if not message.fields and "2" in message.protocol and message.wire:
        # Frames that nobody took apart: without the table nobody can say what stands there.
        return replace(message, wire=b"X" * len(message.wire), redacted=((0, len(message.wire)),))
    fields = message.fields or _parsed(message.wire)
    headers = list(_headers(fields))
    for name, value in headers:
        found.header(name, value)
    spots = [*_http2(fields, len(message.wire))] if _is_http2(fields) else _http1(message.wire)
    bodies = [*_bodies(fields)]
    found.kinds |= {BODIES} if bodies else set()
    spots = [spot for spot in [*spots, *bodies] if spot.length]
    return replace(
        message,
        fields=_fields(masks.blank(message.fields, headers), found),
        wire=masks.apply(message.wire, spots),
        redacted=_joined([*message.redacted, *((spot.offset, spot.length) for spot in spots)]),
    )


def _parsed(wire: bytes) -> tuple[Field, ...]:
    """The fields of octets that came without any."""
    return (http1.response if wire.startswith(b"HTTP/") else http1.request)(wire).fields


def _is_http2(fields: tuple[Field, ...]) -> bool:
    return any(f.name in ("header field", "Field Block Fragment", "Data") for f in walk(fields))


def _headers(fields: tuple[Field, ...]) -> Iterator[tuple[str, str]]:
    """Header fields of either version: HPACK's say `name: value`, a line's is named by its name."""
    for each in walk(fields):
        if not isinstance(each.value, str):
            continue
        if each.name == "header field":
            name, _, value = each.value[1:].partition(": ")
            yield each.value[:1] + name, value  # a pseudo-header begins with a colon
        elif any(child.name == "field-value" for child in each.children):
            yield each.name, each.value


def _http1(wire: bytes) -> list[Mask]:
    return [*masks.http1(wire)] if wire else []


def _http2(fields: tuple[Field, ...], size: int) -> Iterator[Mask]:
    """The secret literals of header blocks, and of a block that could not be read its rest."""
    everything = list(walk(fields))
    blocks = [each for each in everything if each.name == "Field Block"]
    if not blocks:
        yield from (_over(f) for f in everything if f.name == "Field Block Fragment")
    for each in everything:
        if each.name == "header field" and isinstance(each.value, str):
            name, _, value = each.value[1:].partition(": ")
            if masks.header(each.value[:1] + name, value) != value:
                yield from _literal(each)
        elif each.name == "malformed" and each.offset is not None:
            yield Mask(each.offset, max(0, size - each.offset))


def _literal(header: Field) -> Iterator[Mask]:
    """The octets of a header field's value; a reference to the table has none."""
    huffman = False
    for child in header.children:
        if child.name == "Huffman":
            huffman = bool(child.value)
        elif child.name == "value":
            filler = masks.HUFFMAN_FILLER if huffman else masks.FILLER
            yield _over(child)._replace(filler=filler)


def _over(part: Field) -> Mask:
    return Mask(part.offset or 0, part.length or 0)


def _bodies(fields: tuple[Field, ...]) -> Iterator[Mask]:
    """The octets of content, leaving the frames and chunk sizes around them."""
    for each in walk(fields):
        chunked = any(child.name.startswith("chunk") for child in each.children)
        if each.name in BODY_NAMES or (each.name == "body" and not chunked):
            yield _over(each)


def _fields(fields: tuple[Field, ...], found: Found) -> tuple[Field, ...]:
    return tuple(
        replace(
            each,
            value=found.url(each.value) if isinstance(each.value, str) else each.value,
            children=_fields(each.children, found),
        )
        for each in fields
    )


# Wherever else they stand


def _swept(record: Record, sweep: Callable[[str], str]) -> Record:
    if isinstance(record, Fact):
        return replace(record, value=_strings(record.value, sweep), note=sweep(record.note))
    if isinstance(record, Message):
        record = replace(record, fields=_sweep_fields(record.fields, sweep))
        if record.wire_form == "plaintext" or record.protocol.lower().startswith("http"):
            record = _sweep_wire(record, sweep)
    return _texts(record, sweep)


def _sweep_wire(message: Message, sweep: Callable[[str], str]) -> Message:
    text = message.wire.decode("latin-1")
    swept = sweep(text)
    if swept == text:
        return message
    spots = _differences(text, swept)
    ranges = [*message.redacted, *((start, end - start) for start, end in spots)]
    return replace(message, wire=swept.encode("latin-1"), redacted=_joined(ranges))


def _sweep_fields(fields: tuple[Field, ...], sweep: Callable[[str], str]) -> tuple[Field, ...]:
    return tuple(
        replace(
            each,
            value=_strings(each.value, sweep),
            meaning=None if each.meaning is None else sweep(each.meaning),
            children=_sweep_fields(each.children, sweep),
        )
        for each in fields
    )


def _strings(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _strings(item, change) for key, item in value.items()}
    return value


def _texts(record: Rec, change: Callable[[str], str]) -> Rec:
    """The record with its attributes of text changed."""
    changes: dict[str, Any] = {}
    for name in TEXTS:
        text = getattr(record, name, None)
        if isinstance(text, str):
            changes[name] = change(text)
    return replace(record, **changes)


def _differences(text: str, masked: str) -> list[tuple[int, int]]:
    """Where two texts of one length differ; an X that was there before closes no gap."""
    ranges: list[tuple[int, int]] = []
    for at, (before, after) in enumerate(zip(text, masked, strict=True)):
        if before != after:
            if ranges and set(text[ranges[-1][1] : at]) <= {"X"}:
                ranges[-1] = (ranges[-1][0], at + 1)
            else:
                ranges.append((at, at + 1))
    return ranges


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The same octets as (offset, length), in order and without overlap."""
    joined: list[tuple[int, int]] = []
    for offset, length in sorted(ranges):
        if joined and offset <= sum(joined[-1]):
            start = joined[-1][0]
            joined[-1] = (start, max(sum(joined[-1]), offset + length) - start)
        else:
            joined.append((offset, length))
    return tuple(joined)
