"""Socket.IO packets, version 5 of the protocol, as they stand in Engine.IO's messages.

`<type>[<attachments>-][<namespace>,][<ack id>][JSON]`: a digit for the type, then what is needed.
Binary arguments travel behind the packet, each in a binary packet of its own; in the JSON a
placeholder stands for each.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from netlab.dissect import jsontext
from netlab.dissect.jsontext import Json, clean
from netlab.dissect.reader import Malformed, Reader, dissect, text, walk
from netlab.recording.records import Field, Value

Type = Literal[
    "CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK",
    "malformed",
]  # fmt: skip
TYPES: tuple[Type, ...] = (
    "CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK",
)  # fmt: skip
BINARY = ("BINARY_EVENT", "BINARY_ACK")
EVENTS = ("EVENT", "BINARY_EVENT")
ACKS = ("ACK", "BINARY_ACK")
RESERVED = frozenset(
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]
)
"""Event names that belong to the library itself, and so never travel."""

MOST_ATTACHMENTS = 1000
"""Attachments that may be announced; each makes the receiver wait for one more packet."""
LONGEST_ID = 18
"""Digits of an acknowledgement's id."""

COUNT = re.compile(rb"(\d+)-")
NUMBER = re.compile(rb"\d+")


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. arguments: each as its JSON, letter by letter; of an event those behind its
    name. attachments: how many binary packets follow. faults: the rules that it breaks.
    """

    type: Type
    wire: bytes
    fields: tuple[Field, ...]
    namespace: str = "/"
    id: int | None = None
    attachments: int = 0
    event: str | None = None
    arguments: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The digit that stands for the type; empty where there is none."""
        return "" if self.type == "malformed" else str(TYPES.index(self.type))


@dataclass(slots=True)
class _Draft:
    """What is known so far of the packet that is read."""

    type: Type = "malformed"
    namespace: str = "/"
    id: int | None = None
    attachments: int = 0
    event: str | None = None
    arguments: tuple[str, ...] = ()


def packet(octets: bytes) -> Packet:
    """The packet that is the whole of an Engine.IO message's data."""
    draft = _Draft()
    fields = dissect(octets, lambda reader: _read(reader, draft))
    faults = tuple(str(field.value) for field in walk(fields) if field.name == "malformed")
    return Packet(
        draft.type, octets, fields, draft.namespace, draft.id, draft.attachments, draft.event,
        draft.arguments, faults,
    )  # fmt: skip


def _read(reader: Reader, draft: _Draft) -> None:
    if not reader.left:
        raise Malformed("an empty packet: each has a type")
    digit = reader.peek(1) - ord("0")
    if not 0 <= digit < len(TYPES):
        raise Malformed(f"no packet type: {text(reader.data[reader.at : reader.at + 1])!r}")
    draft.type = TYPES[digit]
    start = reader.at
    reader.octets(1)
    reader.add("packet type", str(digit), start, draft.type)
    _attachments(reader, draft)
    _namespace(reader, draft)
    _id(reader, draft)
    _payload(reader, draft)


def _attachments(reader: Reader, draft: _Draft) -> None:
    match = COUNT.match(reader.data, reader.at)
    if match is None:
        if draft.type in BINARY:
            raise Malformed("a binary packet says how many attachments follow")
        return
    start = reader.at
    reader.octets(match.end() - match.start())
    if len(match[1]) > LONGEST_ID or int(match[1]) > MOST_ATTACHMENTS:
        reader.add("attachments", text(match[1])[:100], start)
        raise Malformed(f"more than {MOST_ATTACHMENTS} attachments are announced")
    draft.attachments = int(match[1])
    reader.add("attachments", draft.attachments, start)
    if draft.type not in BINARY:
        reader.flag("only a binary packet has attachments")


def _namespace(reader: Reader, draft: _Draft) -> None:
    if reader.data[reader.at : reader.at + 1] != b"/":
        return
    comma = reader.data.find(b",", reader.at, reader.end)
    end = reader.end if comma < 0 else comma
    draft.namespace = reader.text("namespace", end - reader.at)
    if comma >= 0:
        reader.octets(1)


def _id(reader: Reader, draft: _Draft) -> None:
    match = NUMBER.match(reader.data, reader.at)
    if match is not None:
        start = reader.at
        reader.octets(len(match[0]))
        if len(match[0]) > LONGEST_ID:
            reader.add("ack id", text(match[0])[:100], start)
            raise Malformed("an ack id of too many digits")
        draft.id = int(match[0])
        reader.add("ack id", draft.id, start)
        if draft.type not in (*EVENTS, *ACKS):
            reader.flag(f"{draft.type} has no ack id")
    elif draft.type in ACKS:
        reader.flag("an acknowledgement without the id of what it answers")


def _payload(reader: Reader, draft: _Draft) -> None:
    if not reader.left:
        if draft.type in (*EVENTS, *ACKS):
            reader.flag(f"{draft.type} has an array as its payload")
        return
    with reader.part("payload", reader.left) as inner:
        start = inner.at
        made = jsontext.read(inner.data[inner.at : inner.end])
        inner.fields += _members(made, start, draft)
        inner.at = inner.end
        for fault in _faults(made, draft):
            inner.flag(fault)


def _members(made: Json, start: int, draft: _Draft) -> list[Field]:
    """An event's name and arguments, an acknowledgement's, or an object's members."""
    fields: list[Field] = []
    for number, item in enumerate(made.items):
        named = draft.type in EVENTS and number == 0 and isinstance(item.value, str)
        value: Value = clean(item.value) if isinstance(item.value, str) else clean(item.said)
        if named:
            draft.event = clean(item.value)
        name = "event" if named else item.key if item.key is not None else f"argument {number}"
        fields.append(Field(name, value, _stands_for(item.value), start + item.offset, item.length))
    behind = 1 if draft.event is not None else 0
    draft.arguments = tuple(clean(item.said) for item in made.items[behind:])
    if made.count > len(made.items):
        fields.append(Field("arguments not listed", made.count - len(made.items), None, start, 0))
    return fields


def _stands_for(value: object) -> str | None:
    if not isinstance(value, dict) or value.get("_placeholder") is not True:
        return None
    number = value.get("num")
    plain = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 10**6
    return f"attachment {number}" if plain else "a placeholder for nothing"


def _faults(made: Json, draft: _Draft) -> list[str]:
    found: list[str] = []
    if draft.type in (*EVENTS, *ACKS) and made.kind != "array":
        found.append(f"{draft.type} has an array as its payload")
    elif draft.type in EVENTS:
        if draft.event is None and not _numbered(made):
            found.append("an event begins with its name")
        if draft.event in RESERVED:
            found.append(f"{draft.event} is a name of the library's own, and never travels")
    if draft.type == "CONNECT" and made.kind != "object":
        found.append("CONNECT has an object as its payload, or none")
    if draft.type == "DISCONNECT":
        found.append("DISCONNECT has no payload")
    if draft.type in BINARY:
        wanted = set(range(draft.attachments))
        if placeholders(made.value) != wanted:
            found.append("the placeholders are not those of the attachments")
    return found


def _numbered(made: Json) -> bool:
    """The libraries let a number be an event's name."""
    return bool(made.items) and isinstance(made.items[0].value, int)


def placeholders(value: Any) -> set[object]:
    """The numbers of all placeholders in a payload; its depth is bounded by who read it."""
    if isinstance(value, list):
        return {number for item in value for number in placeholders(item)}
    if isinstance(value, dict):
        if value.get("_placeholder") is True:
            number = value.get("num")
            return {number if isinstance(number, int) else None}
        return {number for item in value.values() for number in placeholders(item)}
    return set()
