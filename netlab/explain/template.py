"""The small language of the front matter: slots for facts, and conditions on them.

A slot is `{fact}`, `{fact:key}` (that key of each row of a list), `{fact:count}` (how many
there are) or `{fact:exact}` (the bare figure, without its unit); `{{` and `}}` are braces. A
condition is `fact`, `!fact`, `fact=value`, `fact!=value`, `fact>number` or `fact<number`. Both
are read when a page is loaded, so that a slip of the pen never reaches a person.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from netlab.recording.records import Fact, Value

Lookup: TypeAlias = Callable[[str], Fact | None]
"""The fact of a name, as it holds where the page is read; None where nothing is known."""

Test = Literal["", "!", "=", "!=", ">", "<"]

NAME = r"[a-z][a-z0-9]*(?:[._][a-z0-9]+)*"
SLOT = re.compile(rf"(\{{\{{|\}}\}})|\{{({NAME})(?::([a-z0-9_]+))?\}}|[{{}}]")
CONDITION = re.compile(rf"(!?)({NAME})(?:(=|!=|>|<)(.+))?")


@dataclass(frozen=True, slots=True)
class Slot:
    fact: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    fact: str
    test: Test = ""
    value: str = ""

    def holds(self, find: Lookup) -> bool:
        """Of a list, `=` asks for a member, `>` and `<` compare the length."""
        fact = find(self.fact)
        value = None if fact is None else fact.value
        if self.test in ("", "!"):
            return known(value) is (self.test == "")
        if value is None:
            return False
        if self.test in ("=", "!="):
            return (self.value in words(value)) is (self.test == "=")
        return compare(value, self.test == ">", float(self.value))


Template: TypeAlias = tuple[str | Slot, ...]


def read_template(text: str) -> Template:
    """Raises ValueError for a brace that opens or closes no slot."""
    parts: list[str | Slot] = []
    end = 0
    for match in SLOT.finditer(text):
        if not match[1] and not match[2]:
            raise ValueError(f"a brace that belongs to no slot in {text!r}")
        slot = match[1][0] if match[1] else Slot(match[2], match[3] or "")
        parts += [text[end : match.start()], slot]
        end = match.end()
    parts.append(text[end:])
    return tuple(part for part in parts if part != "")


def read_condition(text: str) -> Condition:
    match = CONDITION.fullmatch(text)
    if match is None or (match[1] and match[3]):
        raise ValueError(f"not a condition: {text!r}")
    test, value = match[3] or match[1], match[4] or ""
    if test in (">", "<"):
        float(value)
    return Condition(match[2], test, value)  # type: ignore[arg-type]


def known(value: Value) -> bool:
    """Whether there is something to tell: 0 is, None, no, and emptiness are not."""
    return value is not None and value is not False and value != "" and value != [] and value != {}


def words(value: Value) -> tuple[str, ...]:
    """What `=` compares with, in the spelling of the front matter."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, (list, dict)):
        return tuple(word for item in value for word in words(item))
    return (str(value),)


def compare(value: Value, more: bool, limit: float) -> bool:
    amount = len(value) if isinstance(value, (list, dict)) else value
    if isinstance(amount, bool) or not isinstance(amount, (int, float)):
        return False
    return amount > limit if more else amount < limit
