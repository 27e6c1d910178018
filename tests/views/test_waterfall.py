import re

import pytest

from netlab.recording.ledger import ledger
from netlab.views.sheet import Sheet
from netlab.views.story import Story
from netlab.views.style import plain
from netlab.views.waterfall import waterfall
from tests.views import sample


def drawn(width: int = 80) -> list[str]:
    return [plain(line) for line in waterfall(Story(sample.trace()), Sheet(width))]


def test_each_phase_stands_on_one_axis_in_its_order() -> None:
    deep = [plain(line) for line in waterfall(Story(sample.trace()), Sheet(80, "deep"))]
    bars = [re.search(r"[█▒░×]+", line) for line in deep[1:9]]
    starts = [bar.start() for bar in bars if bar]
    assert starts == sorted(starts)
    assert len(starts) == len(ledger(sample.trace().records).leaves) == 7
    text = "\n".join(deep)
    assert re.search(r"TLS: certificates checked +1.70 ms  +█", text)
    assert re.search(r"DNS, the short way +12.4 ms  ░+\n", text)
    assert re.search(r"TCP +21.0 ms +▒+\n", text)


def test_every_owner_the_remainder_and_the_asides_are_told() -> None:
    text = re.sub(r"\s+", " ", "\n".join(drawn()))
    assert (
        "Whose time the network 62.0 ms · the far end 19.0 ms · the resolver 12.4 ms · "
        "netlab 2.70 ms · between the phases, netlab's own 200 µs"
    ) in text
    assert "40.0 ms, asked only in order to explain, and not counted above" in text
    assert "total 96.3 ms" in text


@pytest.mark.parametrize("outcome", ["failed", "cut"])
def test_what_was_broken_off_ends_in_a_cross(outcome: str) -> None:
    book = sample.recorder()
    step = book.step("tcp", "TCP")
    book.span(step, "connecting", 0.0, 1.0, "network", outcome=outcome)  # type: ignore[arg-type]
    lines = [plain(line) for line in waterfall(Story(book.finish(4)), Sheet(80))]
    assert lines[1].endswith("▒×")


def test_phases_become_a_row_a_chapter_and_deep_keeps_them_apart() -> None:
    book = sample.recorder()
    for step in ("one", "two"):
        book.step(step, step)
        for number in range(50):
            book.span(step, f"phase {number}", number, number + 0.5, "network")
    story = Story(book.finish())
    short = [plain(line) for line in waterfall(story, Sheet(80))]
    assert len([line for line in short if re.search(r" s  +[█▒░]", line)]) == 2
    deep = [plain(line) for line in waterfall(story, Sheet(80, "deep"))]
    assert len([line for line in deep if "phase" in line and "▒" in line]) == 100


def test_without_phases_there_is_none() -> None:
    assert waterfall(Story(sample.recorder().finish()), Sheet(80)) == []
