"""A Mermaid sequence diagram of a recording's messages."""

import re
from collections.abc import Iterator

from netlab.recording.records import Message, Recording
from netlab.views.arrows import instant, topmost
from netlab.views.story import Chapter, Story
from netlab.views.text import clip, escape

LONGEST = 200
"""Characters of one text: a diagram's label is read at a glance."""

MEANT = set('#;<>&"`{}%\\$')
"""Characters that Mermaid, or the Markdown and HTML around it, may take for more than text."""
MEANT_WORDS = re.compile(r"\b(e)(?=nd\b)|^(w)(?=rap:)|^(n)(?=owrap:)", re.IGNORECASE)
"""`end` closes a block wherever it stands; `wrap:` before a text is an order."""


NOTHING = ("    participant netlab", "    Note over netlab: No message was sent in this run")
"""An empty diagram would leave its reader to wonder what went wrong."""


def draw(recording: Recording, language: str = "en") -> str:
    """The diagram's text: one note a chapter, one arrow a message."""
    story = Story(recording, language)
    lines = ["sequenceDiagram"]
    known = _participants(recording, story)
    if not known:
        lines += NOTHING
    for actor, alias in known.items():
        lines.append(f"    participant {alias} as {label(story.name(actor))}")
    for journey in story.journeys:
        if journey.title and known:
            lines.append(f"    Note over {_ends(known)}: {label(journey.title)}")
        for chapter in journey.chapters:
            lines += _chapter(chapter, known)
    return "\n".join(lines) + "\n"


def _participants(recording: Recording, story: Story) -> dict[str, str]:
    """Actors that sent or received something, by an alias that no text can leave."""
    taking_part = {
        end
        for record in recording.records
        if isinstance(record, Message)
        for end in (record.sender, record.receiver)
    }
    introduced = [actor for actor in story.actors if actor in taking_part]
    others = sorted(taking_part - set(introduced))
    return {actor: f"a{number}" for number, actor in enumerate([*introduced, *others], start=1)}


def _chapter(chapter: Chapter, known: dict[str, str]) -> Iterator[str]:
    messages = topmost(chapter.all(Message))
    if not messages:
        return
    yield f"    Note over {_ends(known)}: {chapter.number} {label(chapter.step.title)}"
    for message in messages:
        sign = "->>" if message.arrived else "--x"
        when = instant(message.at)
        said = label(f"{message.title or message.protocol} ({when})")
        yield f"    {known[message.sender]}{sign}{known[message.receiver]}: {said}"


def _ends(known: dict[str, str]) -> str:
    """From the first participant to the last."""
    aliases = list(known.values())
    return aliases[0] if len(aliases) == 1 else f"{aliases[0]},{aliases[-1]}"


def label(text: str) -> str:
    """Text in a diagram: whatever could be taken for syntax becomes Mermaid's own entity."""
    safe = clip(escape(text), LONGEST)
    coded = "".join(_entity(char) if char in MEANT else char for char in safe)
    return MEANT_WORDS.sub(lambda match: _entity(match[0]), coded) or " "


def _entity(char: str) -> str:
    return f"#{ord(char)};"
