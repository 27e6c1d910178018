"""The whole drawing: it fits, it loses nothing, and it says the same everywhere."""

import re
import unicodedata

import pytest

from netlab.recording.records import Fact, Recording
from netlab.views.journey import draw
from netlab.views.sheet import Depth
from netlab.views.text import UNSEEN, cells
from tests.views import sample
from tests.views.drawn import Stream, drawn, words

RECORDINGS = {
    "good": sample.trace(),
    "broken": sample.trace(exit=5),
    "twice": sample.twice(),
    "hostile": sample.hostile(),
    "empty": sample.recorder().finish(),
    "hangul": sample.hangul(),
    "generic": sample.generic(),
}
DEPTHS: tuple[Depth, ...] = ("brief", "default", "deep")
WIDTHS = (60, 80, 120, 200)

every = pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
at_every_depth = pytest.mark.parametrize("depth", DEPTHS)


@every
@at_every_depth
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_page(recording: Recording, depth: Depth, width: int) -> None:
    for line in drawn(recording, depth=depth, width=width).splitlines():
        assert cells(line) <= width, line


@every
@at_every_depth
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_in_it_acts(recording: Recording, depth: Depth, width: int) -> None:
    text = drawn(recording, depth=depth, width=width)
    assert not {unicodedata.category(char) for char in text.replace("\n", "")} & UNSEEN
    assert "…" not in text


@every
@pytest.mark.parametrize("depth", ["brief", "default"])
def test_narrow_pages_lose_no_word(recording: Recording, depth: Depth) -> None:
    wide = drawn(recording, depth=depth, width=200)
    for width in (60, 80):
        narrow = words(drawn(recording, depth=depth, width=width))
        for word in wide.split():
            if words(word) and not re.fullmatch(r"[\d.]+", word):
                assert words(word) in narrow, (word, width)


@every
@at_every_depth
@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.filterwarnings("error")
def test_colour_changes_no_word(recording: Recording, depth: Depth, width: int,
                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Stream(terminal=True)
    draw(recording, out, depth=depth, width=width)
    plain = drawn(recording, depth=depth, width=width)
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())
    assert [line.rstrip() for line in coloured.splitlines()] == plain.splitlines()


def test_layers_have_their_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = Stream(terminal=True)
    draw(sample.trace(exit=5), out, width=80)
    text = out.getvalue()
    assert "\x1b[36mDNS, the short way" in text
    assert "\x1b[94mTCP" in text
    assert "\x1b[32mTLS" in text
    assert "\x1b[35mHTTP" in text
    assert "\x1b[1;31m  × broke off here" in text


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM", "plain"])
def test_no_colour_where_it_is_not_wanted(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb" if variable == "TERM" else "xterm")
    if variable == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    out = Stream(terminal=True)
    draw(sample.trace(), out, width=80, plain=variable == "plain")
    assert out.getvalue() == drawn(sample.trace(), width=80)


@every
@pytest.mark.parametrize("encoding", ["ascii", "cp949"])
def test_a_poor_code_page_gets_plain_signs(recording: Recording, encoding: str) -> None:
    text = drawn(recording, encoding, width=80, depth="deep")
    text.encode(encoding)
    assert not set(text) & set("─┄▶◀█▒░×")
    assert all(cells(line) <= 80 for line in text.splitlines())


def test_the_story_in_its_order() -> None:
    text = drawn(sample.trace(), width=80)
    places = [text.index(part) for part in (
        " 1  Address bar", " 2  DNS, the short way", "dns 127.0.0.53:53 · 12.4 ms",
        "you ── A www.google.com?", "▶ resolver     0 ms", "you ◀─ 142.250.76.36 ─",
        "dig www.google.com A @127.0.0.53", " 3  DNS, the long way", "beside the journey",
        " 4  TCP", "142.250.76.36:443 ", " 5  TLS", " 6  HTTP",
        "Where the time went", "total 96.3 ms", "Findings", "see: netlab explain happy-eyeballs",
    )]  # fmt: skip
    assert places == sorted(places)


def test_brief_is_a_line_a_chapter() -> None:
    lines = drawn(sample.trace(), width=200, depth="brief").splitlines()
    assert [line[:2] for line in lines if re.match(r" \d  ", line)] == [
        f" {n}" for n in range(1, 7)
    ]
    assert len(lines) < 25
    assert not [line for line in lines if "──" in line]


def test_where_it_broke_is_marked_by_word_and_sign() -> None:
    text = drawn(sample.trace(exit=5), width=80)
    assert " 5  TLS  × broke off here" in text
    assert text.count("broke off here") == 1
    assert "   fault    The certificate has expired.\n            Look at the clock." in text
    assert text.index("fault ") < text.index("note ")
    assert "× broke off here: " in drawn(sample.trace(exit=5), width=80, depth="brief")


def test_later_journeys_are_headed() -> None:
    text = drawn(sample.twice(), width=80)
    assert " ── Journey 2: https://www.google.com/\n" in text
    assert " ── Visit 2: https://www.google.com/\n" in text
    assert "Where the time went, visit 2" in text


def test_deep_says_where_all_comes_from() -> None:
    text = drawn(sample.trace(), width=100, depth="deep")
    assert re.search(r"tcp\.race_delay +250 ms +a setting: RFC 8305 §8", text)
    assert re.search(r"tcp\.mss +\S+ KiB +told by the kernel", text)
    assert "0000  12 34 " in text
    assert "opcode: 0 (QUERY), 4 bits" in text
    assert re.search(r"IPv6|refused", text)


def test_every_fact_stands_in_deep() -> None:
    text = words(drawn(sample.trace(), width=200, depth="deep"))
    for record in sample.trace().records:
        if isinstance(record, Fact):
            assert record.name in text


def test_many_arrows_are_counted() -> None:
    book = sample.recorder()
    step = book.step("talk", "Talk")
    for number in range(30):
        book.message(step, "you", "you2", "x", f"message {number}", at=number / 1000)
    text = drawn(book.finish(), width=80)
    assert text.count("▶ you2") == 8
    assert "22 more between them; --deep shows all." in text
    assert drawn(book.finish(), width=80, depth="deep").count("▶ you2") == 30


def test_what_carries_stays_below() -> None:
    book = sample.recorder()
    step = book.step("talk", "Talk")
    frame = book.message(step, "you", "server", "h2", "HEADERS", at=0.0)
    book.message(step, "you", "server", "http", "GET /", at=0.0, carrier=frame)
    text = drawn(book.finish(), width=80)
    assert "GET /" in text
    assert "HEADERS" not in text
    assert "HEADERS" in drawn(book.finish(), width=80, depth="deep")


def test_what_never_arrived_is_dotted() -> None:
    book = sample.recorder()
    step = book.step("talk", "Talk")
    book.message(step, "you", "server", "dns", "A x?", at=0.0, arrived=False)
    (arrow,) = [line for line in drawn(book.finish(), width=60).splitlines() if "A x?" in line]
    assert "┄┄ A x? ┄" in arrow
    assert arrow.endswith("┄▶ server  no answer")


def test_an_experiment_that_nobody_explains_is_drawn_all_the_same() -> None:
    text = drawn(sample.generic(), width=80)
    for part in ("workers.count: 4 (a setting)", "poll: 3 measurements", "thread 1", "thread 2"):
        assert part in text


def test_a_question_is_for_step_and_for_the_curious() -> None:
    assert "Which is first?" not in drawn(sample.generic(), width=80)
    text = drawn(sample.generic(), width=80, depth="deep")
    assert "Which is first?" in text
    assert "answer  2, thread 2: It waits least." in text


def test_what_to_try_next_comes_last() -> None:
    last = drawn(sample.trace(), width=80).splitlines()[-1]
    assert last == " Next   netlab trace www.google.com --again    what does a second visit skip?"


def test_a_reason_is_said_once_a_journey_and_the_series_of_parts_only_in_deep() -> None:
    book = sample.recorder()
    for name in ("roundrobin", "leastconn"):
        total = book.step(f"lb.total.{name}", name, "lb.total")
        part = book.step(f"{name}/lb.backend.b1", "b1", "lb.backend", total)
        book.series(total, "latency", "s", "", [(0.0, 0.1)])
        book.series(part, "open requests", None, "b1", [(0.0, 1.0)])
    plain = drawn(book.finish())
    assert plain.count("Percentiles are said and no mean") == 1
    assert plain.count("latency: 1 measurements") == 2
    assert "open requests" not in plain
    assert drawn(book.finish(), depth="deep").count("open requests (b1)") == 2
