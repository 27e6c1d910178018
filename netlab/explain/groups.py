"""The pages by what they are about: the list that `netlab explain` begins with.

A page belongs to the command that shows it (`netlab ws …`); those of the journey of a page, which
are the most, are told apart by their layer.
"""

from dataclasses import dataclass
from functools import cache

from netlab.explain.pages import Layer, Page, page, topics

LAYERS: dict[Layer, tuple[str, str]] = {
    "none": ("netlab", "The address bar, and netlab itself"),
    "names": ("names", "Names: DNS"),
    "transport": ("transport", "The way there: IP and TCP"),
    "security": ("security", "Security: TLS"),
    "application": ("web", "The web: HTTP"),
    "time": ("time", "Time"),
}
"""A layer's group and its title, in the order of a journey."""

COMMANDS = {
    "ws": "WebSocket",
    "socketio": "Socket.IO",
    "oauth": "OAuth",
    "io": "Blocking and non-blocking I/O",
    "lb": "Load balancing",
    "doctor": "What this machine can show",
}
"""In the order of netlab's questions. Pages of other commands are listed by their layer."""


@dataclass(frozen=True, slots=True)
class Group:
    """pages: general ones first, each kind in alphabetical order. layer: whose sign it has."""

    name: str
    title: str
    layer: Layer
    pages: tuple[Page, ...]


@cache
def groups(language: str = "en") -> tuple[Group, ...]:
    """Every page is in exactly one."""
    layers = {name: layer for layer, (name, _) in LAYERS.items()}
    titles = {**dict(LAYERS.values()), **COMMANDS}
    members: dict[str, list[Page]] = {name: [] for name in titles}
    for topic in topics(language):
        made = page(topic, language)
        if made is not None:
            members[home(made)].append(made)
    return tuple(
        Group(
            name, titles[name], layers.get(name, "application"),
            tuple(sorted(pages, key=_general_first)),
        )
        for name, pages in members.items()
        if pages
    )  # fmt: skip


def home(made: Page) -> str:
    """The name of the group that a page is in."""
    words = made.shown_by[0].split() if made.shown_by else []
    command = words[1] if len(words) > 1 else ""
    return command if command in COMMANDS else LAYERS[made.layer][0]


def _general_first(made: Page) -> tuple[int, str]:
    """Terms of one word, then longer ones, then the steps of an experiment."""
    rank = 2 if "." in made.topic else 1 if "-" in made.topic else 0
    return rank, made.topic
