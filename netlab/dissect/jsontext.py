"""JSON inside of a packet (RFC 8259): its outermost members, each with its place, within bounds."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from netlab.dissect.reader import Malformed, text

LONGEST = 1024 * 1024
"""Octets of JSON that are looked into."""
DEEPEST = 64
"""Levels of arrays and objects; whoever nests deeper wants to break a parser."""
MOST_ITEMS = 100
"""Outermost members that are listed."""

BLANK = re.compile(r"[ \t\n\r]*")
STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
DECODER = json.JSONDecoder()
Kind = Literal["array", "object", "other"]


@dataclass(frozen=True, slots=True)
class Item:
    """A member. key: of an object's. said: its JSON, letter by letter. offset, length: octets."""

    key: str | None
    value: Any
    said: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Json:
    """One value. items: the members of an array or object, at most MOST_ITEMS of count."""

    kind: Kind
    value: Any
    items: tuple[Item, ...] = ()
    count: int = 0


def read(octets: bytes) -> Json:
    """Raises Malformed for all that is not one JSON value, or is beyond the bounds."""
    if len(octets) > LONGEST:
        raise Malformed(f"more than {LONGEST} octets of JSON are not looked into")
    try:
        said = octets.decode("utf-8")
        _check_depth(said)
        value = json.loads(said, parse_constant=_constant)
    except UnicodeDecodeError:
        raise Malformed("the JSON is not UTF-8 (RFC 8259 §8.1)") from None
    except (ValueError, RecursionError) as error:
        why = str(error).partition(": line")[0]
        raise Malformed(f"not JSON: {text(why.encode('utf-8', 'backslashreplace'))}") from None
    if isinstance(value, list | dict):
        kind: Kind = "array" if isinstance(value, list) else "object"
        return Json(kind, value, _items(said, kind), len(value))
    return Json("other", value)


def clean(words: str) -> str:
    """Text that every stream can carry: JSON's escapes may make half a character."""
    return words.encode("utf-8", "backslashreplace").decode("utf-8")


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON (RFC 8259 §6)")


def _check_depth(said: str) -> None:
    depth = 0
    for match in STRUCTURE.finditer(said):
        if match[0] in "[{":
            depth += 1
        elif match[0] in "]}":
            depth -= 1
        if depth > DEEPEST:
            raise ValueError(f"more than {DEEPEST} levels are not looked into")


def _items(said: str, kind: Kind) -> tuple[Item, ...]:
    """The outermost members, in order; said is known to be good JSON."""
    found: list[Item] = []
    at = _blank(said, _blank(said, 0) + 1)
    before, octets = 0, 0
    while said[at] not in "]}" and len(found) < MOST_ITEMS:
        key = None
        if kind == "object":
            key, at = DECODER.raw_decode(said, at)
            at = _blank(said, _blank(said, at) + 1)  # the colon
        value, end = DECODER.raw_decode(said, at)
        octets += len(said[before:at].encode())
        length = len(said[at:end].encode())
        found.append(Item(None if key is None else clean(key), value, said[at:end], octets, length))
        before, octets = end, octets + length
        at = _blank(said, end)
        if said[at] == ",":
            at = _blank(said, at + 1)
    return tuple(found)


def _blank(said: str, at: int) -> int:
    match = BLANK.match(said, at)
    return match.end() if match else at
