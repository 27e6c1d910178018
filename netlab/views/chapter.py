"""One chapter: what happened, how it went to and fro, why, and how to see it oneself."""

from collections.abc import Sequence

from netlab.explain import fill
from netlab.explain.units import say
from netlab.recording.ledger import leaves_of
from netlab.recording.records import Fact, Finding, Message, Phase
from netlab.views import asking, bits, evidence, factbars, plot
from netlab.views.arrows import arrows, topmost
from netlab.views.lanes import lanes
from netlab.views.sheet import Sheet, gap
from netlab.views.story import Chapter
from netlab.views.style import LAYERS, Line, Role, line
from netlab.views.tables import table
from netlab.views.text import cells, fold_command, pad

BODY = 4
"""Where a chapter's text begins, under its title."""
SEE = "see it yourself   "


def draw_chapter(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """The chapter at the sheet's depth; in brief it is one line."""
    role = role_of(chapter)
    if sheet.depth == "brief":
        return brief(chapter, sheet)
    made = heading(chapter, sheet, role)
    made += happened(chapter, sheet)
    for part in (
        lanes(chapter, sheet, role),
        arrows(chapter, sheet, role),
        bits.drawn(chapter, sheet) if chapter.page and chapter.page.bits else [],
        tables(chapter, sheet),
        factbars.drawn(chapter, sheet, role),
        plot.drawn(chapter, sheet),
        why(chapter, sheet),
    ):
        made += gap(part)
    made += see(chapter, sheet)
    made += gap(evidence.series(chapter, sheet))
    if sheet.depth == "deep":
        made += [] if sheet.asks else gap(asking.told(chapter, sheet))
        made += deep(chapter, sheet, role)
    return made


def role_of(chapter: Chapter) -> Role:
    return LAYERS.get(chapter.page.layer, "") if chapter.page else ""


def heading(chapter: Chapter, sheet: Sheet, role: Role) -> list[Line]:
    """Number and title at the left, figures at the right, a mark where the story broke."""
    lead = f"{chapter.number:>2}  "
    title, meta = sheet.clean(chapter.step.title), sheet.clean(meta_of(chapter))
    mark = sheet.clean(mark_of(chapter))
    used = cells(lead) + cells(title) + (2 + cells(mark) if mark else 0)
    room = sheet.text_width - used
    spans: Line = ((lead, "heading"), (title, role if role else "heading"))
    if mark:
        spans = (*spans, (f"  {mark}", "fault"))
    if used > sheet.text_width:
        spans_list = sheet.paragraph(f"{title}  {mark}".rstrip(), 0, "heading", first=lead)
        return spans_list + sheet.paragraph(meta, BODY, "time")
    if not meta:
        return [spans]
    if room >= cells(meta) + 2:
        return [(*spans, (pad(meta, room, right=True), "time"))]
    return [spans, *sheet.paragraph(meta, BODY, "time")]


def mark_of(chapter: Chapter) -> str:
    if chapter.broke:
        return "× broke off here"
    return "× fault" if chapter.fault else ""


def meta_of(chapter: Chapter) -> str:
    """With whom, and how long it took: `dns 127.0.0.53:53 · 12.4 ms`."""
    return " · ".join(part for part in (_counterpart(chapter), _duration(chapter)) if part)


def _counterpart(chapter: Chapter) -> str:
    """The one other party of the chapter, if there is just one and it has an address."""
    messages = topmost(chapter.all(Message))
    others = {m.receiver for m in messages} | {m.sender for m in messages}
    addresses = {
        actor.address
        for actor in map(chapter.story.actors.get, others)
        if actor is not None and actor.address
    }
    protocols = {m.protocol for m in messages}
    if len(addresses) != 1 or len(protocols) != 1:
        return ""
    return f"{protocols.pop()} {addresses.pop()}"


def _duration(chapter: Chapter) -> str:
    """What the journey spent here; of a chapter that is only told, what telling it took."""
    phases = chapter.all(Phase)
    leaves = leaves_of(phases)
    if leaves:
        return say(float(sum(p.end - p.start for p in leaves)), "s")
    asides = [p for p in phases if p.path == "aside"]
    if not asides:
        return ""
    length = max(p.end for p in asides) - min(p.start for p in asides)
    return f"{say(float(length), 's')}, beside the journey"


def happened(chapter: Chapter, sheet: Sheet) -> list[Line]:
    said = fill.happened(chapter.page, chapter.find) if chapter.page else ()
    if not said and not tables(chapter, sheet):
        return _bare_facts(chapter, sheet)
    shown = [entry for entry in said if sheet.depth == "deep" or not entry.deep]
    return [part for entry in shown for part in sheet.paragraph(entry.text, BODY)]


def _bare_facts(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """Where no page finds words, the facts speak for themselves."""
    made: list[Line] = []
    for fact in chapter.all(Fact):
        known = f"{fact.name}: {say(fact.value, fact.unit)}"
        by = evidence.origin(fact)
        made += sheet.paragraph(known if by == "measured" else f"{known} ({by})", BODY, hang=2)
    return made


def tables(chapter: Chapter, sheet: Sheet) -> list[Line]:
    made: list[Line] = []
    if chapter.page is None:
        return made
    for rows in fill.tables(chapter.page, chapter.find):
        if rows.depth == "default" or sheet.depth == "deep":
            drawn = table(rows.headings, rows.rows, sheet, rows.title)
            made += gap(drawn) if made else drawn
    return made


def why(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """Said once a journey, however many of its chapters have the same topic."""
    if chapter.again:
        return []
    return sheet.paragraph(chapter.page.why, BODY) if chapter.page else []


def see(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """The commands of standard tools that show the same, ready to be pasted."""
    commands = fill.commands(chapter.page, chapter.find) if chapter.page else ()
    return commands_of([entry for entry in commands if not own(entry)], sheet, SEE, BODY)


def own(command: fill.Command) -> bool:
    """Whether it is netlab's own: on a closing page that is what to try next."""
    return command.line.startswith("netlab ")


def commands_of(
    commands: Sequence[fill.Command], sheet: Sheet, label: str, indent: int, role: Role = "quiet"
) -> list[Line]:
    """Commands beside their label, or all below it where one of them is too long for that.

    A note stands below its command, so that a line can be copied whole; beside it only where the
    command is netlab's own (a heading's role).
    """
    lines = [sheet.clean(command.line) for command in commands]
    beside = indent + cells(label)
    below = any(beside + cells(text) > sheet.width for text in lines)
    made: list[Line] = [line(" " * indent + label.rstrip(), role)] if below else []
    at = indent + 2 if below else beside
    for number, (text, command) in enumerate(zip(lines, commands, strict=True)):
        first, *rest = fold_command(text, sheet.width, at)
        lead = (" " * indent + label, role) if number == 0 and not below else (" " * at, role)
        note = f"    {sheet.clean(command.note)}" if role == "heading" and not rest else ""
        if note and cells(first) + cells(note) <= sheet.text_width:
            made.append((lead, (first[at:], ""), (note, "quiet")))
            continue
        made += [(lead, (first[at:], "")), *(line(text) for text in rest)]
        if command.note:
            made += sheet.paragraph(command.note, at + 2, "quiet")
    return made


def deep(chapter: Chapter, sheet: Sheet, role: Role) -> list[Line]:
    made: list[Line] = []
    for part in (
        evidence.facts(chapter, sheet),
        evidence.phases(chapter, sheet),
        evidence.messages(chapter, sheet, role),
    ):
        made += gap(part)
    return made


def brief(chapter: Chapter, sheet: Sheet) -> list[Line]:
    """Number, title, and the one sentence that the page has for this."""
    titles = [cells(sheet.clean(other.step.title)) for other in chapter.story.chapters]
    lead = f"{chapter.number:>2}  " + pad(sheet.clean(chapter.step.title), max(titles)) + "  "
    mark, text = mark_of(chapter), _brief_text(chapter)
    said = f"{mark}: {text}" if mark and text else mark or text
    role: Role = "fault" if mark else ""
    if sheet.narrow or cells(lead) > sheet.text_width // 2:
        made = sheet.paragraph(lead.strip(), 0 if chapter.number > 9 else 1, role_of(chapter))
        return made + sheet.paragraph(said, BODY, role)
    return sheet.paragraph(said, 0, role, first=lead)


def _brief_text(chapter: Chapter) -> str:
    said = fill.happened(chapter.page, chapter.find) if chapter.page else ()
    lines = [entry for entry in said if entry.brief] or list(said[:1])
    if lines:
        return " ".join(entry.text for entry in lines)
    return ", ".join(
        f"{fact.name} {say(fact.value, fact.unit)}"
        for fact in chapter.all(Fact)
        if isinstance(fact.value, str | int | float)
    ) or "; ".join(finding.title for finding in chapter.all(Finding))
