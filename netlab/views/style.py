"""What colour means: the layer that speaks, or the role of the words. Never decoration.

Lines are made of spans, each a text and its role. Only `paint` turns a role into colour, so all
that is laid out reads the same without any.
"""

from typing import Literal, TypeAlias

Role = Literal[
    "",
    "names",
    "transport",
    "security",
    "application",
    "time",
    "fault",
    "warning",
    "good",
    "heading",
    "quiet",
]
Span: TypeAlias = tuple[str, Role]
Line: TypeAlias = tuple[Span, ...]

COLOURS: dict[Role, str] = {
    "names": "cyan",
    "transport": "bright_blue",
    "security": "green",
    "application": "magenta",
    "time": "yellow",
    "fault": "bold red",
    "warning": "bold",
    "good": "bold",
    "heading": "bold",
    "quiet": "dim",
}
"""Roles in Rich's words. Red stands for faults alone: a warning is only bold.

Each has to be read on black as on white: plain blue is all but black in many terminals.
"""

LAYERS: dict[str, Role] = {
    "names": "names",
    "transport": "transport",
    "security": "security",
    "application": "application",
    "time": "time",
}
"""A content page's layer, and the role that its chapter is drawn in."""

EMPTY: Line = ()


def line(text: str, role: Role = "") -> Line:
    return ((text, role),)


def plain(spans: Line) -> str:
    """A line without its roles."""
    return "".join(text for text, _ in spans)
