"""Messages as arrows between who sent and who received them.

Filled for what was sent, dotted for what never arrived. Shown is the topmost layer: a message
that only carries another one (a TLS record, a frame) stays below it.
"""

from netlab.explain.units import say
from netlab.recording.records import Message
from netlab.views.sheet import Sheet
from netlab.views.story import Chapter
from netlab.views.style import Line, Role, line
from netlab.views.text import cells, fold, pad

MOST = 8
LONGEST_TITLE = 160
"""Characters of an arrow's title below --deep."""
SHORTEST = 20
"""Cells that an arrow needs between two names; with fewer, its title moves below it."""


def arrows(chapter: Chapter, sheet: Sheet, role: Role, indent: int = 6) -> list[Line]:
    """The chapter's messages in the order of their instants; the first stands at 0."""
    messages = topmost(chapter.all(Message))
    if not messages:
        return []
    drawn = Arrows(chapter, messages, sheet, role, indent)
    if len(messages) <= MOST or sheet.depth == "deep":
        return [part for message in messages for part in drawn.one(message)]
    head, tail = messages[: MOST // 2 + 1], messages[1 - MOST // 2 :]
    left_out = len(messages) - len(head) - len(tail)
    made = [part for message in head for part in drawn.one(message)]
    made += sheet.paragraph(f"{left_out} more between them; --deep shows all.", indent, "quiet")
    return made + [part for message in tail for part in drawn.one(message)]


def topmost(messages: tuple[Message, ...]) -> list[Message]:
    carriers = {message.carrier for message in messages}
    return sorted((m for m in messages if m.id not in carriers), key=lambda m: m.at)


class Arrows:
    """Lays the arrows of one chapter in common columns."""

    def __init__(
        self, chapter: Chapter, messages: list[Message], sheet: Sheet, role: Role, indent: int
    ) -> None:
        self._sheet, self._role, self._indent = sheet, role, indent
        self._start = messages[0].at
        order = list(chapter.story.actors)
        self._rank = {actor: rank for rank, actor in enumerate(order)}
        self._name = {
            actor: sheet.clean(chapter.story.name(actor))
            for message in messages
            for actor in (message.sender, message.receiver)
        }
        pairs = [self._sides(message) for message in messages]
        self._left = max(cells(self._name[left]) for left, _ in pairs)
        self._right = max(cells(self._name[right]) for _, right in pairs)
        self._when = max(cells(self._instant(message)) for message in messages)
        taken = indent + self._left + 1 + 1 + self._right + 2 + self._when
        self._room = sheet.text_width - taken

    def one(self, message: Message) -> list[Line]:
        if self._room < SHORTEST:
            return self._stacked(message)
        title = self._title(message)
        parts = fold(title, self._room - 6)
        left, right = self._sides(message)
        rest = self._room - cells(parts[0]) - 2
        shaft = self._shaft(message, parts[0], rest, towards_right=message.sender == left)
        first: Line = (
            (" " * self._indent + pad(self._name[left], self._left) + " ", ""),
            shaft[0],
            shaft[1],
            shaft[2],
            (" " + pad(self._name[right], self._right) + "  ", ""),
            (pad(self._instant(message), self._when, right=True), "time"),
        )
        below = " " * (self._indent + self._left + 4)
        return [first, *(line(below + part) for part in parts[1:])]

    def _shaft(
        self, message: Message, title: str, rest: int, towards_right: bool
    ) -> tuple[tuple[str, Role], tuple[str, Role], tuple[str, Role]]:
        sign = "─" if message.arrived else "┄"
        role: Role = self._role if message.arrived else "fault"
        if towards_right:
            return (sign * 2 + " ", role), (title, ""), (" " + sign * (rest - 3) + "▶", role)
        return ("◀" + sign + " ", role), (title, ""), (" " + sign * (rest - 2), role)

    def _stacked(self, message: Message) -> list[Line]:
        """For long names on narrow pages: the way on one line, what went it below."""
        sign = "──▶" if message.arrived else "┄┄▶"
        way = f"{self._name[message.sender]} {sign} {self._name[message.receiver]}"
        made = self._sheet.paragraph(f"{way}  {self._instant(message)}", self._indent, self._role)
        return made + self._sheet.paragraph(self._title(message), self._indent + 4)

    def _sides(self, message: Message) -> tuple[str, str]:
        """Who stands at the left: whoever was introduced first."""
        last = len(self._rank)
        sender, receiver = message.sender, message.receiver
        if self._rank.get(sender, last) <= self._rank.get(receiver, last):
            return sender, receiver
        return receiver, sender

    def _title(self, message: Message) -> str:
        title = message.title or message.protocol
        if self._sheet.depth != "deep" and len(title) > LONGEST_TITLE:
            title = f"{title[:LONGEST_TITLE]} (longer; --deep shows more)"
        return self._sheet.clean(title)

    def _instant(self, message: Message) -> str:
        if not message.arrived:
            return "no answer"
        return self._sheet.clean(instant(message.at - self._start))


def instant(seconds: float) -> str:
    """A moment after the first one."""
    return "0 ms" if abs(seconds) < 5e-7 else say(float(seconds), "s")
