"""Reads the stops of the tour from `content/LANGUAGE/tour.toml`; what is not right raises."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Depth = Literal["brief", "default", "deep"]
DEPTHS = ("brief", "default", "deep")


@dataclass(frozen=True, slots=True)
class Stop:
    """words: those after `netlab`. ends: the exit code that it is about. answer: from 0."""

    id: str
    title: str
    words: tuple[str, ...]
    question: str
    choices: tuple[str, ...]
    answer: int
    after: str
    explain: str = ""
    depth: Depth = "brief"
    ends: int = 0

    def __post_init__(self) -> None:
        texts = (self.id, self.title, self.question, self.after, *self.words, *self.choices)
        if not all(texts):
            raise ValueError(f"the stop {self.id!r} has a text that is empty")
        if not self.words or not 0 <= self.answer < len(self.choices) or self.depth not in DEPTHS:
            raise ValueError(f"the stop {self.id!r} has no words, answer or depth that fits")

    def command(self, depth: Depth | None = None, plain: bool = False) -> tuple[str, ...]:
        """The words, at this depth or at the stop's own."""
        how = depth or self.depth
        looks = () if how == "default" else (f"--{how}",)
        return (*self.words, *looks, *(("--plain",) if plain else ()))


@cache
def stops(language: str = "en") -> tuple[Stop, ...]:
    source = files("netlab.content") / language / "tour.toml"
    return tuple(map(stop, tomllib.loads(source.read_text(encoding="utf-8"))["stop"]))


def stop(entry: dict[str, Any]) -> Stop:
    """Raises TypeError for a key that nothing reads, or for one that is missing."""
    lists = {key: tuple(entry[key]) for key in ("words", "choices")}
    return Stop(**{**entry, **lists})
