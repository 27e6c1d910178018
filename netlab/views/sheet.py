"""The page that a recording is drawn on: its width, its depth, and how text gets onto it."""

from dataclasses import dataclass
from typing import Literal

from netlab.views.style import EMPTY, Line, Role, line
from netlab.views.text import carried, cells, clip, escape, fold

Depth = Literal["brief", "default", "deep"]

READABLE = 90
"""Text does not grow wider than this; bars and lanes do."""

NARROW = 70
"""Under this many columns a table becomes a list."""

LONG = {"brief": 300, "default": 600, "deep": 20_000}
"""Characters of one text that are shown at a depth: a server may send a header of 60,000."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """encoding: of the stream that it is drawn for. asks: a chapter's questions come before it."""

    width: int = 80
    depth: Depth = "default"
    encoding: str = "utf-8"
    language: str = "en"
    asks: bool = False

    @property
    def text_width(self) -> int:
        return min(self.width, READABLE)

    @property
    def narrow(self) -> bool:
        return self.width < NARROW

    def clean(self, text: str) -> str:
        """Text of any origin, safe to lay out: nothing in it acts, and the stream carries it."""
        return carried(clip(escape(text), LONG[self.depth]), self.encoding)

    def paragraph(
        self, text: str, indent: int = 4, role: Role = "", hang: int = 0, first: str = ""
    ) -> list[Line]:
        """Folded text. first: what stands before it on its first line; hang: how far the others
        are set in beside the indent (by default as far as `first` reaches)."""
        hang = hang or cells(first)
        made: list[Line] = []
        room = self.text_width - indent - hang
        for number, part in enumerate(fold(self.clean(text), room)):
            lead = first if number == 0 else " " * hang
            made.append((*line(" " * indent + lead, role), (part, role)))
        return made


def gap(lines: list[Line]) -> list[Line]:
    """The lines with an empty one before them, if there are any."""
    return [EMPTY, *lines] if lines else []
