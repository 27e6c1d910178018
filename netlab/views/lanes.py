"""Lanes: what several parties do at the same time, each on a line of its own."""

from netlab.recording.records import Phase
from netlab.views.bars import Axis
from netlab.views.sheet import Sheet
from netlab.views.story import Chapter
from netlab.views.style import Line, Role, line
from netlab.views.text import cells, fold, pad
from netlab.views.waterfall import SIGNS

MOST = 8
"""Lanes that are shown below --deep."""


def lanes(chapter: Chapter, sheet: Sheet, role: Role, indent: int = 6) -> list[Line]:
    """The chapter's phases that name a lane, where there are at least two lanes."""
    by_lane: dict[str, list[Phase]] = {}
    for phase in sorted(chapter.all(Phase), key=lambda p: p.start):
        if phase.lane:
            by_lane.setdefault(phase.lane, []).append(phase)
    if len(by_lane) < 2:
        return []
    start = min(phases[0].start for phases in by_lane.values())
    end = max(p.end for phases in by_lane.values() for p in phases)
    names = {lane: sheet.clean(lane) for lane in by_lane}
    label = min(max(map(cells, names.values())), max(14, min(44, sheet.width * 2 // 5)))
    axis = Axis.within(end - start, sheet.width - indent - label - 2)
    shown = list(by_lane) if sheet.depth == "deep" else list(by_lane)[:MOST]
    made = [line(" " * (indent + label + 2) + sheet.clean(axis.ticks()), "time")]
    for lane in shown:
        made += _lane(names[lane], by_lane[lane], start, axis, label, role, indent)
    if more := len(by_lane) - len(shown):
        made += sheet.paragraph(f"{more} more; --deep shows all.", indent, "quiet")
    return made + sheet.paragraph(_legend(by_lane), indent, "quiet")


def _lane(
    name: str, phases: list[Phase], start: float, axis: Axis, label: int, role: Role, indent: int
) -> list[Line]:
    parts = [(p.start - start, p.end - start, SIGNS[p.owner]) for p in phases]
    broken = phases[-1].outcome != "done"
    first, *others = fold(name, label)
    bar = axis.bar(parts, broken)
    lead = " " * indent
    return [
        ((lead + pad(first, label) + "  ", ""), (bar, "fault" if broken else role)),
        *(line(lead + part) for part in others),
    ]


def _legend(by_lane: dict[str, list[Phase]]) -> str:
    """Only the signs that were drawn."""
    phases = [phase for lane in by_lane.values() for phase in lane]
    used = {SIGNS[phase.owner] for phase in phases}
    signs = {"█": "█ working", "▒": "▒ on the network", "░": "░ waiting"}
    words = [text for sign, text in signs.items() if sign in used]
    ends = {phase.outcome for phase in phases} - {"done"}
    return "   ".join([*words, *(["× broken off"] if ends else [])])
