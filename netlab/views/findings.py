"""What to make of a run: judgements, worst first, each with what to do about it."""

from collections.abc import Iterable, Iterator

from netlab.recording.records import Finding, Record, Severity
from netlab.views.sheet import Sheet
from netlab.views.story import Story
from netlab.views.style import Line, Role, line

ORDER: tuple[Severity, ...] = ("fault", "warning", "note", "good")
ROLES: dict[Severity, Role] = {"good": "good", "note": "", "warning": "warning", "fault": "fault"}
INDENT = 3


def findings(story: Story, sheet: Sheet) -> list[Line]:
    found = list(unlike(story.recording.records))
    found.sort(key=lambda finding: ORDER.index(finding.severity))
    if not found:
        return []
    made: list[Line] = [line(" Findings", "heading")]
    for finding in found:
        made += _one(finding, sheet)
    return made


def unlike(records: Iterable[Record]) -> Iterator[Finding]:
    """Each judgement once, though several journeys of a run may come to it."""
    said: set[tuple[str, str, str]] = set()
    for record in records:
        if isinstance(record, Finding):
            key = (record.severity, record.title, record.advice)
            if key not in said:
                yield record
            said.add(key)


def _one(finding: Finding, sheet: Sheet) -> list[Line]:
    word = f"{finding.severity:<9}"
    first, *others = sheet.paragraph(finding.title, INDENT, first=word)
    role = ROLES[finding.severity]
    (lead, _), rest = first[0], first[1:]
    made: list[Line] = [((lead, role), *rest), *others]
    below = INDENT + len(word)
    if finding.advice:
        made += sheet.paragraph(finding.advice, below)
    if finding.explain:
        made += sheet.paragraph(f"see: netlab explain {finding.explain}", below, "quiet")
    return made
