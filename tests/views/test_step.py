import pytest

from netlab.views.step import GUESS, PROMPT, draw_by_step
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


@pytest.mark.parametrize(
    ("key", "said"),
    [("2", "You had it right. 2, thread 2"), ("1", "You took 1. 2, thread 2"), ("x", "2, thread 2"),
     ("9", "answer  2, thread 2")],
)  # fmt: skip
def test_a_question_comes_before_what_answers_it(key: str, said: str) -> None:
    out = Stream()
    draw_by_step(sample.generic(), out, width=80, key=lambda: key)
    before, prompt, after = out.getvalue().partition(GUESS)
    assert prompt
    assert "Which is first?" in before
    assert "A pool of threads" not in before
    assert "A pool of threads" in after
    assert said in after


def test_one_may_stop_at_a_question() -> None:
    out = Stream()
    draw_by_step(sample.generic(), out, width=80, key=lambda: "q")
    assert "A pool of threads" not in out.getvalue()


def test_without_a_terminal_nobody_is_asked() -> None:
    out = Stream()
    draw_by_step(sample.trace(), out, width=80)
    assert out.getvalue() == drawn(sample.trace(), width=80)
