"""`netlab tour`: each stop asks, runs, tells; it can be left anywhere and taken up again."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from netlab.cli import touring
from netlab.cli.keys import Key
from netlab.cli.touring import Wish
from netlab.errors import Exit, NetlabError
from netlab.explain import tour
from netlab.explain.pages import topics
from netlab.explain.tour import Stop
from tests.cli import commands
from tests.cli.terminal import terminal
from tests.journeys.command import netlab

STOPS = tour.stops()
THREE = tuple(
    Stop(
        name, name.title(), ("trace", name), f"What is {name}?", ("this", "that"), 1, "It is that."
    )
    for name in ("one", "two", "three")
)


class Seen:
    """A person who presses these keys, and commands that end as they are told to."""

    def __init__(self, keys: Sequence[str], codes: Sequence[int] = ()) -> None:
        self.keys, self.codes = list(keys), list(codes)
        self.ran: list[tuple[str, ...]] = []

    def run(self, words: Sequence[str]) -> int:
        self.ran.append(tuple(words))
        return self.codes.pop(0) if self.codes else 0

    @contextlib.contextmanager
    def keyboard(self) -> Iterator[Key]:
        yield self.key

    def key(self) -> str:
        pressed = self.keys.pop(0)
        if pressed == "Ctrl-C":
            raise KeyboardInterrupt
        return pressed

    def go(self, wish: Wish | None = None) -> Exit:
        return touring.go(wish or Wish(), THREE, self.run, self.keyboard)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "netlab" / "tour.json"


@pytest.mark.parametrize("stop", STOPS, ids=lambda one: one.id)
def test_every_stop_has_a_command_that_is_understood(stop: Stop) -> None:
    for depth in (None, "brief", "deep"):
        commands.read(stop.command(depth, plain=True))


@pytest.mark.parametrize("stop", STOPS, ids=lambda one: one.id)
def test_every_stop_is_whole(stop: Stop) -> None:
    assert stop.explain == "" or stop.explain in topics()
    assert stop.question.endswith("?")
    assert 2 <= len(stop.choices) <= 4
    assert "!" not in stop.question + stop.after


def test_the_stops_go_through_all_six_topics() -> None:
    assert {stop.words[0] for stop in STOPS} >= {"trace", "ws", "socketio", "oauth", "io", "lb"}
    assert len({stop.id for stop in STOPS}) == len(STOPS)
    assert len({stop.answer for stop in STOPS}) > 1, "the right one is not always the same"


def test_each_is_asked_run_and_told(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    person = Seen(["2", " ", "1", " ", "enter"])
    assert person.go() == Exit.OK
    out = capsys.readouterr().out
    assert person.ran == [("trace", name, "--brief") for name in ("one", "two", "three")]
    assert out.index("What is one?") < out.index("netlab trace one --brief") < out.index("Right: 2")
    assert "Not 1, but 2, that." in out
    assert "The answer: 2, that." in out
    assert "Of 2 guesses 1 were right." in out
    assert json.loads(place.read_text())["seen"] == {"one": 1, "two": 0, "three": -1}


@pytest.mark.parametrize(
    ("keys", "seen", "code"),
    [
        (["q"], [], Exit.OK),
        (["escape"], [], Exit.OK),
        (["end"], [], Exit.OK),
        (["Ctrl-C"], [], Exit.INTERRUPT),
        (["1", "q"], ["one"], Exit.OK),
        (["1", "Ctrl-C"], ["one"], Exit.INTERRUPT),
        (["1", "x", "q"], ["one"], Exit.OK),
        (["x", "9", "²", "1", " ", "1", "q"], ["one", "two"], Exit.OK),
    ],
)
def test_it_is_left_anywhere_and_goes_on_from_there(
    keys: list[str], seen: list[str], code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Seen(keys)
    assert person.go() == code
    assert [words[1] for words in person.ran] == seen
    told = capsys.readouterr()
    assert f"Left after {len(seen)} of 3 stops" in told.out
    assert ("interrupted" in told.err) == (code == Exit.INTERRUPT)

    again = Seen(["enter", " "] * 3)
    assert again.go() == Exit.OK
    left = [one.id for one in THREE if one.id not in seen]
    assert [words[1] for words in again.ran] == left


def test_an_interrupted_stop_is_not_seen(capsys: pytest.CaptureFixture[str]) -> None:
    assert Seen(["1"], [130]).go() == Exit.INTERRUPT
    assert "Left after 0 of 3" in capsys.readouterr().out


def test_a_stop_that_breaks_is_said_and_not_seen(capsys: pytest.CaptureFixture[str]) -> None:
    person = Seen(["1"], [4])
    assert person.go() == Exit.CONNECT
    out = capsys.readouterr().out
    assert "exit code 4" in out
    assert "netlab doctor" in out
    assert "It is that." not in out
    assert Seen(["1", "q"]).go() == Exit.OK
    assert "What is one?" in capsys.readouterr().out


def test_a_stop_may_be_about_what_breaks() -> None:
    expired = next(stop for stop in STOPS if stop.ends)
    person = Seen([], [expired.ends])
    assert touring.go(Wish(stop=1), [expired], person.run, None) == Exit.OK
    assert touring.go(Wish(stop=1), [expired], Seen([]).run, None) != Exit.OK


def test_when_all_is_seen_nothing_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    Seen(["1", " ", "1", " ", "1"]).go()
    capsys.readouterr()
    person = Seen([])
    assert person.go() == Exit.OK
    assert person.ran == []
    assert "--reset begins anew" in " ".join(capsys.readouterr().out.split())


def test_reset_forgets(place: Path) -> None:
    Seen(["1", "q"]).go()
    assert Seen([]).go(Wish(reset=True)) == Exit.OK
    assert not place.exists()
    assert Seen([]).go(Wish(reset=True)) == Exit.OK, "twice is no fault"
    person = Seen(["1", "q"])
    person.go()
    assert person.ran[0][1] == "one"


@pytest.mark.parametrize("text", ["{", "[]", '{"seen": 3}', '{"seen": {"one": "x"}}'])
def test_a_state_that_is_broken_does_not_stop_it(text: str, place: Path) -> None:
    place.parent.mkdir(parents=True)
    place.write_text(text)
    person = Seen(["1", "q"])
    assert person.go() == Exit.OK
    assert person.ran[0][1] == "one"
    assert json.loads(place.read_text())["seen"] == {"one": 0}


def test_a_state_that_cannot_be_written_is_said_once(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.parent.write_text("in the way")
    assert Seen(["1", " ", "2", " ", "1"]).go() == Exit.OK
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert "cannot be" in told.err
    assert "Of 3 guesses 1 were right." in told.out


def test_depth_and_plain_are_passed_on() -> None:
    person = Seen(["1"])
    person.go(Wish(stop=2, deep=True, plain=True))
    assert person.ran == [("trace", "two", "--deep", "--plain")]


@pytest.mark.parametrize(
    "wish",
    [{"listed": True, "every": True}, {"stop": 1, "reset": True}, {"brief": True, "deep": True}],
)
def test_what_contradicts_itself_is_refused(wish: dict[str, int]) -> None:
    with pytest.raises(NetlabError, match="exclude each other"):
        Wish(**wish)  # type: ignore[arg-type]


def test_a_stop_that_is_not_there() -> None:
    with pytest.raises(NetlabError, match="there are 3"):
        Seen([]).go(Wish(stop=4))


def test_where_nobody_can_be_asked_it_names_its_stops(capsys: pytest.CaptureFixture[str]) -> None:
    person = Seen([])
    assert touring.go(Wish(), THREE, person.run) == Exit.OK
    assert person.ran == []
    assert capsys.readouterr().out.count("netlab trace") == 3


def test_all_of_them_without_a_question(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    person = Seen([])
    assert touring.go(Wish(every=True), THREE, person.run) == Exit.OK
    assert [words[1] for words in person.ran] == ["one", "two", "three"]
    assert not place.exists(), "nobody saw it"
    assert "your guess" not in capsys.readouterr().out


def test_a_real_stop_in_a_pipe() -> None:
    ran = netlab("tour", "--stop", "3")
    assert ran.code == Exit.OK, ran.err
    asked, run, told = (
        ran.out.index(words) for words in ("Stop 3 of", "broke off here", "The answer")
    )
    assert asked < run < told


def test_ctrl_c_while_a_stop_runs_ends_both_and_keeps_the_place(place: Path) -> None:
    with terminal("tour", env={"XDG_STATE_HOME": str(place.parents[1]), "NO_COLOR": "1"}) as shown:
        before = shown.settings()
        shown.until("your guess")
        shown.press("1")
        shown.until("$ netlab trace")
        shown.press("\x03")
        shown.until("Left after 0 of")
        assert shown.ended() == Exit.INTERRUPT
        assert shown.settings() == before
    assert not place.exists()


@pytest.mark.parametrize(
    "change",
    [{"answer": 2}, {"answer": -1}, {"words": ()}, {"depth": "deeper"}, {"title": ""}, {"more": 1}],
)
def test_a_malformed_stop_is_refused(change: dict[str, object]) -> None:
    entry = {"id": "a", "title": "A", "words": ["x"], "question": "?", "choices": ["b", "c"],
             "answer": 0, "after": "D."}  # fmt: skip
    assert tour.stop(dict(entry)).id == "a"
    with pytest.raises((ValueError, TypeError)):
        tour.stop({**entry, **change})
