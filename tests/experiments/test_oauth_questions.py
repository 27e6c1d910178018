"""What is asked before a chapter: each can be answered, and no key is always right."""

from collections import Counter

import pytest

from netlab.experiments.oauth import questions
from netlab.experiments.oauth.attacks.running import ATTACKS
from netlab.experiments.oauth.questions import ASKS, IN_WORDS, PLACES, Ask
from netlab.explain.pages import topics

VARIANTS = {"oauth.code.error": "oauth.code", "grant.device.denied": "grant.device.token"}


def sound(ask: Ask) -> None:
    assert ask.prompt.endswith("?")
    assert len(set(ask.choices)) == len(ask.choices) >= 2
    assert 0 <= ask.answer < len(ask.choices) <= 9  # one key each
    assert ask.why.endswith(".")


@pytest.mark.parametrize("name", ASKS)
def test_a_question_belongs_to_a_chapter(name: str) -> None:
    sound(ASKS[name])
    assert VARIANTS.get(name, name) in topics()


def test_no_key_is_always_right() -> None:
    counted = Counter(ask.answer for ask in ASKS.values())
    assert max(counted.values()) <= len(ASKS) / 2


@pytest.mark.parametrize("name", ATTACKS)
def test_each_attack_can_be_guessed_at(name: str) -> None:
    attack = ATTACKS[name]
    ask = questions.stops(attack.named, attack.stoppers, attack.needs)
    sound(ask)
    assert ask.choices[ask.answer] == IN_WORDS[attack.named]
    others = {IN_WORDS[one] for one in attack.stoppers if one in IN_WORDS}
    assert others & set(ask.choices) == {IN_WORDS[attack.named]}  # no second right answer
    where = questions.place(attack.at, "a rule")
    assert where is not None
    sound(where)
    assert PLACES[where.answer] == attack.at


def test_what_was_not_stopped_has_no_place() -> None:
    assert questions.place("", "") is None
