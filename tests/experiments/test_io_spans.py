"""From calls to stretches of time that can be drawn."""

import threading

from netlab.experiments.io.calls import Call, Calls, Thread, What
from netlab.experiments.io.spans import MOST, stretches

ME = threading.get_ident()


def made(*calls: tuple[int, str, What, float, float]) -> Calls:
    book = Calls()
    book.made += [Call(who, name, 5, what, start, end) for who, name, what, start, end in calls]
    return book


def test_between_calls_a_thread_runs() -> None:
    calls = made((ME, "recv", "blocked", 1.0, 3.0), (ME, "recv", "blocked", 4.0, 5.0))
    assert [(one.what, one.start, one.end) for one in stretches(calls, 0.0, 6.0)] == [
        ("running", 0.0, 1.0), ("blocked", 1.0, 3.0), ("running", 3.0, 4.0),
        ("blocked", 4.0, 5.0), ("running", 5.0, 6.0),
    ]  # fmt: skip


def test_polls_that_follow_each_other_are_one_stretch() -> None:
    polls = [(ME, "recv", "polling for nothing", at, at + 0.1) for at in (1.0, 2.0, 3.0)]
    found = stretches(made(*polls, (ME, "recv", "running", 4.0, 4.1)), 1.0, 4.1)  # type: ignore[arg-type]
    assert [(one.what, one.start, one.end) for one in found] == [
        ("polling for nothing", 1.0, 3.1), ("running", 3.1, 4.0), ("running", 4.0, 4.1),
    ]  # fmt: skip


def test_each_thread_has_its_own_and_the_main_one_comes_first() -> None:
    calls = made((7, "recv", "blocked", 1.0, 2.0), (ME, "join", "blocked", 0.5, 2.5))
    calls.threads.append(Thread(7, 0.9, 2.1, 0.0, 1, 0))
    found = stretches(calls, 0.0, 3.0)
    assert [one.thread for one in found] == [0, 0, 0, 1, 1, 1]
    assert (found[3].start, found[-1].end) == (0.9, 2.1)


def test_there_is_a_bound() -> None:
    calls = made(*((ME, "recv", "blocked", at, at + 0.4) for at in range(2 * MOST)))
    assert len(stretches(calls, 0.0, 2 * MOST)) == MOST
