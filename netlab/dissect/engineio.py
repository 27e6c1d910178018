"""Engine.IO packets, version 4 of the protocol: one type character, then what the packet says.

Over HTTP polling several packets share a body, joined by 0x1e, and binary ones are base64 behind
a `b`. Over WebSocket each packet is a message: text, or binary without any type.
"""

import base64
import binascii
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from netlab.dissect import jsontext
from netlab.dissect.jsontext import clean
from netlab.dissect.reader import HEX_LIMIT, Malformed, Reader, dissect, text
from netlab.recording.records import Field, Value

SEPARATOR = 0x1E
MOST_PACKETS = 1000
"""Packets of one body that are taken apart; the rest is one broken entry."""

Type = Literal[
    "open", "close", "ping", "pong", "message", "upgrade", "noop", "binary", "malformed"
]  # fmt: skip
TYPES: dict[int, Type] = {
    0x30: "open",
    0x31: "close",
    0x32: "ping",
    0x33: "pong",
    0x34: "message",
    0x35: "upgrade",
    0x36: "noop",
}
PROBE = b"probe"
WANTED = {"sid": str, "upgrades": list, "pingInterval": int, "pingTimeout": int}
"""What an open packet must say; `maxPayload` may be missing in old servers' ones."""
TIMES = ("pingInterval", "pingTimeout")


@dataclass(frozen=True, slots=True)
class Opened:
    """What the server said when it opened the session. Times in seconds."""

    sid: str
    upgrades: tuple[str, ...]
    ping_interval: float
    ping_timeout: float
    max_payload: int | None


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. data: what follows the type, or the octets of a binary one, out of base64.

    offset: where it begins in its body. faults: the rules that it breaks.
    """

    type: Type
    offset: int
    wire: bytes
    data: bytes
    fields: tuple[Field, ...]
    opened: Opened | None = None
    faults: tuple[str, ...] = ()

    @property
    def length(self) -> int:
        return len(self.wire)

    @property
    def probe(self) -> bool:
        return self.type in ("ping", "pong") and self.data == PROBE


def body(octets: bytes) -> tuple[Packet, ...]:
    """The packets of a polling request's or response's body."""
    edges = [-1, *(at for at, octet in enumerate(octets) if octet == SEPARATOR), len(octets)]
    pairs = list(pairwise(edges))
    found = [_text(octets[start + 1 : end], start + 1, True) for start, end in pairs[:MOST_PACKETS]]
    if len(pairs) > MOST_PACKETS:
        start = pairs[MOST_PACKETS][0] + 1
        found.append(
            _broken(octets[start:], start, f"more than {MOST_PACKETS} packets in one body")
        )
    return tuple(found)


def message(octets: bytes, binary: bool) -> Packet:
    """The packet that is a whole WebSocket message, of the kind that its opcode says."""
    if not binary:
        return _text(octets, 0, False)
    shown = octets.hex() if len(octets) <= HEX_LIMIT else None
    return Packet("binary", 0, octets, octets, (Field("binary", shown, None, 0, len(octets)),))


def _broken(octets: bytes, offset: int, why: str) -> Packet:
    fields = (Field("malformed", why, None, 0, len(octets)),)
    return Packet("malformed", offset, octets, b"", fields, None, (why,))


@dataclass(slots=True)
class _Draft:
    """What is known so far of the packet that is read."""

    type: Type = "malformed"
    data: bytes = b""
    opened: Opened | None = None


def _text(octets: bytes, offset: int, polling: bool) -> Packet:
    draft = _Draft()
    fields = dissect(octets, lambda reader: _read(reader, draft, polling))
    faults = tuple(str(field.value) for field in _malformed(fields))
    return Packet(draft.type, offset, octets, draft.data, fields, draft.opened, faults)


def _malformed(fields: tuple[Field, ...]) -> list[Field]:
    found: list[Field] = []
    for field in fields:
        found += [field] if field.name == "malformed" else _malformed(field.children)
    return found


def _read(reader: Reader, draft: _Draft, polling: bool) -> None:
    if not reader.left:
        raise Malformed("an empty packet: each has a type")
    first = reader.peek(1)
    if first == ord("b"):
        _base64(reader, draft, polling)
        return
    if first not in TYPES:
        raise Malformed(f"no packet type: {text(reader.data[reader.at : reader.at + 1])!r}")
    draft.type = TYPES[first]
    start = reader.at
    reader.octets(1)
    reader.add("packet type", chr(first), start, draft.type)
    draft.data = reader.data[reader.at : reader.end]
    if draft.type == "open":
        _open(reader, draft)
    elif reader.left:
        _rest(reader, draft)


def _rest(reader: Reader, draft: _Draft) -> None:
    """What follows the type of any packet but open."""
    try:
        draft.data.decode("utf-8")
    except UnicodeDecodeError:
        reader.flag("a text packet is UTF-8")
    if draft.type in ("close", "upgrade", "noop") or (
        draft.type in ("ping", "pong") and draft.data != PROBE
    ):
        reader.text("data")
        reader.flag(f"{draft.type} says nothing more than its type")
        return
    reader.text("data" if draft.type == "message" else "probe")


def _base64(reader: Reader, draft: _Draft, polling: bool) -> None:
    start = reader.at
    reader.octets(1)
    reader.add("binary mark", "b", start, "base64 follows")
    draft.type = "binary"
    if not polling:
        reader.flag("over WebSocket binary travels in binary messages, not in base64")
    start, coded = reader.at, reader.octets(reader.left)
    try:
        draft.data = base64.b64decode(coded, validate=True)
    except binascii.Error:
        reader.add("base64", text(coded), start)
        reader.flag("this is not base64 (RFC 4648 §4)")
        return
    shown = draft.data.hex() if len(draft.data) <= HEX_LIMIT else None
    length = len(coded)
    inner = (Field("binary", shown, f"{len(draft.data)} octets", start, length),)
    reader.add("base64", text(coded) if length <= HEX_LIMIT else None, start, None, inner)


def _open(reader: Reader, draft: _Draft) -> None:
    """The handshake: JSON with the session's id and its times."""
    with reader.part("handshake", reader.left) as inner:
        made = jsontext.read(draft.data)
        start = inner.at
        for item in made.items:
            value: Value = item.value if isinstance(item.value, int) else clean(item.said)
            if isinstance(item.value, str):
                value = clean(item.value)
            meaning = "milliseconds" if item.key in TIMES else None
            inner.fields.append(
                Field(item.key or "", value, meaning, start + item.offset, item.length)
            )
        inner.at = inner.end
        _judge(inner, draft, made.value)


def _judge(reader: Reader, draft: _Draft, said: object) -> None:
    if not isinstance(said, dict):
        reader.flag("an open packet holds a JSON object")
        return
    wrong = [
        key for key, kind in WANTED.items()
        if not isinstance(said.get(key), kind) or isinstance(said.get(key), bool)
    ]  # fmt: skip
    for key in wrong:
        reader.flag(f"an open packet without a good {key}")
    if wrong:
        return
    limit = said.get("maxPayload")
    good = isinstance(limit, int) and not isinstance(limit, bool)
    # An int may have thousands of digits, which no float holds.
    interval, timeout = (min(max(said[key], 0), 10**12) / 1000 for key in TIMES)
    draft.opened = Opened(
        clean(said["sid"]), tuple(clean(str(one)) for one in said["upgrades"]), interval, timeout,
        limit if good else None,
    )  # fmt: skip
