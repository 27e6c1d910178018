"""The one place where lines meet a stream, and the only one that knows Rich's console.

Without colour Rich is not imported (its console takes 70 ms to load): a pipe gets plain text.
"""

import os
from collections.abc import Iterable
from shutil import get_terminal_size
from typing import TextIO

from netlab.views.style import COLOURS, Line, plain
from netlab.views.text import carried, escape

NARROWEST = 40


def encoding_of(out: TextIO) -> str:
    return getattr(out, "encoding", None) or "utf-8"


def at_terminal(out: TextIO) -> bool:
    return out.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour(out: TextIO) -> bool:
    """At a terminal, unless NO_COLOR is set to anything (no-color.org)."""
    return at_terminal(out) and not os.environ.get("NO_COLOR")


def width_of(out: TextIO) -> int:
    """The terminal's width; in a pipe COLUMNS, or else 80."""
    return max(NARROWEST, get_terminal_size((80, 24)).columns)


def paint(lines: Iterable[Line], out: TextIO, colour: bool) -> None:
    """Write the lines: the same words with colour and without."""
    if colour:
        _in_colour(lines, out)
        return
    encoding = encoding_of(out)
    out.writelines(f"{carried(escape(plain(spans)), encoding).rstrip()}\n" for spans in lines)


def _in_colour(lines: Iterable[Line], out: TextIO) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=out, force_terminal=True, highlight=False, markup=False, emoji=False, soft_wrap=True
    )
    encoding = encoding_of(out)
    for spans in lines:
        text = Text(end="\n")
        for part, role in spans:
            text.append(carried(escape(part), encoding), COLOURS.get(role))
        # Folding was done in cells already; Rich would trim wide letters once more.
        console.print(text, soft_wrap=True, overflow="ignore", no_wrap=True, crop=False)
