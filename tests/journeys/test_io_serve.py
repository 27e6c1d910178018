"""`netlab io serve`, with clients that are not ours."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from netlab.errors import Exit
from netlab.experiments.io import limits
from tests.journeys.command import netlab
from tests.witness import find, need

Process = subprocess.Popen[str]


@contextmanager
def serving(*words: str) -> Iterator[tuple[Process, str, int]]:
    """The process, and the address that its first line says."""
    command = [sys.executable, "-m", "netlab", "io", "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                          env={**os.environ, "COLUMNS": "80"}) as process:  # fmt: skip
        try:
            assert process.stdout
            found = re.fullmatch(r"\[?(.+?)\]?:(\d+)\n", process.stdout.readline())
            assert found
            yield process, found[1], int(found[2])
        finally:
            process.kill()


NODE = """
const socket = require("net").connect(+process.argv[1], "127.0.0.1");
const sent = Buffer.alloc(3000000, (_, i) => i).map((_, i) => (i * 7) & 255);
const got = [];
socket.on("data", (part) => got.push(part));
socket.on("end", () => process.stdout.write(Buffer.concat(got).equals(sent) ? "same" : "other"));
socket.end(sent);
"""


@pytest.mark.parametrize("model", ["epoll", "asyncio-protocol"])
@pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")
def test_a_client_of_nodes_hears_its_echo(model: str) -> None:
    need("node")
    with serving(model) as (_, _, port):
        done = subprocess.run([str(find("node")), "-e", NODE, str(port)], capture_output=True,
                              text=True, timeout=20, check=True)  # fmt: skip
    assert done.stdout == "same"


@pytest.mark.parametrize(
    ("model", "number"),
    [("blocking", signal.SIGTERM), ("threads", signal.SIGINT), ("asyncio-blocking", signal.SIGTERM),
     ("asyncio-streams", signal.SIGINT)],
)  # fmt: skip
def test_it_ends_with_0_whoever_is_there(model: str, number: signal.Signals) -> None:
    with serving(model) as (process, host, port), socket.create_connection((host, port), 10) as one:
        one.sendall(b"hello")
        assert one.recv(100) == b"hello"
        process.send_signal(number)
        assert process.wait(10) == Exit.OK
        assert one.recv(100) == b""


def test_it_says_where_it_listens_and_what_it_is() -> None:
    with serving("selectors", "--listen", "127.0.0.1:0") as (process, host, _):
        assert process.stdout
        assert "selectors" in process.stdout.readline()
        assert host == "127.0.0.1"


def test_a_model_that_breaks_says_how() -> None:
    """select, and more descriptors than its sets have bits for."""
    if (limits.raise_files()["files"] or 0) < 1200:
        pytest.skip("this system lets a process have too few descriptors for that")
    with serving("select") as (process, host, port), contextlib.ExitStack() as socks:
        with contextlib.suppress(OSError):
            for _ in range(1100):
                socks.enter_context(socket.create_connection((host, port), 10))
        assert process.wait(20) == Exit.CONNECT


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["epol"], "did you mean epoll?"),
        (["io-uring"], "netlab io demo --models io-uring"),
        (["kqueue" if sys.platform == "linux" else "epoll"], "this system"),
        (["blocking", "--listen", "nowhere"], "write HOST:PORT"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(words: list[str], said: str) -> None:
    ran = netlab("io", "serve", *words)
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert ran.out == ""


def test_its_source_is_the_file_that_runs() -> None:
    from netlab.experiments.io.services import SERVICES

    ran = netlab("io", "source", "--service", "epoll", width=200)
    assert ran.code == Exit.OK
    for line in SERVICES["epoll"].file.read_text(encoding="utf-8").splitlines():
        assert line in ran.out
