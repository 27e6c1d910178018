from typing import Any

import pytest

from netlab.recording.records import Recording
from netlab.views.step import PROMPT, draw_by_step
from tests.views import sample
from tests.views.drawn import Stream, drawn


def paged(keys: str) -> str:
    out = Stream()
    waiting = iter(keys)
    draw_by_step(sample.trace(), out, width=80, key=lambda: next(waiting, ""))
    return out.getvalue()


def without_prompts(text: str) -> str:
    return text.replace(PROMPT + "\r" + " " * len(PROMPT) + "\r", "")


def test_a_key_press_a_chapter() -> None:
    text = paged("nnnnnn")
    assert text.count(PROMPT) == 6
    assert without_prompts(text) == drawn(sample.trace(), width=80)


def test_the_rest_at_once() -> None:
    text = paged("na")
    assert text.count(PROMPT) == 2
    assert without_prompts(text) == drawn(sample.trace(), width=80)


@pytest.mark.parametrize("key", ["q", "", "\x04"])
def test_one_may_stop(key: str) -> None:
    text = paged("n" + key)
    assert " 2  DNS" in text
    assert " 3  DNS" not in text


def test_an_interrupt_is_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        paged("\x03")


def test_without_a_terminal_nobody_is_asked() -> None:
    out = Stream()
    draw_by_step(sample.trace(), out, width=80)
    assert out.getvalue() == drawn(sample.trace(), width=80)


def questioned() -> Recording:
    book = sample.recorder("lab")
    first = book.step("dns.lookup", "First")
    book.question(first, "Which is it?", ("this", "that"), 1, "It was that.")
    book.step("tcp", "Second")
    return book.finish(0)


def stepped(keys: str, **more: Any) -> str:
    out = Stream()
    waiting = iter(keys)
    draw_by_step(questioned(), out, width=80, key=lambda: next(waiting, ""), **more)
    return out.getvalue()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("2", "You said 2, and so it is. It was that."),
        ("1", "You said 1; it is 2, that. It was that."),
        ("n", "It is 2. It was that."),
        ("9", "It is 2. It was that."),
    ],
)
def test_a_guess_comes_before_the_chapter_and_its_answer_behind(key: str, says: str) -> None:
    text = stepped(f"{key}nn")
    places = [text.index(part) for part in ("Which is it?", " 1  First", says, " 2  Second")]
    assert places == sorted(places)
    assert "1-2: your guess" in text
    assert text.count("Which is it?") == 1


@pytest.mark.parametrize("key", ["q", "", "\x1b"])
def test_one_may_stop_instead_of_guessing(key: str) -> None:
    assert "First" not in stepped(key)


def test_an_interrupt_of_a_guess_is_one() -> None:
    with pytest.raises(KeyboardInterrupt):
        stepped("\x03")


def test_where_nobody_is_asked_questions_are_for_deep_alone() -> None:
    assert "Which is it?" not in drawn(questioned(), width=80)
    told = drawn(questioned(), width=80, depth="deep")
    assert "answer  2, that: It was that." in told
    assert stepped("nnn", depth="deep").count("It was that.") == 1
