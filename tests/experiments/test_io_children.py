"""Processes of ours: how they end, and what is said where one cannot be had."""

import asyncio
import json
import socket
import sys
import threading

import pytest

from netlab.errors import NetlabError
from netlab.experiments.io import children, client
from netlab.experiments.io.request import HEAD

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


HELD = """
import os, signal, threading
from netlab.processes import hold
hold()
os.kill(os.getpid(), signal.SIGINT)  # the parent's to judge
print("held", flush=True)
threading.Event().wait()
"""


def test_who_is_held_on_a_leash_goes_when_it_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def let_go() -> int | None:
        async with children.started((sys.executable, "-c", HELD)) as process:
            assert await children.line(process, 30.0) == "held\n"
        return process.returncode

    monkeypatch.setattr(children, "GRACE", 30.0)
    assert asyncio.run(let_go()) == 0


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
    monkeypatch.setattr(client, "hold", lambda: None)
    monkeypatch.setattr(client, "played", fall)
    client.main([json.dumps(words)])
    told = json.loads(capsys.readouterr().out)
    assert told["why"] == "can't start new thread"
    assert "ulimit -u" in told["advice"]


def garble(listener: socket.socket, size: int) -> None:
    """Answer one request with its payload, of which the last octet is another."""
    sock, _ = listener.accept()
    with sock:
        payload = sock.recv(HEAD.size + size, socket.MSG_WAITALL)[HEAD.size :]
        sock.sendall(payload[:-1] + bytes([payload[-1] ^ 1]))


def test_every_octet_of_an_answer_is_checked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=garble, args=(listener, 64), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(ConnectionError, match="answer 0 is not what was sent"):
            client.played(client.Settings("blocking", port, [0.0], 64, 1, 1, warm=False))
        thread.join(10)
