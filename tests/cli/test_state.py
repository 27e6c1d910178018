"""What is kept between two runs: in one step, in this user's own folder."""

import json
from pathlib import Path

import pytest

from netlab.cli import state
from netlab.errors import Exit, NetlabError


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert state.folder({"XDG_STATE_HOME": "/var/x"}) == Path("/var/x/netlab")
    assert state.folder({}) == tmp_path / ".local" / "state" / "netlab"
    assert state.folder({"XDG_STATE_HOME": "not/absolute"}) == tmp_path / ".local/state/netlab"
    assert state.folder({"LOCALAPPDATA": "/local"}) == Path("/local/netlab")


def test_it_is_named_without_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert state.shown(tmp_path / ".local/state/netlab") == "~/.local/state/netlab"
    assert state.shown(Path("/somewhere/alice/netlab")) == "netlab, under XDG_STATE_HOME"


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "tour.json"
    assert state.read(path) == {}
    state.write(path, {"a": 1})
    state.write(path, {"a": 2})
    assert state.read(path) == {"a": 2}
    assert [one.name for one in path.parent.iterdir()] == ["tour.json"], "no draft is left"


@pytest.mark.parametrize(
    "octets",
    [b"", b"{", b"[1]", b"\xff\xfe", b"null", b"[" * 60000, b'{"a": "' + b"x" * 70000 + b'"}'],
    ids=["empty", "cut", "list", "octets", "null", "deep", "large"],
)
def test_what_is_no_state_is_said_in_words(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "tour.json"
    path.write_bytes(octets)
    with pytest.raises(NetlabError, match="cannot be read") as caught:
        state.read(path)
    assert caught.value.exit is Exit.FILE
    assert caught.value.advice


def test_a_folder_that_takes_nothing_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(NetlabError, match="cannot be written") as caught:
        state.write(tmp_path / "file" / "tour.json", {})
    assert caught.value.exit is Exit.FILE


def test_a_write_that_fails_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tour.json"
    state.write(path, {"a": 1})

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(NetlabError) as caught:
        state.write(path, {"a": 2})
    assert caught.value.cause == "No space left on device"
    assert json.loads(path.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]
