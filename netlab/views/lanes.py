"""Lanes: what several parties do at the same time, each on a line of its own.

A phase's sign says whose time it is; a page may give the phases of its chapter signs of their own,
by name, and have each lane begin at its own first phase.
"""

from itertools import groupby

from netlab.explain.pages import Lanes
from netlab.recording.records import Phase
from netlab.views.bars import Axis
from netlab.views.sheet import Sheet
from netlab.views.story import Chapter
from netlab.views.style import Line, Role, line
from netlab.views.text import cells, fold, pad
from netlab.views.waterfall import SIGNS

WORDS = {"█": "working", "▒": "on the network", "░": "waiting"}
"""What the signs of owners mean here."""

ByLane = dict[str, list[Phase]]


def lanes(chapter: Chapter, sheet: Sheet, role: Role, indent: int = 6) -> list[Line]:
    """The chapter's phases that name a lane, where there are at least two lanes."""
    by_lane: ByLane = {}
    for phase in sorted(chapter.all(Phase), key=lambda p: p.start):
        if phase.lane:
            by_lane.setdefault(phase.lane, []).append(phase)
    if len(by_lane) < 2:
        return []
    drawn = Drawn(chapter.page.lanes if chapter.page else Lanes(), by_lane, sheet, indent)
    groups = drawn.groups()
    most = len(groups) if sheet.depth == "deep" else drawn.style.most
    made = [line(" " * (indent + drawn.label + 2) + sheet.clean(drawn.axis.ticks()), "time")]
    for group in groups[:most]:
        made += drawn.group(group, role)
    if (more := len(groups) - most) > 0:
        made += sheet.paragraph(f"{more} more; --deep shows all.", indent, "quiet")
    return made + sheet.paragraph(drawn.legend(), indent, "quiet")


class Drawn:
    """Lays the lanes of one chapter on one axis."""

    def __init__(self, style: Lanes, by_lane: ByLane, sheet: Sheet, indent: int) -> None:
        self.style, self._sheet, self._indent = style, sheet, indent
        self._by_lane = by_lane
        self._signs = {name: sign for name, sign, _ in style.signs}
        first = min(phases[0].start for phases in by_lane.values())
        self._starts = {
            lane: phases[0].start if style.aligned else first for lane, phases in by_lane.items()
        }
        self._names = {lane: sheet.clean(lane) for lane in by_lane}
        widest = max(map(cells, self._names.values()))
        if style.alike:  # room for `1–8` where `1` stood
            widest += 1 + len(str(len(by_lane)))
        self.label = min(widest, max(14, min(44, sheet.width * 2 // 5)))
        longest = max(p.end - self._starts[lane] for lane in by_lane for p in by_lane[lane])
        self.axis = Axis.within(longest, sheet.width - indent - self.label - 2)

    def groups(self) -> list[list[str]]:
        """Lanes that share a line: those which look the same, where the page wants that."""
        if not self.style.alike or self._sheet.depth == "deep":
            return [[lane] for lane in self._by_lane]
        kinds = groupby(enumerate(self._by_lane), key=lambda one: self._kind(*one))
        return [[lane for _, lane in group] for _, group in kinds]

    def _kind(self, place: int, lane: str) -> tuple[str, str, int]:
        """Equal for neighbours that look the same and whose names are counted on."""
        name = lane.rstrip("0123456789")
        if name == lane:
            return "", lane, 0
        return self._bar(lane), name, int(lane[len(name) :]) - place

    def group(self, lanes: list[str], role: Role) -> list[Line]:
        first, *others = fold(self._name(lanes), self.label)
        broken = self._broken(lanes[0])
        bar: tuple[str, Role] = (self._bar(lanes[0]), "fault" if broken else role)
        lead = " " * self._indent
        return [
            ((lead + pad(first, self.label) + "  ", ""), bar),
            *(line(lead + part) for part in others),
        ]

    def _name(self, lanes: list[str]) -> str:
        """`request 1–8` for `request 1` to `request 8`."""
        first, last = self._names[lanes[0]], self._names[lanes[-1]]
        return first if len(lanes) == 1 else f"{first}–{last.split()[-1]}"

    def _broken(self, lane: str) -> bool:
        return self._by_lane[lane][-1].outcome != "done"

    def _bar(self, lane: str) -> str:
        """The lane's phases in order; where a page gives signs what is short is drawn last, so
        that it is seen at all."""
        phases, start = self._by_lane[lane], self._starts[lane]
        if self.style.signs:
            phases = sorted(phases, key=lambda p: p.start - p.end)
        parts = [(p.start - start, p.end - start, self._sign(p)) for p in phases]
        return self._sheet.clean(self.axis.bar(parts, self._broken(lane)))

    def _sign(self, phase: Phase) -> str:
        return self._signs.get(phase.name, SIGNS[phase.owner])

    def legend(self) -> str:
        """Only the signs that were drawn."""
        phases = [phase for lane in self._by_lane.values() for phase in lane]
        names = {phase.name for phase in phases}
        used = {self._sign(phase) for phase in phases if phase.name not in self._signs}
        words = [f"{sign} {word}" for name, sign, word in self.style.signs if name in names]
        words += [f"{sign} {word}" for sign, word in WORDS.items() if sign in used]
        ends = {phase.outcome for phase in phases} - {"done"}
        return "   ".join([*words, *(["× broken off"] if ends else [])])
