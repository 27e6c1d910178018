"""Programs of others: found where they are, asked once, and never waited for."""

import asyncio
import threading
from pathlib import Path

import pytest

from netlab.network import programs
from netlab.network.programs import Found, Program
from tests.witness import need, output


def script(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def asked(*names: str) -> tuple[Found, ...]:
    return asyncio.run(programs.find([Program(name) for name in names]))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(programs, "search_path", lambda: f"{tmp_path}:/bin:/usr/bin")
    return tmp_path


def test_the_version_is_found_wherever_it_is_said(folder: Path) -> None:
    script(folder, "one", "echo 'one (of 2) version 1.22.3-beta'")
    script(folder, "two", "echo 'warning' >&2; echo; echo 'Two v20.1' >&2; exit 3")
    script(folder, "mute", "exit 0")
    one, two, mute, none = asked("one", "two", "mute", "not-there-at-all")
    assert (one.version, two.version, mute.version) == ("1.22.3", "20.1", "")
    assert one.path == str(folder / "one")
    assert none == Found("not-there-at-all")


def test_one_that_does_not_end_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PATIENCE", 0.2)
    script(folder, "slow", f"echo $$ > {folder}/pid; exec sleep 60")
    (found,) = asked("slow")
    assert (found.version, found.path) == ("", str(folder / "slow"))
    pid = (folder / "pid").read_text().strip()
    assert output(["ps", "-o", "stat=", "-p", pid]).strip() == ""


def test_one_that_says_too_much_is_ended(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PATIENCE", 0.3)
    monkeypatch.setattr(programs, "LARGEST", 1000)
    script(folder, "endless", "exec yes 1.2")
    (found,) = asked("endless")
    assert found.version in ("", "1.2")


def test_one_that_cannot_be_started_is_there_without_a_version(folder: Path) -> None:
    (folder / "broken").write_bytes(b"\x7fELF nothing")
    (folder / "broken").chmod(0o755)
    assert asked("broken")[0].version == ""


@pytest.mark.witness
def test_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    need("openssl")
    (found,) = asyncio.run(programs.find([Program("openssl", ("version",))]))
    assert found.version
    assert found.version in output([str(found.path), "version"])


def test_an_interrupt_ends_them_all_first(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """asyncio would else say of each, when the loop closes, that nobody waits for it."""
    names = [f"slow{number}" for number in range(6)]
    for name in names:
        script(folder, name, f"echo $$ > {folder}/{name}.pid; exec sleep 60")

    async def interrupted() -> None:
        asking = asyncio.ensure_future(programs.find([Program(name) for name in names]))
        # Then some have started, and some are starting.
        while not (folder / "slow0.pid").exists():  # noqa: ASYNC110 - a file tells no event
            await asyncio.sleep(0)
        asking.cancel()
        await asking

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(interrupted())
    for thread in threading.enumerate():  # what asyncio says of a child comes from one of these
        if "waitpid" in thread.name:
            thread.join(5)
    assert caplog.messages == []
    for pid in (path.read_text().strip() for path in folder.glob("*.pid")):
        assert not pid or output(["ps", "-o", "stat=", "-p", pid]).strip() == ""
