"""Keys by their names, from the octets that a terminal sends."""

import os
import sys

import pytest

from netlab.cli import keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="reads a pipe as a terminal")


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"\x1b[A", "up"), (b"\x1bOB", "down"), (b"k", "up"), (b"j", "down"), (b"\r", "enter"),
        (b"\n", "enter"), (b"\x1b", "escape"), (b"\x04", "end"), (b"q", "q"), (b"7", "7"),
    ],
)  # fmt: skip
def test_a_key_has_its_name(octets: bytes, name: str) -> None:
    read, write = os.pipe()
    try:
        os.write(write, octets)
        assert keys.name(keys.read(read)) == name
    finally:
        os.close(read)
        os.close(write)


def test_where_nothing_more_comes_it_is_the_end() -> None:
    read, write = os.pipe()
    os.close(write)
    try:
        assert keys.name(keys.read(read)) == "end"
    finally:
        os.close(read)


@pytest.mark.parametrize("octets", [b"\x1b[Z", b"\xff", "ㅂ".encode()])
def test_what_is_no_key_of_ours_is_none_of_theirs(octets: bytes) -> None:
    assert keys.name(octets) not in {"up", "down", "enter", "escape", "end", "q"}


def test_in_a_pipe_no_keys_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not keys.available()
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert keys.available()
    monkeypatch.setenv("TERM", "dumb")
    assert not keys.available()
