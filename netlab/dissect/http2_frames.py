"""The payload of each type of HTTP/2 frame (RFC 9113 §6)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from netlab.dissect.http2_registry import (
    CONTINUATION,
    DATA,
    ERRORS,
    FLAGS,
    GOAWAY,
    HEADERS,
    PING,
    PRIORITY,
    PUSH_PROMISE,
    RST_STREAM,
    SETTING_NAMES,
    SETTINGS,
    TYPES,
    WINDOW_UPDATE,
    flag_bits,
)
from netlab.dissect.reader import Bits, Malformed, Reader

HEADER = 9
STREAM_MASK = 0x7FFFFFFF
END_STREAM, END_HEADERS, PADDED, WITH_PRIORITY = 0x01, 0x04, 0x08, 0x20


@dataclass(slots=True)
class Draft:
    """What the frames that make up one entry give beside their fields.

    pieces: where the parts of a header block stand, as (offset in the wire, length).
    """

    kind: int = -1
    flags: int = 0
    stream: int = 0
    data: bytes = b""
    pieces: list[tuple[int, int]] = field(default_factory=list)


def flag_names(kind: int, flags: int) -> tuple[str, ...]:
    return tuple(name for bit, name in FLAGS.get(kind, {}).items() if flags & bit)


def frame(reader: Reader, draft: Draft) -> None:
    """One whole frame: nine octets of header, then its payload."""
    length = reader.uint("Length", 3)
    draft.kind = reader.uint("Type", 1, TYPES)
    draft.flags = reader.word("Flags", 1, flag_bits(draft.kind))
    draft.stream = _stream(reader, "Stream Identifier", "Reserved")
    with reader.part("Payload", length) as payload:
        if draft.kind in PADDABLE and draft.flags & PADDED:
            _padding(payload)
        PAYLOADS.get(draft.kind, _opaque)(payload, draft)
        if payload.left:
            payload.raw("unparsed")
        payload.end = reader.at + length
        if payload.left:
            payload.raw("Padding")


def _stream(reader: Reader, name: str, reserved: str) -> int:
    return reader.word(name, 4, (Bits(reserved, 0), Bits(name, 1, 31)), STREAM_MASK)


def _padding(reader: Reader) -> None:
    """Take the padding off the end, so that what is read next ends before it."""
    length = reader.uint("Pad Length", 1)
    if length > reader.left:
        raise Malformed("more padding than payload (RFC 9113 §6.1)")
    reader.end -= length


def _opaque(reader: Reader, draft: Draft) -> None:
    if reader.left:
        reader.raw("octets")


def _data(reader: Reader, draft: Draft) -> None:
    start = reader.at
    draft.data = reader.octets(reader.left)
    reader.add("Data", None, start)


def _fragment(reader: Reader, draft: Draft) -> None:
    start = reader.at
    reader.octets(reader.left)
    draft.pieces.append((start, reader.at - start))
    reader.add("Field Block Fragment", None, start)


def _headers(reader: Reader, draft: Draft) -> None:
    if draft.flags & WITH_PRIORITY:
        _priority(reader, draft)
    _fragment(reader, draft)


def _priority(reader: Reader, draft: Draft) -> None:
    """Deprecated, but still sent (RFC 9113 §5.3.2)."""
    _stream(reader, "Stream Dependency", "Exclusive")
    reader.uint("Weight", 1)


def _rst_stream(reader: Reader, draft: Draft) -> None:
    reader.uint("Error Code", 4, ERRORS)


def _settings(reader: Reader, draft: Draft) -> None:
    while reader.left:
        with reader.part("Setting") as setting:
            number = setting.uint("Identifier", 2, SETTING_NAMES)
            setting.meaning = SETTING_NAMES.get(number)
            setting.value = setting.uint("Value", 4)


def _push_promise(reader: Reader, draft: Draft) -> None:
    _stream(reader, "Promised Stream ID", "Reserved")
    _fragment(reader, draft)


def _ping(reader: Reader, draft: Draft) -> None:
    reader.raw("Opaque Data", 8)


def _goaway(reader: Reader, draft: Draft) -> None:
    _stream(reader, "Last-Stream-ID", "Reserved")
    reader.uint("Error Code", 4, ERRORS)
    if reader.left:
        reader.text("Additional Debug Data")


def _window_update(reader: Reader, draft: Draft) -> None:
    _stream(reader, "Window Size Increment", "Reserved")


PADDABLE = frozenset((DATA, HEADERS, PUSH_PROMISE))

PAYLOADS: dict[int, Callable[[Reader, Draft], None]] = {
    DATA: _data,
    HEADERS: _headers,
    PRIORITY: _priority,
    RST_STREAM: _rst_stream,
    SETTINGS: _settings,
    PUSH_PROMISE: _push_promise,
    PING: _ping,
    GOAWAY: _goaway,
    WINDOW_UPDATE: _window_update,
    CONTINUATION: _fragment,
}
