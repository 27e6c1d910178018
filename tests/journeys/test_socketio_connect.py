"""`netlab socketio connect`: the lab's server, and servers that are none."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netlab.errors import Exit
from tests.journeys.command import netlab
from tests.witness import give_up, need

PROGRAM = Path(__file__).parents[1] / "node" / "socketio_server.cjs"

CHAT = "http://chat.example.com"
IN_LAB = ("--network", "lab", "--json")


def connected(*words: str) -> dict[str, Any]:
    ran = netlab("socketio", "connect", *words, *IN_LAB)
    assert ran.code == Exit.OK, ran.err
    return ran.facts()


def test_it_meets_the_server_and_emits() -> None:
    found = connected(CHAT, "--emit", "echo", '["hi", {"n": 1}]')
    assert (found["socketio.transport"], found["socketio.upgraded"]) == ("websocket", True)
    assert found["socketio.sid"]
    assert (found["socketio.acknowledged"], found["socketio.answer"]) == (True, '["hi", {"n": 1}]')
    assert 0 < found["socketio.rtt"] < 5


def test_over_tls_with_one_transport_in_a_namespace() -> None:
    found = connected("https://chat.example.com/admin", "--transport", "polling")
    assert (found["socketio.transport"], found["socketio.upgraded"]) == ("polling", False)
    assert [row["namespace"] for row in found["socketio.namespaces"]] == ["/admin"]
    assert found["tls.verified"]


def test_an_event_that_nobody_handles_is_told_as_not_acknowledged() -> None:
    found = connected(CHAT, "--transport", "websocket", "--emit", "unheard-of", "1")
    assert found["socketio.acknowledged"] is False


def test_a_namespace_that_nobody_serves() -> None:
    ran = netlab("socketio", "connect", f"{CHAT}/nowhere", *IN_LAB)
    assert (ran.code, ran.facts()["socketio.error"]) == (Exit.HTTP, "namespace")


def test_ctrl_c_ends_listening_and_shows_what_came(tmp_path: Any) -> None:
    kept = tmp_path / "kept.json"
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "netlab", "socketio", "connect", CHAT, "--listen", "--network",
         "lab", "--path", "/quick/socket.io", "--save", str(kept), "--plain"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert any("Ctrl-C ends it" in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == Exit.INTERRUPT
        rest = process.stdout.read()
    assert "What the server says" in rest
    records = json.loads(kept.read_text(encoding="utf-8"))["records"]
    assert any(one.get("name") == "socketio.listened" and one["value"] for one in records)


def page(status: str, body: str, *fields: str) -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"])
    return f"{head}\r\nConnection: close\r\n\r\n{body}".encode()


@contextlib.contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A server that says the same to everybody; with None nothing at all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        open_ones: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                open_ones.append(client)
                with contextlib.suppress(OSError):
                    client.settimeout(5)
                    # The first connection is the one that only shows the way.
                    if answer is not None and client.recv(65536):
                        client.sendall(answer)
                        client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for client in open_ones:
                client.close()


@pytest.fixture(scope="module")
def official() -> Iterator[int]:
    """The official server, on a port of its own."""
    need("node")
    folder = os.environ.get("NETLAB_NODE_MODULES") or str(PROGRAM.parent / "node_modules")
    if not (Path(folder) / "socket.io").is_dir():
        give_up("socket.io is not installed; NETLAB_NODE_MODULES names its folder")
    with subprocess.Popen(
        ["node", str(PROGRAM)], env={**os.environ, "NODE_PATH": folder}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


@pytest.mark.witness
@pytest.mark.parametrize(
    ("words", "transport", "upgraded"),
    [
        ((), "websocket", True),
        (("--transport", "polling"), "polling", False),
        (("--transport", "websocket"), "websocket", False),
    ],
)
def test_the_official_server_is_met_over_every_transport(
    official: int, words: tuple[str, ...], transport: str, upgraded: bool
) -> None:
    ran = netlab("socketio", "connect", f"http://127.0.0.1:{official}/admin?token=open", *words,
                 "-H", "X-Who: netlab", "--emit", "sum", "[2, 3]", "--network", "internet",
                 "--json")  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    found = ran.facts()
    assert (found["socketio.transport"], found["socketio.upgraded"]) == (transport, upgraded)
    assert (found["socketio.namespace"], found["socketio.answer"]) == ("/admin", "5")
    (welcome,) = found["socketio.heard"]
    assert (welcome["event"], welcome["arguments"]) == ("welcome", '["netlab", "open"]')


@pytest.mark.witness
def test_the_official_servers_refusals_are_understood(official: int) -> None:
    url = f"http://127.0.0.1:{official}"
    ran = netlab("socketio", "connect", f"{url}/nowhere", "--network", "internet", "--json")
    assert (ran.code, ran.facts()["socketio.error"]) == (Exit.HTTP, "namespace")
    ran = netlab("socketio", "connect", f"{url}/?refuse=1", "--network", "internet", "--json")
    assert (ran.code, ran.facts()["socketio.error"]) == (Exit.HTTP, "engine.io")


PLAIN = "Content-Type: text/html"
CODED = '{"code":%d,"message":"no"}'


@pytest.mark.parametrize(
    ("answer", "error", "words", "code"),
    [
        (page("200 OK", "<h1>hello</h1>", PLAIN), "no-engine.io", "no Engine.IO", Exit.HTTP),
        (page("404 Not Found", "no", PLAIN), "status", "--path", Exit.HTTP),
        (page("301 Moved", "", "Location: //a.example/?x"), "status", "a.example/.", Exit.HTTP),
        (page("400 Bad Request", CODED % 5), "engine.io", "another version", Exit.HTTP),
        (page("400 Bad Request", CODED % 1), "engine.io", "sticky sessions", Exit.HTTP),
        (page("503 Unavailable", ""), "status", "503", Exit.HTTP),
        (page("200 OK", '96:0{"sid":"x"}'), "no-engine.io", "Socket.IO 2", Exit.HTTP),
        (b"\x15\x03\x01\x00\x02\x02\x46", "garbage", "https://", Exit.HTTP),
        (b"", "closed", "without an answer", Exit.HTTP),
        (None, "timeout", "no answer came in time", Exit.TIMEOUT),
    ],
    ids=["page", "404", "redirect", "version", "sticky", "503", "old", "tls", "closed", "silent"],
)  # fmt: skip
def test_what_is_no_socketio_server_is_told_in_plain_words(
    answer: bytes | None, error: str, words: str, code: Exit
) -> None:
    with answering(answer) as port:
        ran = netlab("socketio", "connect", f"http://127.0.0.1:{port}", "--network", "internet",
                     "--max-time", "1.5s", "--json")  # fmt: skip
    assert (ran.code, ran.facts()["socketio.error"]) == (code, error), ran.err
    (finding,) = [one for one in ran.records("finding") if one["severity"] == "fault"]
    assert words in f"{finding['title']} {finding['advice']}"
    assert not re.search("Traceback|Error:", ran.err)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    ran = netlab("socketio", "connect", f"http://127.0.0.1:{port}", "--network", "internet")
    assert ran.code == Exit.CONNECT
    assert "refused" in ran.out
