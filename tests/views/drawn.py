"""A recording drawn into a string, as a stream of this kind would get it."""

import io
import re
from typing import Any

from netlab.recording.records import Recording
from netlab.views.journey import draw


class Stream(io.StringIO):
    """A stream whose encoding, and whether it is a terminal, the test says."""

    def __init__(self, encoding: str = "utf-8", terminal: bool = False) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


def drawn(recording: Recording, encoding: str = "utf-8", **options: Any) -> str:
    out = Stream(encoding)
    draw(recording, out, **options)
    return out.getvalue()


def words(text: str) -> str:
    """The letters of a drawing, without what layout puts between and around them."""
    return re.sub(r"[\s\\─┄▶◀█▒░×·'\"]+", "", text)
