"""Command lines that papers and pages offer: found, taken apart, and held against the real app."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from netlab.cli.app import app
from netlab.explain.pages import Page, read_page, topics

ROOT = Path(__file__).parents[2]

PAPERS = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))

FENCE = re.compile(r"(?ms)^```(\w*)[^\n]*\n(.*?)^```$")

SERVING = re.compile(r"netlab (lab up|lb run|\w+ serve)\b")
"""Those that go on until they are ended."""

ELSEWHERE = re.compile(
    r"localhost:\d|--(no-)?browser|--issuer|\b[A-Z]{3,}\b|\.example(?![.\w])|example\.com:\d"
)
"""Those that need a server or a browser of the reader's own, or hold a placeholder."""


@dataclass(frozen=True, slots=True)
class Line:
    """A command line and the paper or page that it stands in."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text, comments=True)

    @property
    def command(self) -> str:
        """Without the comment behind it."""
        return shlex.join(self.words)


def parse(words: list[str]) -> None:
    """Take a command line apart as netlab does, without running it; raises what it would say."""
    command, name, arguments = typer.main.get_command(app), words[0], words[1:]
    above: Any = None
    while True:
        context = command.make_context(name, list(arguments), parent=above)
        if not hasattr(command, "resolve_command"):
            return
        left = [*context._protected_args, *context.args]
        if not left:
            return
        name, command, arguments = command.resolve_command(context, left)
        above = context


def blocks(path: Path, *kinds: str) -> Iterator[str]:
    """The fenced blocks of these kinds."""
    for kind, text in FENCE.findall(path.read_text(encoding="utf-8")):
        if kind in kinds:
            yield text


def of_papers() -> list[Line]:
    """Every netlab line in an `sh` block of README and docs."""
    return [
        Line(str(path.relative_to(ROOT)), row.strip())
        for path in PAPERS
        for text in blocks(path, "sh")
        for row in text.splitlines()
        if row.strip().startswith("netlab")
    ]


def of_pages() -> list[Line]:
    """Every netlab line that a page of content offers."""
    return [Line(topic, text) for topic in topics() for text in of_page(read_page(topic, "en"))]


def of_page(made: Page) -> Iterator[str]:
    yield from made.shown_by
    for entry in made.see:
        if len(entry.say) == 1 and str(entry.say[0]).startswith("netlab "):
            yield str(entry.say[0])


def of_templates() -> list[Line]:
    """Those of pages that facts fill, filled with something that any of them might be."""
    return [
        Line(topic, "".join(part if isinstance(part, str) else "7" for part in entry.say))
        for topic in topics()
        for entry in read_page(topic, "en").see
        if len(entry.say) > 1 and str(entry.say[0]).startswith("netlab ")
    ]


def in_backticks(text: str) -> Iterator[str]:
    prose = FENCE.sub("", text)
    for found in re.findall(r"`(netlab [^`]+)`", prose):
        yield " ".join(found.split())


def said_in_papers() -> list[Line]:
    """Those of sentences, in papers and pages.

    `netlab knock` is the worked example's, which is built and run apart.
    """
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAPERS}
    texts |= {topic: read_page(topic, "en").body for topic in topics()}
    return [
        Line(place, text)
        for place, whole in texts.items()
        for text in in_backticks(whole)
        if not (place.endswith("extending.md") and "knock" in text)
    ]
