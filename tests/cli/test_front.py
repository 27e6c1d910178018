"""`netlab` alone: the questions, picked with the keys or read in a pipe."""

import os
import signal
import sys
from collections.abc import Callable

import pytest

from netlab.cli import front
from netlab.errors import Exit
from tests.cli import commands
from tests.cli.terminal import terminal
from tests.journeys.command import netlab

posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no pty")
FIRST, SECOND = "\x1b[1;36m> 1  What", "\x1b[1;36m> 2  How"


def pressing(*keys: str) -> Callable[[], str]:
    left = iter(keys)
    return lambda: next(left)


@pytest.mark.parametrize("question", front.QUESTIONS, ids=lambda one: one.words[0])
def test_every_question_has_a_command_that_is_understood(question: front.Question) -> None:
    commands.read(question.words)


@pytest.mark.parametrize("command", [command for command, _ in front.MORE if "--" not in command])
def test_what_else_is_offered_is_there(command: str) -> None:
    assert command in {path for path, _, _ in commands.every()}


def test_in_a_pipe_it_is_a_plain_list() -> None:
    ran = netlab()
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert ran.out.splitlines()[0] == front.SENTENCE
    assert all(f"{question.command}\n" in ran.out for question in front.QUESTIONS)
    assert "\x1b" not in ran.out
    assert front.KEYS not in ran.out


@pytest.mark.parametrize("wide", [40, 60, 80, 91, 92, 200])
def test_nothing_is_wider_than_the_terminal_or_lost(wide: int) -> None:
    lines = front.page(wide, 2)
    assert max(map(len, lines)) <= wide
    flat = " ".join(" ".join(lines).split())
    for question in front.QUESTIONS:
        assert question.asked in flat
        assert question.command in flat


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (("enter",), 0),
        (("down", "enter"), 1),
        (("down", "down", "up", "enter"), 1),
        (("up", "enter"), len(front.QUESTIONS) - 1),
        (("4", "enter"), 3),
        (("6", "down", "enter"), 0),
        (("9", "0", "x", "²", "", "enter"), 0),
    ],
)
def test_keys_move_and_choose(
    keys: tuple[str, ...], chosen: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert front.pick(pressing(*keys), 80) == front.QUESTIONS[chosen].words
    out = capsys.readouterr().out
    assert out.endswith(f"{front.QUESTIONS[chosen].command}\n\n")
    assert out.index("\x1b[?25l") < out.index("\x1b[?25h"), "the cursor is back"


@pytest.mark.parametrize("key", ["q", "Q", "escape", "end"])
def test_leaving_runs_nothing(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert front.pick(pressing("down", key), 80) is None
    assert capsys.readouterr().out.endswith("\x1b[?25h")


@posix
def test_at_a_terminal_arrows_move_and_leaving_restores_it() -> None:
    with terminal() as shown:
        before = shown.settings()
        shown.until(front.KEYS)
        shown.press("\x1b[B")
        shown.until(SECOND)
        assert shown.settings() != before, "keys are read one by one"
        shown.press("k")
        shown.until(FIRST)
        shown.press("\x1b")
        assert shown.ended() == Exit.OK
        assert shown.settings() == before


@posix
@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda shown: shown.press("\x03"), Exit.INTERRUPT),
        (lambda shown: os.kill(shown.process.pid, signal.SIGTERM), 128 + signal.SIGTERM),
    ],
    ids=["Ctrl-C", "SIGTERM"],
)
def test_whatever_ends_it_the_terminal_is_as_before(
    end: Callable[[object], None], code: int
) -> None:
    with terminal() as shown:
        before = shown.settings()
        shown.until(front.KEYS)
        end(shown)
        assert shown.ended() == code
        assert shown.settings() == before


@posix
def test_enter_runs_what_is_chosen_and_says_what_that_is() -> None:
    with terminal(env={"NO_COLOR": "1"}) as shown:
        shown.until(front.KEYS)
        assert "\x1b[1;36m" not in shown.text
        shown.press("2")
        shown.until("> 2  How")
        shown.press("\r")
        shown.until("netlab ws handshake\r\n")
        assert shown.ended() == Exit.OK
        assert "Closing" in shown.text


@posix
@pytest.mark.parametrize("more", [{"rows": 12}, {"env": {"TERM": "dumb"}}], ids=["low", "dumb"])
def test_where_it_cannot_be_drawn_it_is_the_list(more: dict[str, object]) -> None:
    with terminal(**more) as shown:  # type: ignore[arg-type]
        shown.until("all commands")
        assert shown.ended() == Exit.OK
        assert front.KEYS not in shown.text


def test_a_reader_who_has_gone_is_no_fault() -> None:
    import subprocess

    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "netlab"], stdout=write, stderr=subprocess.PIPE, check=False,
        stdin=subprocess.DEVNULL, timeout=30,
    )  # fmt: skip
    os.close(write)
    assert (done.returncode, done.stderr) == (Exit.PIPE, b"")
