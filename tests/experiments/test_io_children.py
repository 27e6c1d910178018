"""Processes of ours: how they end, and what is said where one cannot be had."""

import asyncio
import json
import sys

import pytest

from netlab.errors import NetlabError
from netlab.experiments.io import children, client, leash

LISTENS = (sys.executable, "-c", "import sys; sys.stdin.read()")
DEAF = (sys.executable, "-c", "import threading; threading.Event().wait()")


async def code_of(words: tuple[str, ...]) -> int | None:
    async with children.started(words) as process:
        pass
    return process.returncode


def test_who_ends_by_himself_is_not_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE", 30.0)
    assert asyncio.run(code_of(LISTENS)) == 0


def test_who_does_not_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE", 0.0)
    assert asyncio.run(code_of(DEAF)) not in (0, None)


@pytest.mark.parametrize("error", [BlockingIOError(11, "no process"), RuntimeError("no thread")])
def test_a_process_that_cannot_be_had_is_told(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*words: str, **pipes: object) -> None:
        raise error

    monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
    with pytest.raises(NetlabError, match="no more processes") as told:
        asyncio.run(code_of(LISTENS))
    assert told.value.cause == str(error)


NONE_LEFT = RuntimeError("can't start new thread")


@pytest.mark.parametrize("error", [NONE_LEFT, ExceptionGroup("of a group of tasks", [NONE_LEFT])])
def test_a_model_without_its_threads_is_told(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fall(settings: client.Settings) -> None:
        raise error

    words = {"model": "threads", "port": 1, "delays": [], "payload": 1, "workers": 1, "repeat": 1}
    monkeypatch.setattr(sys, "argv", ["client", json.dumps(words)])
    monkeypatch.setattr(leash, "hold", lambda: None)
    monkeypatch.setattr(client, "played", fall)
    client.main()
    told = json.loads(capsys.readouterr().out)
    assert told["why"] == "can't start new thread"
    assert "ulimit -u" in told["advice"]
