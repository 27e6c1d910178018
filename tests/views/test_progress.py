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
