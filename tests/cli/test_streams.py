"""A stream that is closed, or whose disk is full, is no mistake of netlab's."""

import subprocess
import sys
from pathlib import Path

import pytest

from netlab.cli.front import SENTENCE
from netlab.errors import Exit
from tests.cli.terminal import terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sh")
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
WEIGHTY = "ws handshake --brief"
"""A command with a lab of its own, whose sockets would take the numbers of closed streams."""


def ran(command: str, streams: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", f'"$0" -m netlab {command} {streams}', sys.executable],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["", "--version", WEIGHTY])
@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_leads_nowhere(command: str, streams: str) -> None:
    done = ran(command, streams)
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert bool(done.stdout) == (" >&-" not in f" {streams}")


def test_without_keys_the_questions_are_a_list() -> None:
    assert ran("", "<&-").stdout.startswith(SENTENCE)


@full
@pytest.mark.parametrize("command", ["", "--version", "--help", "explain tcp", WEIGHTY])
def test_a_full_disk_is_told_as_one(command: str) -> None:
    done = ran(command, ">/dev/full")
    assert done.returncode == Exit.FILE
    assert done.stderr.startswith("netlab: netlab cannot write its output.\n  likely  No space")


@full
def test_where_nobody_can_be_told_the_exit_code_still_says_it() -> None:
    assert ran("", ">/dev/full 2>&1").returncode == Exit.FILE


def test_at_a_terminal_an_error_is_folded_between_words() -> None:
    with terminal("oauth", "attack", columns=60) as shown:
        assert shown.ended() == Exit.USAGE
        lines = shown.text.replace("\r", "").splitlines()
    assert max(map(len, lines)) <= 60
    assert all(line.startswith(("netlab: ", "  try     ", " " * 10)) for line in lines)
    assert " ".join(shown.text.split()).endswith("open-redirect, implicit-leak")
