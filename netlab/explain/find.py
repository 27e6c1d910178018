"""Finds the page that a person means by what they type: a step, a term, in English or Korean."""

import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from netlab.explain.pages import Page, page, topics

PREFIX = re.compile(r"(?:again/)?\d+/")
"""What stands before the topic in the id of a step of a repeated journey (`2/`, `again/1/`)."""

MOST = 5
"""Suggestions: more than these help nobody."""

LONGEST_QUESTION = 200
"""Characters of a question in which names are looked for."""

KOREAN = re.compile(r"[\u1100-\u11ff가-힣]")
"""Hangul, composed or not."""


@dataclass(frozen=True, slots=True)
class Found:
    """The page, or topics that may have been meant, likeliest first."""

    page: Page | None = None
    suggestions: tuple[str, ...] = ()


def find(term: str, language: str = "en") -> Found:
    """By its name; else by the one name that a question holds (`what is a CNAME?`, `쿠키란`)."""
    names = index(language)
    for wanted in (plain(term), plain(PREFIX.sub("", term, count=1)), plain(term).replace(" ", "")):
        if wanted in names:
            return Found(page(names[wanted], language))
    named = tuple(dict.fromkeys(names[name] for name in held(plain(term), tuple(names))))
    if len(named) == 1:
        return Found(page(named[0], language))
    return Found(suggestions=named[:MOST] or near(plain(term), names))


@cache
def index(language: str = "en") -> dict[str, str]:
    """Every name that leads to a page. Topics come before titles, titles before aliases."""
    pages = [made for topic in topics(language) if (made := page(topic, language)) is not None]
    names: dict[str, str] = {}
    for pairs in (
        ((made.topic, made) for made in pages),
        ((made.title, made) for made in pages),
        ((alias, made) for made in pages for alias in made.aliases),
    ):
        for name, made in pairs:
            names.setdefault(plain(name), made.topic)
    for name, topic in list(names.items()):
        if KOREAN.search(name):  # there people write one word or two as they like
            names.setdefault(name.replace(" ", ""), topic)
    return names


def plain(term: str) -> str:
    """One spelling for `Happy Eyeballs`, `happy-eyeballs` and `HAPPY_EYEBALLS`.

    Decomposed, so that Korean typed on macOS is the same, and a wrong vowel is a small slip
    rather than another letter.
    """
    return " ".join(re.split(r"[\s_-]+", unicodedata.normalize("NFKD", term).casefold().strip()))


def held(question: str, names: tuple[str, ...]) -> list[str]:
    """The names that a question of several words holds, in its order; of `dns cache` not `dns`.

    A Korean word may go on after the name: particles are written onto it.
    """
    if len(question) > LONGEST_QUESTION:
        return []
    spans = []
    for name in names:
        end = "" if KOREAN.search(name[-1:]) else r"(?:s|es)?(?![\w.])"
        match = re.search(rf"(?<![\w.]){re.escape(name)}{end}", question) if name else None
        if match:
            spans.append((match.start(), match.end(), name))
    return [
        name
        for start, end, name in sorted(spans)
        if not any(a <= start and end <= b and (a, b) != (start, end) for a, b, _ in spans)
    ]


def near(wanted: str, names: dict[str, str]) -> tuple[str, ...]:
    close = difflib.get_close_matches(wanted, names, n=MOST * 2, cutoff=0.65)
    inside = [name for name in names if len(wanted) > 2 and wanted in name]
    return tuple(dict.fromkeys(names[name] for name in [*close, *inside]))[:MOST]
