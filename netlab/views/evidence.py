"""For --deep: every fact with where it comes from, every message down to its octets."""

from netlab.explain.units import say
from netlab.recording.records import Fact, Message, Origin, Phase, Series
from netlab.views.arrows import instant
from netlab.views.hexdump import message_tree
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter
from netlab.views.style import Line, Role
from netlab.views.tables import table

ORIGINS: dict[Origin, str] = {
    "measured": "measured",
    "captured": "captured",
    "kernel": "told by the kernel",
    "computed": "computed",
    "configured": "a setting",
    "standard": "from the standard",
}


def facts(chapter: Chapter, sheet: Sheet) -> list[Line]:
    rows = [
        (fact.name, say(fact.value, fact.unit), origin(fact), _whose(fact, chapter))
        for fact in chapter.all(Fact)
    ]
    used = 4 if any(row[3] for row in rows) else 3
    headings = ("Fact", "Value", "Where from", "Whose")[:used]
    return table(headings, [row[:used] for row in rows], sheet, indent=4) if rows else []


def origin(fact: Fact) -> str:
    """How a fact is known, in words; a note says which setting or section."""
    word = ORIGINS[fact.origin]
    return f"{word}: {fact.note}" if fact.note else word


def _whose(fact: Fact, chapter: Chapter) -> str:
    return chapter.story.name(fact.actor) if fact.actor else ""


def phases(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """Everything that took time, in its place in the run."""
    rows = [
        (
            phase.name + (f" [{phase.lane}]" if phase.lane else ""),
            instant(phase.start),
            say(float(phase.end - phase.start), "s"),
            phase.owner,
            phase.path + ("" if phase.outcome == "done" else f", {phase.outcome}"),
            phase.note,
        )
        for phase in sorted(chapter.all(Phase), key=lambda p: (p.start, -p.end))
    ]
    used = 6 if any(row[5] for row in rows) else 5
    headings = ("Phase", "From", "Took", "Whose time", "Counted as", "Note")[:used]
    return table(headings, [row[:used] for row in rows], sheet, indent=4) if rows else []


def messages(chapter: Chapter, sheet: Sheet, role: Role) -> list[Line]:
    made: list[Line] = []
    for message in sorted(chapter.all(Message), key=lambda m: m.at):
        drawn = sheet.paragraph(_headline(message, chapter), 4, role, hang=2)
        drawn += message_tree(message, sheet)
        made += gap(drawn) if made else drawn
    return made


def _headline(message: Message, chapter: Chapter) -> str:
    story = chapter.story
    way = f"{story.name(message.sender)} to {story.name(message.receiver)}"
    parts = [
        f"{message.id}  {message.protocol}  {message.title}",
        way,
        f"at {instant(message.at)}",
    ]
    if message.wire_length:  # a call that a program makes, or a page said aloud, has none
        parts.append(f"{message.wire_length:,} octets, {message.wire_form}")
    if message.carrier:
        parts.append(f"carried by {message.carrier}")
    if not message.arrived:
        parts.append("no answer")
    return " · ".join(parts)


def series(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """Many measurements of one kind, and how they lie; below --deep not those of parts."""
    made: list[Line] = []
    for one in chapter.all(Series):
        if sheet.depth != "deep" and one.step != chapter.step.id:
            continue
        values = sorted(value for _, value in one.points)
        if values:
            middle = values[len(values) // 2]
            figures = (("least", values[0]), ("median", middle), ("most", values[-1]))
            said = ", ".join(f"{word} {say(float(value), one.unit)}" for word, value in figures)
            name = f"{one.name} ({one.lane})" if one.lane else one.name
            made += sheet.paragraph(f"{name}: {len(values):,} measurements, {said}", 4)
    return made
