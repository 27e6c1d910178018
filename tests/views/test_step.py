import pytest

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
