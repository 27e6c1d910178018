"""The official JavaScript client gets on with the lab's Socket.IO server."""

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from netlab.lab import Lab
from tests.witness import give_up, need

pytestmark = [pytest.mark.witness, pytest.mark.timeout(60)]

SERVICE, ADDRESS = "web:chat.example.com", "203.0.113.56"
PROGRAM = Path(__file__).parents[1] / "node" / "socketio_client.cjs"
WAYS = [
    ("http", "polling"), ("http", "websocket"), ("http", "polling,websocket"),
    ("https", "polling,websocket"),
]  # fmt: skip
"""Scheme, and transports in the order that the client tries them: the third upgrades."""


@pytest.fixture(scope="module")
def modules() -> str:
    """The folder with the client: `npm install --prefix tests/node --no-package-lock`, or CI's."""
    need("node")
    folder = os.environ.get("NETLAB_NODE_MODULES") or str(PROGRAM.parent / "node_modules")
    if not (Path(folder) / "socket.io-client").is_dir():
        give_up("socket.io-client is not installed; NETLAB_NODE_MODULES names its folder")
    return folder


@contextlib.contextmanager
def running(
    lab: Lab, modules: str, scenario: str, scheme: str, transports: str
) -> Iterator[subprocess.Popen[str]]:
    dialled = lab.directory.dialled("tcp", ADDRESS, {"http": 80, "https": 443}[scheme])
    assert dialled is not None
    line = ["node", str(PROGRAM), scenario, dialled[0], str(dialled[1]), scheme, transports]
    if scheme == "https":
        line.append(lab.directory.ca_file)
    environ = {**os.environ, "NODE_PATH": modules}
    with subprocess.Popen(
        line, env=environ, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def told(lab: Lab, modules: str, scenario: str, scheme: str, transports: str) -> Any:
    with running(lab, modules, scenario, scheme, transports) as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


@pytest.mark.parametrize(("scheme", "transports"), WAYS)
def test_events_and_acknowledgements(lab: Lab, modules: str, scheme: str, transports: str) -> None:
    assert told(lab, modules, "talk", scheme, transports) == {
        "transport": transports.rpartition(",")[2],
        "named": True,
        "none": [],
        "several": ["안녕", 1, None, {"deep": [True]}],
        "many": list(range(40)),
        "binary": ["00ff0a", "62"],
        "wrong": {"error": "say takes the name of a room and a text"},
        "late": "operation has timed out",
    }


@pytest.mark.parametrize(("scheme", "transports"), WAYS)
def test_namespaces(lab: Lab, modules: str, scheme: str, transports: str) -> None:
    found = told(lab, modules, "namespaces", scheme, transports)
    assert found == {"rooms": [["tea"], ["tea"]], "refused": "Invalid namespace", "members": 1}


@pytest.mark.parametrize(("scheme", "transports"), WAYS)
def test_a_room_of_three_clients(lab: Lab, modules: str, scheme: str, transports: str) -> None:
    assert told(lab, modules, "rooms", scheme, transports) == {
        "joined": [["tea"], ["tea"]],
        "left": [],
        "members": 2,
        "fewer": 1,
        "from": True,
        "heard": [["hello", "bye"], ["hello"], []],
    }


@pytest.mark.parametrize("transports", ["polling", "websocket", "polling,websocket"])
def test_it_comes_back_when_the_server_does_and_is_in_no_room(
    modules: str, transports: str
) -> None:
    # A lab of its own: nobody else's connections are to be cut.
    with Lab.start() as lab, running(lab, modules, "reconnect", "http", transports) as process:
        assert process.stdout is not None

        def next_line() -> Any:
            assert process.stdout is not None
            return json.loads(process.stdout.readline())

        assert next_line() == {"event": "joined", "rooms": ["tea"]}
        lab.command("stop", service=SERVICE)
        gone = next_line()
        assert gone["reason"] in ("transport close", "transport error")
        assert next_line() == {"event": "failed"}
        lab.command("start", service=SERVICE)
        assert next_line() == {
            "event": "back", "other": True, "members": 0, "rooms": [],
        }  # fmt: skip
        _, err = process.communicate(timeout=10)
        assert (process.returncode, err) == (0, "")
