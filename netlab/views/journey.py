"""A recording on a terminal: its chapters, where the time went, what to make of it, what next."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from netlab.explain import fill
from netlab.explain.units import say
from netlab.recording.ledger import ledger
from netlab.recording.records import Fact, Recording
from netlab.views import evidence
from netlab.views.chapter import commands_of, draw_chapter, own, see, why
from netlab.views.findings import findings
from netlab.views.paint import encoding_of, paint, wants_colour, width_of
from netlab.views.sheet import Depth, Sheet, gap
from netlab.views.story import Chapter, Journey, Story
from netlab.views.style import EMPTY, Line
from netlab.views.text import cells, pad
from netlab.views.waterfall import heading, waterfall


def draw(
    recording: Recording,
    out: TextIO,
    depth: Depth = "default",
    width: int | None = None,
    plain: bool = False,
    language: str = "en",
) -> None:
    """Draw the whole recording. plain: no colour even at a terminal; the words are the same."""
    sheet = sheet_for(out, depth, width, language)
    colour = wants_colour(out) and not plain
    for scene in scenes(Story(recording, language), sheet):
        paint(scene.opening + scene.lines, out, colour)


def sheet_for(
    out: TextIO, depth: Depth = "default", width: int | None = None, language: str = "en"
) -> Sheet:
    return Sheet(width or width_of(out), depth, encoding_of(out), language)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is read at one go: a chapter, or all that closes the story. opening: what heads it."""

    opening: list[Line]
    lines: list[Line]
    chapter: Chapter | None = None


def scenes(story: Story, sheet: Sheet) -> Iterator[Scene]:
    brief = sheet.depth == "brief"
    opening = masthead(story, sheet) + ([EMPTY] if brief else [])
    for journey in story.journeys:
        opening += title_of(journey, sheet)
        for chapter in journey.chapters:
            drawn = draw_chapter(chapter, sheet)
            yield Scene(opening, drawn if brief else gap(drawn), chapter)
            opening = []
    yield Scene(opening, closing(story, sheet))


NOTE = "run.note"
"""The fact that says what a person must know of the network before the story begins."""


def masthead(story: Story, sheet: Sheet) -> list[Line]:
    """Which command, on which network, and when: a recording may be a year old."""
    header = story.recording.header
    command = sheet.clean(shlex.join(header.command))
    when = header.started[:16].replace("T", " ")
    meta = sheet.clean(f"network {header.network} · {when}")
    room = sheet.text_width - 1 - cells(command)
    if room >= cells(meta) + 2:
        made: list[Line] = [((f" {command}", "heading"), (pad(meta, room, right=True), "quiet"))]
    else:
        made = sheet.paragraph(command, 1, "heading", hang=2) + sheet.paragraph(meta, 1, "quiet")
    for fact in story.recording.records:
        if isinstance(fact, Fact) and fact.name == NOTE:
            made += sheet.paragraph(str(fact.value), 1, "quiet")
    if header.redacted:
        text = f"Secrets are masked in this recording: {', '.join(header.redacted)}."
        made += sheet.paragraph(text, 1, "quiet")
    return made


def title_of(journey: Journey, sheet: Sheet) -> list[Line]:
    """The line between two journeys."""
    if not journey.title:
        return []
    return [EMPTY, *sheet.paragraph(f"── {journey.title}", 1, "heading", hang=3)]


def closing(story: Story, sheet: Sheet) -> list[Line]:
    """Where the time went, what to make of the run, and what to try next."""
    made = gap(_in_short(story, sheet) if sheet.depth == "brief" else waterfall(story, sheet))
    chapter = story.closing("")
    if chapter is not None and sheet.depth != "brief":
        made += gap(why(chapter, sheet) + see(chapter, sheet))
        made += gap(evidence.facts(chapter, sheet) if sheet.depth == "deep" else [])
    made += gap(findings(story, sheet))
    return made + gap(onward(story, sheet))


def _in_short(story: Story, sheet: Sheet) -> list[Line]:
    book = ledger(story.recording.records)
    if not book.leaves:  # nothing of it was a journey
        return []
    return heading("Where the time went", f"total {say(book.total, 's')}", sheet)


def onward(story: Story, sheet: Sheet) -> list[Line]:
    """What to try next: the own commands of the closing page, or of the last chapter with some."""
    last = [chapter for journey in story.journeys for chapter in journey.chapters]
    chapters = [*filter(None, (story.closing(""),)), *reversed(last)]
    for chapter in chapters:
        commands = fill.commands(chapter.page, chapter.find) if chapter.page else ()
        if found := [entry for entry in commands if own(entry)]:
            return commands_of(found, sheet, "Next   ", 1, "heading")
    return []
