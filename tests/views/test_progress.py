from netlab.recording.recorder import Recorder
from netlab.views.progress import ERASE, PATIENCE, Line, progress
from tests.views import sample
from tests.views.drawn import Stream
from tests.views.sample import Clock


def line(width: int = 60) -> tuple[Line, Clock, Stream, Recorder]:
    out, clock, book = Stream(terminal=True), Clock(), sample.recorder()
    made = Line(out, width, clock)
    book.subscribe(made.hear)
    return made, clock, out, book


def test_what_ends_quickly_is_not_shown() -> None:
    made, clock, out, book = line()
    step = book.step("tcp", "TCP")
    with book.phase(step, "connecting", "network"):
        clock.now += PATIENCE / 2
        made.tick()
    clock.now += 1
    made.tick()
    assert out.getvalue() == ""


def test_what_lasts_is_named_and_then_erased() -> None:
    made, clock, out, book = line()
    step = book.step("tcp", "TCP")
    with book.phase(step, "connecting", "network"):
        clock.now += 1.25
        made.tick()
        assert out.getvalue() == ERASE + "TCP: connecting  1.2 s"
    made.tick()
    assert out.getvalue().endswith(" s" + ERASE)
    made.tick()
    assert out.getvalue().count(ERASE) == 2


def test_hostile_names_stay_on_one_line() -> None:
    made, clock, out, book = line(30)
    step = book.step("x", sample.HOSTILE)
    with book.phase(step, sample.HOSTILE, "network"):
        clock.now += 1
        made.tick()
    shown = out.getvalue().removeprefix(ERASE)
    assert len(shown) < 30
    assert shown.isprintable()


def test_only_at_a_terminal() -> None:
    for out, plain in ((Stream(), False), (Stream(terminal=True), True)):
        book = sample.recorder()
        with progress(book, out, plain=plain), book.phase("x", "y", "network"):
            pass
        assert out.getvalue() == ""


def test_the_thread_ends_with_the_body() -> None:
    out, book = Stream(terminal=True), sample.recorder()
    with progress(book, out):
        pass
    assert out.getvalue() == ""


def test_figures_grow_below_the_line_and_go_with_it() -> None:
    made, clock, out, book = line(60)
    book.watch(made.note)
    step = book.step("lb", "Load")
    with book.phase(step, "sending", "far end"):
        clock.now += 1
        book.reading(step, "answered", {"b1": 20, "b2": 10})
        book.reading(step, "open", {"b1": 1, "b2": 4})
        made.tick()
        first, heads, one, two = out.getvalue().removeprefix(ERASE).split("\n")
        assert first == "Load: sending  1.0 s"
        assert heads.split() == ["answered", "open"]
        assert one.split()[:2] == ["b1", "20"]
        assert two.split()[:2] == ["b2", "10"]
        # Each figure has a scale of its own: half as many is half as long.
        assert one.split()[1:] == ["20", "█" * 17, "1", "█" * 4]
        assert two.split()[1:] == ["10", "█" * 8, "4", "█" * 17]
        assert max(map(len, (heads, one, two))) < 60
        before = len(out.getvalue())
        made.tick()
        assert out.getvalue()[before:].startswith(ERASE + "\x1b[1A\x1b[2K" * 3)
    made.tick()
    assert out.getvalue().endswith(ERASE + "\x1b[1A\x1b[2K" * 3)
    with book.phase(step, "sending again", "far end"):
        clock.now += 1
        made.tick()
    assert "\n" not in out.getvalue().rpartition(ERASE)[2]


def test_hostile_lanes_and_many_of_them_stay_in_their_place() -> None:
    made, clock, out, book = line(40)
    book.watch(made.note)
    step = book.step("lb", "Load")
    with book.phase(step, "sending", "far end"):
        clock.now += 1
        book.reading(step, "x", {f"{sample.HOSTILE}{number}": 0.0 for number in range(40)})
        made.tick()
    rows = out.getvalue().removeprefix(ERASE).split("\n")
    assert len(rows) == 14
    assert all(len(row) < 40 and row.isprintable() for row in rows)
