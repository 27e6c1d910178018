"""The JSON form of a recording, both ways.

One object: {"schema": "netlab.recording/1", "header": {...}, "records": [{"kind": "fact", ...}]}.
`recording.schema.json` beside this module says the same to other programs.

Written: wire octets as base64, no NaN, and lone surrogates (which load, and then crash whoever
prints them) as the text of their escape. A field of a message leaves out what it has not, since a
TLS handshake alone holds hundreds; every other record has all its keys.

Read: a file is as hostile as a network. Every value is checked against the record's own types, and
`Foreign` says in words which one does not fit.
"""

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from netlab.recording.records import (
    Actor,
    Fact,
    Field,
    Finding,
    Header,
    Message,
    Phase,
    Question,
    Record,
    Recording,
    Series,
    Step,
    Value,
)

SCHEMA = "netlab.recording/1"
KINDS: dict[str, type] = {
    kind.__name__.lower(): kind
    for kind in (Actor, Step, Phase, Message, Fact, Series, Finding, Question)
}
DEPTH = 64
"""How deep values and fields may nest: far deeper than any dissector goes."""

Decoder = Callable[[Any, int], Any]


class Foreign(ValueError):
    """This is not a recording that netlab wrote; the text says what does not fit."""


def to_json(recording: Recording) -> dict[str, Any]:
    """The recording as what `json.dumps(..., allow_nan=False)` takes."""
    return {
        "schema": SCHEMA,
        "header": _encode(recording.header),
        "records": [
            {"kind": type(record).__name__.lower(), **_encode(record)}
            for record in recording.records
        ],
    }


def from_json(value: Any) -> Recording:
    """The recording that this JSON value is. Raises Foreign."""
    if not isinstance(value, dict) or not isinstance(value.get("schema"), str):
        raise Foreign("it has no schema")
    if value["schema"] != SCHEMA:
        raise Foreign(f"its schema is {value['schema'][:80]!r}, not {SCHEMA!r}")
    header = _object(Header)(value.get("header"), 0)
    items = value.get("records")
    if not isinstance(items, list):
        raise Foreign("its records are no list")
    recording = Recording(header, tuple(_record(item, at) for at, item in enumerate(items)))
    _check(recording)
    return recording


def _record(item: Any, at: int) -> Record:
    kind = KINDS.get(str(item.get("kind"))) if isinstance(item, dict) else None
    if kind is None:
        raise Foreign(f"record {at} is of no kind that netlab knows")
    content = {key: value for key, value in item.items() if key != "kind"}
    try:
        record: Record = _object(kind)(content, 0)
    except Foreign as error:
        raise Foreign(f"record {at}: {error}") from None
    return record


def _check(recording: Recording) -> None:
    """What views rest on and no single record can say: ids, order, and instants."""
    steps: set[str] = set()
    ids: set[str] = set()
    for record in recording.records:
        if isinstance(record, Step):
            if record.parent is not None and record.parent not in steps:
                raise Foreign(f"step {record.id!r} is a part of a step that did not begin")
            steps.add(record.id)
        if isinstance(record, Actor | Step | Phase | Message | Fact):
            key = f"{type(record).__name__} {record.id}"
            if key in ids:
                raise Foreign(f"there are two of {key!r}")
            ids.add(key)
    for record in recording.records:
        if not isinstance(record, Actor | Step) and record.step not in steps:
            raise Foreign(f"a record stands in the step {record.step!r}, which is not there")
        if isinstance(record, Phase) and record.end < record.start:
            raise Foreign(f"phase {record.id!r} ends before it starts")
        if isinstance(record, Question) and not 0 <= record.answer < len(record.choices):
            raise Foreign("a question's answer is none of its choices")


# Writing


def _encode(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else _sound(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple | list):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return {_sound(str(key)): _encode(item) for key, item in value.items()}
    if isinstance(value, Field):
        return _encode_field(value)
    return {part.name: _encode(getattr(value, part.name)) for part in fields(value)}


def _encode_field(value: Field) -> dict[str, Any]:
    parts = {"name": _sound(value.name), "value": _encode(value.value)}
    for name in ("meaning", "offset", "length", "bit", "bits", "children"):
        part = getattr(value, name)
        if part is not None and part != ():
            parts[name] = _encode(part)
    return parts


def _sound(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# Reading: one decoder for each type that the records are made of


@cache
def _object(kind: type) -> Decoder:
    decoders = {part.name: _decoder(part.type) for part in fields(kind)}
    required = {
        part.name
        for part in fields(kind)
        if part.default is MISSING and part.default_factory is MISSING
    }

    def decode(value: Any, depth: int) -> Any:
        if not isinstance(value, dict):
            raise Foreign(f"a {kind.__name__.lower()} is no object")
        if depth > DEPTH:
            raise Foreign("it is nested deeper than anything netlab writes")
        if unknown := value.keys() - decoders.keys():
            raise Foreign(f"{kind.__name__.lower()} has no {sorted(unknown)[0][:40]!r}")
        if missing := required - value.keys():
            raise Foreign(f"{kind.__name__.lower()} lacks {sorted(missing)[0]!r}")
        try:
            return kind(**{key: decoders[key](item, depth + 1) for key, item in value.items()})
        except Foreign as error:
            raise Foreign(f"{kind.__name__.lower()}: {error}") from None

    return decode


def _decoder(hint: Any) -> Decoder:
    if hint == Value:
        return _value
    if hint == tuple["Field", ...]:
        return _each(lambda value, depth: _object(Field)(value, depth))
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(_decoder(next(a for a in arguments if a is not NoneType)))
    if origin is Literal:
        return _one_of(arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return _each(_decoder(arguments[0]))
    if origin is tuple:
        return _exactly(tuple(map(_decoder, arguments)))
    if origin is dict:
        return _mapping
    return {str: _text, int: _integer, float: _number, bool: _truth, bytes: _octets}.get(
        hint
    ) or _object(hint)


def _value(value: Any, depth: int) -> Any:
    if depth > DEPTH:
        raise Foreign("a value is nested deeper than anything netlab writes")
    if isinstance(value, list):
        return [_value(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {_sound(key): _value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, str):
        return _sound(value)
    if isinstance(value, float):
        return _number(value, depth)
    return value


def _text(value: Any, depth: int) -> str:
    if not isinstance(value, str):
        raise Foreign(f"{str(value)[:40]!r} is no text")
    return _sound(value)


def _integer(value: Any, depth: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Foreign(f"{str(value)[:40]!r} is no whole number")
    return value


def _number(value: Any, depth: int) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Foreign(f"{str(value)[:40]!r} is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Foreign("a number is not finite")
    return number


def _truth(value: Any, depth: int) -> bool:
    if not isinstance(value, bool):
        raise Foreign(f"{str(value)[:40]!r} is neither true nor false")
    return value


def _octets(value: Any, depth: int) -> bytes:
    try:
        return base64.b64decode(_text(value, depth), validate=True)
    except (binascii.Error, ValueError):
        raise Foreign("wire octets are no base64") from None


def _mapping(value: Any, depth: int) -> dict[str, str]:
    if not isinstance(value, dict):
        raise Foreign(f"{str(value)[:40]!r} is no object")
    return {_sound(key): _text(item, depth) for key, item in value.items()}


def _optional(inner: Decoder) -> Decoder:
    return lambda value, depth: None if value is None else inner(value, depth)


def _one_of(choices: tuple[Any, ...]) -> Decoder:
    def decode(value: Any, depth: int) -> Any:
        if not isinstance(value, str) or value not in choices:
            raise Foreign(f"{str(value)[:40]!r} is none of {', '.join(choices)}")
        return value

    return decode


def _each(inner: Decoder) -> Decoder:
    def decode(value: Any, depth: int) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Foreign(f"{str(value)[:40]!r} is no list")
        return tuple(inner(item, depth) for item in value)

    return decode


def _exactly(inners: tuple[Decoder, ...]) -> Decoder:
    def decode(value: Any, depth: int) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) != len(inners):
            raise Foreign(f"{str(value)[:40]!r} is no list of {len(inners)}")
        return tuple(inner(item, depth) for inner, item in zip(inners, value, strict=True))

    return decode
