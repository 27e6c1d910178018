"""Where the time went: every phase of a visit on one axis, and whose time it was.

The axis is the ledger's: the journey's wall clock, with what netlab did only in order to explain
cut out of it.
"""

from netlab.explain.units import say
from netlab.recording.ledger import Ledger, ledger
from netlab.recording.records import Owner, Phase
from netlab.views.bars import Axis
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter, Story
from netlab.views.style import LAYERS, Line, Role, line
from netlab.views.text import cells, fold, pad

SIGNS: dict[Owner, str] = {
    "netlab": "█",
    "network": "▒",
    "far end": "░",
    "resolver": "░",
    "configured delay": "░",
}
LEGEND = (
    "█ your machine works   ▒ on the network   "
    "░ waiting for the resolver, the far end or a configured delay   × broken off"
)
SAID: dict[Owner, str] = {
    "network": "the network",
    "far end": "the far end",
    "resolver": "the resolver",
    "configured delay": "configured delay (a setting)",
    "netlab": "netlab",
}
INDENT = 3

Row = tuple[str, float, str, Role]


def waterfall(story: Story, sheet: Sheet) -> list[Line]:
    """One chart a visit, all on the same scale, so that visits compare."""
    ledgers = {visit: ledger(story.recording.records, visit) for visit in story.visits}
    longest = max(book.total for book in ledgers.values())
    made: list[Line] = []
    for visit, book in ledgers.items():
        if book.leaves:
            drawn = chart(story, visit, book, longest, sheet)
            made += gap(drawn) if made else drawn
    return made


def chart(story: Story, visit: str, book: Ledger, longest: float, sheet: Sheet) -> list[Line]:
    closing = story.closing(visit)
    title = closing.step.title if closing else "Where the time went"
    if visit:
        title = f"{title}, visit {int(visit.split('/')[1]) + 1}"
    label, figure = _columns(story, book, sheet)
    axis = Axis.within(longest, sheet.width - INDENT - label - figure - 4)
    made = heading(title, f"total {say(book.total, 's')}", sheet)
    for text, duration, bar, role in _rows(story, book, axis, sheet):
        made += _row(text, say(duration, "s"), bar, role, label, figure)
    made.append(line(" " * (INDENT + label + figure + 4) + sheet.clean(axis.ticks()), "time"))
    if not visit:  # the signs mean the same in every chart
        made += sheet.paragraph(LEGEND, INDENT, "quiet")
    return made + sums(book, sheet)


def heading(title: str, meta: str, sheet: Sheet) -> list[Line]:
    """A title at the left, figures at the right end, below it where both do not fit."""
    title, meta = sheet.clean(title), sheet.clean(meta)
    room = sheet.text_width - 1 - cells(title)
    if meta and room >= cells(meta) + 2:
        return [((" " + title, "heading"), (pad(meta, room, right=True), "time"))]
    made = sheet.paragraph(title, 1, "heading")
    return made + (sheet.paragraph(meta, INDENT, "time") if meta else [])


def sums(book: Ledger, sheet: Sheet) -> list[Line]:
    """Every millisecond has one owner; what lies between the phases is told apart."""
    owned = " · ".join(
        f"{SAID[owner]} {say(seconds, 's')}" for owner, seconds in book.by_owner.items() if seconds
    )
    left = round(book.remainder, 9) + 0.0  # what floats leave over is no time
    rest = f"{owned} · between the phases, netlab's own {say(left, 's')}"
    made = sheet.paragraph(rest, INDENT, first="Whose time  ")
    if book.asides:
        text = f"{say(book.asides, 's')}, asked only in order to explain, and not counted above"
        made += sheet.paragraph(text, INDENT, first="Beside it   ")
    return made


def _columns(story: Story, book: Ledger, sheet: Sheet) -> tuple[int, int]:
    """How wide labels and figures are."""
    probe = Axis(1, 8)
    rows = _rows(story, book, probe, sheet)
    widest = max(cells(text) for text, *_ in rows)
    figure = max(cells(sheet.clean(say(seconds, "s"))) for _, seconds, *_ in rows)
    return min(widest, max(14, min(44, sheet.width * 2 // 5))), figure


def _row(text: str, figure: str, bar: str, role: Role, label: int, wide: int) -> list[Line]:
    first, *others = fold(text, label)
    spans: Line = (
        (" " * INDENT + pad(first, label) + "  ", ""),
        (pad(figure, wide, right=True) + "  ", "time"),
        (bar, role),
    )
    return [spans, *(line(" " * (INDENT + 2) + part) for part in _refold(others, label))]


def _refold(parts: list[str], label: int) -> list[str]:
    return fold(" ".join(parts), label) if parts else []


def _rows(story: Story, book: Ledger, axis: Axis, sheet: Sheet) -> list[Row]:
    """A row a chapter, in the story's order; --deep keeps its phases apart."""
    groups: dict[str, list[Phase]] = {chapter.step.id: [] for chapter in story.chapters}
    for phase in book.leaves:
        groups.setdefault(story.chapter_id.get(phase.step, phase.step), []).append(phase)
    merged = sheet.depth != "deep"
    rows: list[Row] = []
    for phases in filter(None, groups.values()):
        chapter = story.chapter_of(phases[0].step)
        title, role = _label(chapter, story, phases[0])
        if merged or len(phases) == 1:
            rows.append(_one_row(title, phases, role, book, axis, sheet))
            continue
        rows += [
            _one_row(f"{title}: {phase.name}", [phase], role, book, axis, sheet) for phase in phases
        ]
    return rows


def _label(chapter: Chapter | None, story: Story, phase: Phase) -> tuple[str, Role]:
    if chapter is None:
        step = story.steps.get(phase.step)
        return step.title if step else phase.step, ""
    journey = next(j for j in story.journeys if chapter in j.chapters)
    number = journey.prefix.rstrip("/").rpartition("/")[2]
    visit = journey.prefix.count("/") > 1
    title = f"{number}. {chapter.step.title}" if number and not visit else chapter.step.title
    return title, LAYERS.get(chapter.page.layer, "") if chapter.page else ""


def _one_row(
    text: str, phases: list[Phase], role: Role, book: Ledger, axis: Axis, sheet: Sheet
) -> Row:
    parts = [(book.position(p.start), book.position(p.end), SIGNS[p.owner]) for p in phases]
    broken = phases[-1].outcome != "done"
    seconds = sum(p.end - p.start for p in phases)
    bar = axis.bar(parts, broken)
    return sheet.clean(text), seconds, bar, "fault" if broken else role
