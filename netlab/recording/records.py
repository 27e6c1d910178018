"""What a recording is made of.

A few general kinds of record, none specific to a protocol: every view is written against these
alone. All are frozen; times are seconds (float) from the recording's start, on a monotonic clock.
Ids are unique within a recording.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"
"""What JSON can hold."""

Origin = Literal["measured", "captured", "kernel", "computed", "configured", "standard"]
Owner = Literal["network", "far end", "resolver", "configured delay", "netlab"]
Path = Literal["journey", "detail", "aside"]
Outcome = Literal["done", "failed", "cut"]
Severity = Literal["good", "note", "warning", "fault"]

WIRE_CAP = 64 * 1024
"""How many octets of a message are kept; `Message.wire_length` says how many there were."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who takes part."""

    id: str
    name: str
    role: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A chapter of the story.

    id is unique (`2/dns.delegation` in the journey after a redirect); topic names the page of
    content (`dns.delegation`); parent is the id of the step that this one is a part of.
    """

    id: str
    topic: str
    title: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Phase:
    """Something took from then to then.

    Leaves of the tree of `journey` phases never overlap and partition the journey's time.
    `detail` phases lie inside one and may overlap; `aside` phases are what netlab does only in
    order to explain, and stand outside of the journey's time. lane: whose time it is.
    """

    id: str
    step: str
    name: str
    start: float
    end: float
    outcome: Outcome
    owner: Owner
    path: Path
    lane: str = ""
    parent: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A part of a message.

    offset and length are octets within the message's own wire (not relative to the parent);
    where a field is smaller than an octet, `bit` is the offset in bits from the most significant
    bit of the octet at `offset`, and `bits` its width. meaning is the name that a registry gives
    to the value; sentences for people are looked up by views.
    """

    name: str
    value: Value
    meaning: str | None = None
    offset: int | None = None
    length: int | None = None
    bit: int | None = None
    bits: int | None = None
    children: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """Something went from one actor to another.

    wire holds the octets of that protocol's own layer, capped; wire_form says whether they are
    what stood on the wire or the plaintext under a cipher. redacted lists (offset, length) ranges
    that were masked in place. carrier is the message whose payload this one is. arrived is False
    for what was sent and never answered or got lost.
    """

    id: str
    step: str
    at: float
    sender: str
    receiver: str
    protocol: str
    title: str
    fields: tuple[Field, ...] = ()
    wire: bytes = b""
    wire_length: int = 0
    wire_form: Literal["on the wire", "plaintext"] = "on the wire"
    redacted: tuple[tuple[int, int], ...] = ()
    carrier: str | None = None
    arrived: bool = True


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing learnt. name is dotted and stable (`tls.version`); unit is `s`, `B`, … or None.

    actor: whose knowledge it is, where that matters.
    """

    id: str
    step: str
    name: str
    value: Value
    unit: str | None = None
    origin: Origin = "measured"
    actor: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Many measurements of one kind; points are (time, value)."""

    step: str
    name: str
    unit: str | None
    lane: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A judgement on the run, with the ids of the facts that it rests on."""

    step: str
    severity: Severity
    title: str
    advice: str = ""
    facts: tuple[str, ...] = ()
    explain: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Predict before you look."""

    step: str
    prompt: str
    choices: tuple[str, ...]
    answer: int
    why: str


Record: TypeAlias = Actor | Step | Phase | Message | Fact | Series | Finding | Question


@dataclass(frozen=True, slots=True)
class Header:
    """Where and when a recording was made. started: wall clock, ISO 8601 with offset."""

    started: str
    command: tuple[str, ...]
    experiment: str
    network: str
    versions: dict[str, str]
    redacted: tuple[str, ...] = ()
    exit: int = 0
    duration: float = 0.0


@dataclass(frozen=True, slots=True)
class Recording:
    """The whole: a header, and records in the order in which they were written."""

    header: Header
    records: tuple[Record, ...] = field(default=())
