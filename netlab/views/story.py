"""A recording told as a story: journeys of chapters, each with what was written down in it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from netlab.explain import fill
from netlab.explain.pages import Page, page
from netlab.explain.template import Lookup
from netlab.recording.ledger import prefix_of, visit_of
from netlab.recording.records import (
    Actor,
    Fact,
    Finding,
    Message,
    Phase,
    Question,
    Record,
    Recording,
    Series,
    Step,
)

CLOSING = "journey"
"""The topic of the step that holds a run's totals: it heads the waterfall and is no chapter."""

Kind = TypeVar("Kind", Phase, Message, Fact, Finding, Question, Series)


@dataclass(frozen=True)
class Chapter:
    """A step without a parent, with its parts. number: its place in its journey, from 1."""

    story: "Story"
    step: Step
    number: int

    def all(self, kind: type[Kind]) -> tuple[Kind, ...]:
        """Its records of one kind, those of its parts too, in the order of emission."""
        return tuple(r for r in self.story.told.get(self.step.id, ()) if isinstance(r, kind))

    @cached_property
    def page(self) -> Page | None:
        return page(self.step.topic, self.story.language)

    @cached_property
    def find(self) -> Lookup:
        story = self.story
        network = story.recording.header.network
        return fill.facts_at(self.step.id, story.steps.values(), story.facts, network)

    @property
    def again(self) -> bool:
        """Whether an earlier chapter of its journey has the same topic."""
        own = next((j.chapters for j in self.story.journeys if self in j.chapters), ())
        return any(other.step.topic == self.step.topic for other in own[: self.number - 1])

    @property
    def fault(self) -> bool:
        return any(finding.severity == "fault" for finding in self.all(Finding))

    @property
    def broke(self) -> bool:
        """Whether the run ended badly, and here."""
        if self.story.recording.header.exit == 0:
            return False
        failed = any(p.path == "journey" and p.outcome == "failed" for p in self.all(Phase))
        return failed or self.fault


@dataclass(frozen=True)
class Journey:
    """prefix: what its steps' ids begin with (`2/` after a redirect)."""

    prefix: str
    title: str
    chapters: tuple[Chapter, ...]


@dataclass(frozen=True)
class Story:
    recording: Recording
    language: str = "en"
    steps: dict[str, Step] = field(init=False)
    actors: dict[str, Actor] = field(init=False)

    def __post_init__(self) -> None:
        records = self.recording.records
        object.__setattr__(self, "steps", {r.id: r for r in records if isinstance(r, Step)})
        object.__setattr__(self, "actors", {r.id: r for r in records if isinstance(r, Actor)})

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        return tuple(r for r in self.recording.records if isinstance(r, Fact))

    @cached_property
    def chapter_id(self) -> dict[str, str]:
        """For each step the one without a parent that it is a part of."""
        tops: dict[str, str] = {}
        for step in self.steps.values():  # a parent always comes before its parts
            tops[step.id] = tops.get(step.parent or "", step.id)
        return tops

    @cached_property
    def told(self) -> dict[str, tuple[Record, ...]]:
        """Each chapter's records."""
        told: dict[str, list[Record]] = {}
        for record in self.recording.records:
            if not isinstance(record, Actor | Step):
                told.setdefault(self.chapter_id.get(record.step, ""), []).append(record)
        return {step: tuple(records) for step, records in told.items()}

    @cached_property
    def journeys(self) -> tuple[Journey, ...]:
        tops: dict[str, list[Step]] = {}
        for step in self.steps.values():
            if step.parent is None and step.topic != CLOSING:
                tops.setdefault(prefix_of(step.id), []).append(step)
        return tuple(
            Journey(
                prefix,
                self._title(prefix),
                tuple(Chapter(self, step, number) for number, step in enumerate(steps, start=1)),
            )
            for prefix, steps in tops.items()
        )

    @cached_property
    def chapters(self) -> tuple[Chapter, ...]:
        return tuple(chapter for journey in self.journeys for chapter in journey.chapters)

    @cached_property
    def visits(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(visit_of(step) for step in self.steps)) or ("",)

    def closing(self, visit: str) -> Chapter | None:
        """The step with the totals of this visit."""
        for step in self.steps.values():
            if step.topic == CLOSING and visit_of(step.id) == visit:
                return Chapter(self, step, 0)
        return None

    def chapter_of(self, step: str) -> Chapter | None:
        top = self.chapter_id.get(step)
        return next((chapter for chapter in self.chapters if chapter.step.id == top), None)

    def name(self, actor: str) -> str:
        known = self.actors.get(actor)
        return known.name if known else actor

    def _title(self, prefix: str) -> str:
        """`Journey 2: https://www.example.com/`; the first journey needs no title."""
        if not prefix:
            return ""
        visit = visit_of(prefix)
        rest = prefix.removeprefix(visit).strip("/")
        parts = [f"Visit {int(visit.split('/')[1]) + 1}"] if visit else []
        parts += [f"journey {rest}" if parts else f"Journey {rest}"] if rest else []
        where = self._address(prefix)
        return ", ".join(parts) + (f": {where}" if where else "")

    def _address(self, prefix: str) -> str:
        """The first fact of this journey that is its address."""
        for fact in self.facts:
            if fact.name.endswith(".url") and prefix_of(fact.step) == prefix:
                return fact.value if isinstance(fact.value, str) else ""
        return ""
