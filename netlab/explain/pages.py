"""Reads a page of content: TOML front matter between `+++` lines, then Markdown.

A page is a part of netlab, not something a person hands in: what is not exactly right raises
ValueError, and a test reads every page.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast, get_args

from netlab.explain.template import Condition, Template, read_condition, read_template

Layer = Literal["names", "transport", "security", "application", "time", "none"]
Depth = Literal["default", "deep"]

MOST_LANES = 8
"""Lanes that are shown below --deep, where a page does not say otherwise."""

TOPIC = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Happened:
    """A sentence about this run, said when its conditions hold and its facts are known.

    Of consecutive entries of one group only the first that can be said is. brief: the chapter's
    line in `--brief`. deep: for `--deep` alone.
    """

    say: Template
    when: tuple[Condition, ...] = ()
    group: str = ""
    brief: bool = False
    deep: bool = False


@dataclass(frozen=True, slots=True)
class See:
    """A standard tool's command that shows the same. note: what it needs, or what to look for."""

    say: Template
    when: tuple[Condition, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """key: of a row's dict, or its index in a row that is a list; `key` and `value` of a dict."""

    key: str
    heading: str
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    fact: str
    columns: tuple[Column, ...]
    title: str = ""
    depth: Depth = "default"
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar for each row of a fact: label and value are keys of the row."""

    fact: str
    label: str
    value: str
    unit: str | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Lanes:
    """How a chapter's lanes are drawn: a sign for each name of a phase, and its word in the legend.

    aligned: each lane begins at its own first phase, so that what ran one after another compares.
    alike: neighbours that look the same are drawn once, below --deep.
    """

    signs: tuple[tuple[str, str, str], ...] = ()
    aligned: bool = False
    alike: bool = False
    most: int = MOST_LANES


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """shown_by: commands of netlab's that make the term visible. body: Markdown.

    bits: whether the chapter's messages are drawn down to their bits below --deep too.
    """

    topic: str
    title: str
    layer: Layer
    aliases: tuple[str, ...]
    sources: tuple[str, ...]
    related: tuple[str, ...]
    shown_by: tuple[str, ...]
    happened: tuple[Happened, ...]
    see: tuple[See, ...]
    tables: tuple[Table, ...]
    body: str
    bits: bool = False
    bars: tuple[Bars, ...] = ()
    lanes: Lanes = Lanes()

    @property
    def why(self) -> str:
        """The first paragraph, on one line."""
        return " ".join(self.body.split("\n\n", 1)[0].split())

    @property
    def sections(self) -> tuple[Section, ...]:
        """What `netlab explain` has beyond the first paragraph."""
        parts = re.split(r"(?m)^## +(.+)\n", self.body)[1:]
        pairs = zip(parts[::2], parts[1::2], strict=True)
        return tuple(Section(title.strip(), text.strip()) for title, text in pairs)


def page(topic: str, language: str = "en") -> Page | None:
    """The page of a step's topic or of a term."""
    return read_page(topic, language) if topic in topics(language) else None


@cache
def topics(language: str = "en") -> tuple[str, ...]:
    """Every topic that has a page, in alphabetical order."""
    folder = files("netlab.content") / language
    if not folder.is_dir():
        return ()
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


@cache
def read_page(topic: str, language: str) -> Page:
    source = files("netlab.content") / language / f"{topic}.md"
    made = parse(source.read_text(encoding="utf-8"))
    if made.topic != topic:
        raise ValueError(f"{topic}.md calls itself {made.topic!r}")
    return made


def parse(text: str) -> Page:
    """Read a page's text. Raises ValueError, saying what is wrong with it."""
    match = re.fullmatch(r"\+\+\+\n(.*?)\n\+\+\+\n+(.+)", text, re.DOTALL)
    if match is None:
        raise ValueError("no front matter between two lines of +++, or no body after it")
    front = Front(tomllib.loads(match[1]), "the front matter")
    made = Page(
        topic=front.text("topic", TOPIC),
        title=front.text("title"),
        layer=cast(Layer, front.choice("layer", get_args(Layer))),
        aliases=front.texts("aliases"),
        sources=front.texts("sources"),
        related=front.texts("related"),
        shown_by=front.texts("shown_by"),
        happened=tuple(happened(entry) for entry in front.entries("happened")),
        see=tuple(see(entry) for entry in front.entries("see")),
        tables=tuple(table(entry) for entry in front.entries("table")),
        body=match[2].strip(),
        bits=front.flag("bits"),
        bars=tuple(bars(entry) for entry in front.entries("bars")),
        lanes=lanes(front.table("lanes")),
    )
    front.end()
    return made


class Front:
    """A table of the front matter, taken apart key by key; `end` refuses what is left."""

    def __init__(self, values: Mapping[str, Any], place: str) -> None:
        self._left = dict(values)
        self._place = place

    def text(self, key: str, form: re.Pattern[str] | None = None, default: str = "") -> str:
        value = self._left.pop(key, default)
        if not isinstance(value, str) or (not value and not default and form is not None):
            raise ValueError(f"{key} in {self._place} is not text: {value!r}")
        if form is not None and not form.fullmatch(value):
            raise ValueError(f"{key} in {self._place} has not the form it needs: {value!r}")
        return value

    def choice(self, key: str, choices: tuple[str, ...], default: str = "") -> str:
        value = self.text(key, default=default)
        if value not in choices:
            raise ValueError(f"{key} in {self._place} is none of {choices}: {value!r}")
        return value

    def flag(self, key: str) -> bool:
        value = self._left.pop(key, False)
        if not isinstance(value, bool):
            raise ValueError(f"{key} in {self._place} is neither true nor false: {value!r}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ValueError(f"{key} in {self._place} is not a list of texts: {value!r}")
        return tuple(value)

    def rows(self, key: str) -> list[tuple[str, ...]]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
            raise ValueError(f"{key} in {self._place} is not a list of lists: {value!r}")
        return [tuple(row) for row in value]

    def number(self, key: str, default: int) -> int:
        value = self._left.pop(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"{key} in {self._place} is not a number: {value!r}")
        return value

    def table(self, key: str) -> "Front":
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise ValueError(f"{key} in {self._place} is not a table: {value!r}")
        return Front(value, f"[{key}]")

    def entries(self, key: str) -> list["Front"]:
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise ValueError(f"{key} in {self._place} is not a list of tables: {value!r}")
        return [Front(item, f"[[{key}]] {i}") for i, item in enumerate(value, start=1)]

    def end(self) -> None:
        if self._left:
            raise ValueError(f"keys that nothing reads in {self._place}: {sorted(self._left)}")


def conditions(entry: Front) -> tuple[Condition, ...]:
    return tuple(read_condition(text) for text in entry.texts("when"))


def said(entry: Front) -> Template:
    template = read_template(entry.text("say"))
    if not template:
        raise ValueError("an entry that says nothing")
    return template


def happened(entry: Front) -> Happened:
    made = Happened(
        said(entry),
        conditions(entry),
        entry.text("group"),
        entry.flag("brief"),
        entry.flag("deep"),
    )
    entry.end()
    return made


def see(entry: Front) -> See:
    made = See(said(entry), conditions(entry), entry.text("note"))
    entry.end()
    return made


def bars(entry: Front) -> Bars:
    made = Bars(
        entry.text("fact"), entry.text("label"), entry.text("value"),
        entry.text("unit") or None, entry.text("title"),
    )  # fmt: skip
    if not (made.fact and made.label and made.value):
        raise ValueError("bars without a fact, a label or a value")
    entry.end()
    return made


def lanes(entry: Front) -> Lanes:
    rows = entry.rows("signs")
    if any(len(row) != 3 or len(row[1]) != 1 for row in rows):
        raise ValueError("a sign of the lanes that is not [name of a phase, one sign, its word]")
    signs = tuple((name, sign, word) for name, sign, word in rows)
    made = Lanes(
        signs, entry.flag("aligned"), entry.flag("alike"), entry.number("most", MOST_LANES)
    )
    entry.end()
    return made


def table(entry: Front) -> Table:
    columns = tuple(Column(*row) for row in entry.rows("columns"))
    depth = cast(Depth, entry.choice("depth", get_args(Depth), default="default"))
    fact, title = entry.text("fact"), entry.text("title")
    made = Table(fact, columns, title, depth, conditions(entry))
    if not fact or not columns:
        raise ValueError("a table without a fact or without columns")
    entry.end()
    return made
