"""The echo services: what comes back, who is served, and what a client that does not read does."""

import asyncio
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from netlab.errors import NetlabError
from netlab.experiments.io.children import command
from netlab.experiments.io.models import default_workers
from netlab.experiments.io.scale_run import Outcome, Wish, perform
from netlab.experiments.io.services import SERVICES, available, missing, named
from netlab.recording.recorder import Recorder
from netlab.recording.records import Header

HERE = [name for name in SERVICES if missing(name) is None]
FEW = {"blocking": 1, "asyncio-blocking": 1, "pool": 3, "to-thread": default_workers()}
"""Those that serve only so many clients at once."""
MANY = [name for name in HERE if name not in FEW]


def outcome_of(model: str, count: int) -> Outcome:
    recorder = Recorder(Header("", (), "test", "loopback", {}))
    outcome = Outcome(model, count)
    wish = Wish(active=4, seconds=0.05, workers=3)
    asyncio.run(perform(recorder, "test", wish, outcome))
    return outcome


@pytest.mark.parametrize("model", MANY)
def test_everyone_is_served_to_the_last_octet(model: str) -> None:
    outcome = outcome_of(model, 30)
    assert outcome.whole, outcome
    assert outcome.held == 30
    assert outcome.requests >= 4  # each that speaks has its echo, however long that took
    assert outcome.cpu
    assert outcome.cpu > 0
    assert outcome.threads == (31 if model == "threads" else 1)


@pytest.mark.parametrize("model", sorted(FEW))
def test_some_serve_only_so_many(model: str) -> None:
    most = FEW[model]
    outcome = outcome_of(model, most + 2)
    assert (outcome.held, outcome.unserved) == (most, 2)
    assert not outcome.whole
    assert (outcome.lost, outcome.garbled, outcome.died) == (0, 0, "")


@contextmanager
def served(model: str) -> Iterator[tuple[tuple[str, int], int]]:
    """The address of the service, and the process of its own that it has."""
    settings = json.dumps({"model": model, "workers": 3, "processor": None})
    pipe = subprocess.PIPE
    with subprocess.Popen(command("scale_server", settings), stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        assert process.stdin
        yield ("127.0.0.1", json.loads(process.stdout.readline())["port"]), process.pid
        process.stdin.close()
        assert process.wait(10) == 0


SENT = bytes(range(256)) * 4096


@pytest.mark.parametrize("model", HERE)
def test_a_client_that_reads_late_gets_all_of_it(model: str) -> None:
    """It sends until nothing fits any more: the service must keep what it has, and not lose it.

    Meanwhile it sleeps. One that came before it has broken off in the middle of a word, and took
    nobody along.
    """
    with served(model) as (address, pid), socket.socket() as sock:
        break_off(address)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        sock.connect(address)
        sock.setblocking(False)
        sent = push(sock, SENT * 8)
        assert model == "busy" or sleeps(pid)
        sock.settimeout(10)
        sock.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: sock.recv(65536), b""))
    assert sent > len(SENT)
    assert received == (SENT * 8)[:sent]


def break_off(address: tuple[str, int]) -> None:
    with socket.create_connection(address, 10) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.sendall(b"and gone")


def push(sock: socket.socket, octets: bytes) -> int:
    """Send until the sockets on the way are full on both sides, or all is sent."""
    import select

    sent = 0
    while sent < len(octets) and select.select([], [sock], [], 0.05)[1]:
        sent += sock.send(octets[sent : sent + 65536])
    return sent


def sleeps(pid: int) -> bool:
    """Whether its main thread sleeps, sooner or later; whoever asks again and again never does."""
    if sys.platform != "linux":
        return True
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S":
            return True
    return False


DEAF = """
import os, signal
print('{"port": 9, "files": null, "files_before": null, "threads_limit": null}', flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_server_that_is_killed_is_an_outcome_too() -> None:
    recorder = Recorder(Header("", (), "test", "loopback", {}))
    outcome = Outcome("epoll", 5)
    server = (sys.executable, "-c", DEAF)
    asyncio.run(perform(recorder, "test", Wish(seconds=0.05), outcome, server))
    assert not outcome.whole
    assert outcome.died == "it was ended by SIGKILL"


def test_a_name_that_is_none_is_met_with_the_nearest() -> None:
    with pytest.raises(NetlabError, match="there is no model 'asyncio-stream'") as raised:
        named("asyncio-stream", "netlab io serve")
    assert raised.value.advice == "did you mean asyncio-streams?"
    with pytest.raises(NetlabError, match="io_uring"):
        named("io-uring", "netlab io serve")


def test_what_this_system_has_not_is_said_plainly() -> None:
    absent = [name for name in SERVICES if missing(name) is not None]
    assert absent, "no system has both epoll and kqueue"
    for name in absent:
        with pytest.raises(NetlabError, match=f"has no {name}"):
            available(name, "netlab io serve")


def test_every_service_is_a_file_that_can_be_read() -> None:
    for service in SERVICES.values():
        text = service.file.read_text(encoding="utf-8")
        assert "def serve(listener: socket.socket, workers: int) -> None:" in text
        assert len(text.splitlines()) <= 60
