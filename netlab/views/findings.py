"""What to make of a run: judgements, worst first, each with what to do about it."""

from netlab.recording.records import Finding, Severity
from netlab.views.sheet import Sheet
from netlab.views.story import Story
from netlab.views.style import Line, Role, line

ORDER: tuple[Severity, ...] = ("fault", "warning", "note", "good")
ROLES: dict[Severity, Role] = {"good": "good", "note": "", "warning": "warning", "fault": "fault"}
INDENT = 3


def findings(story: Story, sheet: Sheet) -> list[Line]:
    found = [record for record in story.recording.records if isinstance(record, Finding)]
    found.sort(key=lambda finding: ORDER.index(finding.severity))
    if not found:
        return []
    made: list[Line] = [line(" Findings", "heading")]
    for finding in found:
        made += _one(finding, sheet)
    return made


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
