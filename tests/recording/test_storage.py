import errno
import json
import os
import sys
from pathlib import Path

import pytest

from netlab.errors import Exit, NetlabError
from netlab.recording import storage
from netlab.recording.storage import check, dumps, load, loads, save
from tests.recording.whole import WHOLE
from tests.views import sample


def refused(text: str | bytes) -> NetlabError:
    with pytest.raises(NetlabError) as caught:
        loads(text, "run.json")
    assert caught.value.exit is Exit.FILE
    return caught.value


def test_a_saved_recording_opens_again(tmp_path: Path) -> None:
    save(WHOLE, tmp_path / "run.json")
    assert load(tmp_path / "run.json") == WHOLE
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_the_text_is_ascii_without_controls() -> None:
    text = dumps(sample.hostile())
    assert text.isascii()
    assert not [char for char in text if char != "\n" and not char.isprintable()]


def test_a_hostile_recording_survives_twice() -> None:
    once = loads(dumps(sample.hostile()))
    assert loads(dumps(once)) == once


def test_nothing_is_overwritten_without_force(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(NetlabError, match="already"):
        check(path)
    with pytest.raises(NetlabError, match="already") as caught:
        save(WHOLE, path)
    assert "--force" in caught.value.advice
    assert caught.value.exit is Exit.FILE
    assert path.read_text(encoding="utf-8") == "mine"
    save(WHOLE, path, force=True)
    assert load(path) == WHOLE


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"

    def late(target: object, force: bool = False) -> None:
        path.write_text("theirs", encoding="utf-8")

    monkeypatch.setattr(storage, "check", late)
    with pytest.raises(NetlabError, match="already"):
        save(WHOLE, path)
    assert path.read_text(encoding="utf-8") == "theirs"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows renames instead")
def test_without_hard_links_it_is_still_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    save(WHOLE, tmp_path / "run.json")
    assert load(tmp_path / "run.json") == WHOLE
    with pytest.raises(NetlabError, match="already"):
        save(WHOLE, tmp_path / "run.json")


@pytest.mark.parametrize("force", [False, True])
def test_a_full_disk_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    path = tmp_path / "run.json"
    if force:
        path.write_text("old", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NetlabError, match="cannot write") as caught:
        save(WHOLE, path, force=force)
    assert "room" in caught.value.advice
    assert [entry.name for entry in tmp_path.iterdir()] == (["run.json"] if force else [])
    assert not force or path.read_text(encoding="utf-8") == "old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_in_the_way_is_no_free_name() -> None:
    with pytest.raises(NetlabError, match="already"):
        save(WHOLE, "/dev/full")


def test_directories_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match="cannot write") as caught:
        save(WHOLE, tmp_path, force=True)
    assert "directory" in caught.value.cause
    with pytest.raises(NetlabError) as caught:
        save(WHOLE, tmp_path / "nowhere" / "run.json")
    assert "There is no directory" in caught.value.cause


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(NetlabError, match="cannot open") as caught:
        load(tmp_path / "none.json")
    assert caught.value.exit is Exit.FILE


def test_truncated_at_any_place_it_is_told() -> None:
    text = dumps(WHOLE)
    for end in range(60, len(text) - 3, 97):
        error = refused(text[:end])
        assert error.what.endswith(("ends in the middle.", "not a recording of netlab's.")), end
    assert refused(text[: len(text) // 2]).what == "run.json ends in the middle."


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "<html>", '{"log": {}}', b"\xff\xfe", b"\x89PNG\r\n",
        '{"schema": "netlab.recording/1"}', '{"schema": "netlab.recording/0"}',
        '{"schema": NaN}', "1" * 5000,
    ],
)  # fmt: skip
def test_foreign_files_are_told(text: str | bytes) -> None:
    assert refused(text).what == "run.json is not a recording of netlab's."


def test_a_newer_schema_is_told() -> None:
    value = json.loads(dumps(WHOLE))
    value["schema"] = "netlab.recording/2"
    error = refused(json.dumps(value))
    assert error.what == "run.json was written by a newer netlab."
    assert "netlab.recording/2" in error.cause


def test_endless_nesting_is_told() -> None:
    deep = "[" * 200_000
    error = refused(f'{{"schema": "netlab.recording/1", "records": {deep}')
    assert "nested" in error.cause.lower() or "middle" in error.what or "recursion" in error.cause


def test_a_file_past_the_cap_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "SIZE_CAP", 1000)
    path = tmp_path / "run.json"
    path.write_bytes(b" " * 1001)
    with pytest.raises(NetlabError, match="too large"):
        load(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    save(WHOLE, tmp_path / "run.json")
    assert (tmp_path / "run.json").stat().st_mode & 0o077 == 0
