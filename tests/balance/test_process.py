"""The balancer as a child: control pipe in, journal out, and gone with its parent."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from netlab.balance.events import Event
from netlab.balance.pool import Pool
from netlab.balance.process import Control, Journal
from netlab.balance.settings import Server, Settings
from tests.balance.backends import some

DEADLINE = 15


class Child:
    """The process, spoken to line by line."""

    def __init__(self, settings: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "netlab.balance.process", settings],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line: dict[str, Any] = json.loads(self.process.stdout.readline())
        return line

    def until(self, key: str, value: str | None = None) -> list[dict[str, Any]]:
        """Its lines up to the first with this key, that one included."""
        lines = [self.line()]
        while lines[-1].get(key) is None or value not in (None, lines[-1][key]):
            lines.append(self.line())
        return lines

    def tell(self, **command: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return next(line for line in iter(self.line, {}) if "done" in line or "refused" in line)


@contextmanager
def child(settings: str) -> Iterator[Child]:
    made = Child(settings)
    try:
        yield made
    finally:
        assert made.process.stdin is not None
        made.process.stdin.close()
        assert made.process.wait(DEADLINE) == 0
        assert made.process.stdout is not None
        made.process.stdout.close()


@pytest.fixture
def backend() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def settings_for(listener: socket.socket) -> str:
    server = Server("b1", *listener.getsockname()[:2])
    return json.dumps(Settings((server,), layer=4).to_json())


def test_it_balances_tells_obeys_and_drains(backend: socket.socket) -> None:
    with child(settings_for(backend)) as balancer:
        ready = balancer.line()["ready"]
        assert ready["pid"] == balancer.process.pid
        where = (ready["host"], ready["port"])
        with socket.create_connection(where) as client, backend.accept()[0] as server:
            client.sendall(b"hello")
            assert server.recv(100) == b"hello"
        events = balancer.until("event", "finished")
        assert [one["event"] for one in events] == ["accepted", "picked", "finished"]
        assert events[-1]["backend"] == "b1"
        assert "done" in balancer.tell(do="mark", backend="b1", state="draining", why="a restart")
        with socket.create_connection(where) as client, pytest.raises(ConnectionResetError):
            client.recv(100)
        assert balancer.until("event", "refused")[-1]["why"] == "no backend is up"
        assert "done" in balancer.tell(do="drain")
        assert balancer.process.wait(DEADLINE) == 0


def test_it_goes_when_its_parent_does(backend: socket.socket) -> None:
    with child(settings_for(backend)) as balancer:
        balancer.line()


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("{}", "KeyError: 'backends'"),
        ("[", "JSONDecodeError"),
        ('{"backends": []}', "a balancer has 1 to 256 backends"),
    ],
)
def test_it_says_why_it_cannot_stand(settings: str, why: str) -> None:
    with child(settings) as balancer:
        assert balancer.line()["failed"].startswith(why)


def obeyed(*commands: object) -> tuple[list[str], Pool, asyncio.Event, list[Event]]:
    events: list[Event] = []
    pool, stop = Pool(some(1, 1), "roundrobin", events.append), asyncio.Event()
    control = Control(pool, stop)
    answers = [control.obey(json.dumps(each).encode()) for each in commands]
    return [next(iter(each)) for each in answers], pool, stop, events


def test_commands() -> None:
    answers, pool, stop, events = obeyed(
        {"do": "mark", "backend": "a", "state": "down"},
        {"do": "weigh", "backend": "b", "weight": 3},
        {"do": "add", "backend": "c", "host": "127.0.0.1", "port": 9009, "weight": 2},
        {"do": "remove", "backend": "a"},
        {"do": "drain"},
    )
    assert answers == ["done"] * 5
    assert [(each.name, each.weight) for each in pool.backends] == [("b", 3), ("c", 2)]
    assert stop.is_set()
    assert len(events) == 4


@pytest.mark.parametrize(
    "command",
    [
        "drain", 5, None, [], {}, {"do": "fly"}, {"do": ["mark"]}, {"do": "mark", "backend": "z"},
        {"do": "mark", "backend": "a", "state": "well"}, {"do": "weigh", "backend": "a"},
        {"do": "weigh", "backend": "a", "weight": 1000}, {"do": "weigh", "backend": "a",
                                                          "weight": "2"},
        {"do": "add", "backend": "a", "host": "127.0.0.1", "port": 1},
        {"do": "add", "backend": "c", "host": "127.0.0.1", "port": 70000},
    ],
)  # fmt: skip
def test_a_command_that_makes_no_sense_changes_nothing(command: object) -> None:
    answers, pool, stop, events = obeyed(command)
    assert answers == ["refused"]
    assert len(pool.backends) == 2
    assert not stop.is_set()
    assert not events


def test_a_line_that_is_no_json_is_refused() -> None:
    control = Control(Pool(some(1), "roundrobin", lambda event: None), asyncio.Event())
    assert "refused" in control.obey(b"\xff{\n")


def test_a_slow_reader_loses_events_and_hears_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netlab.balance.process.WAITING", 0)
    near, far = socket.socketpair()
    with near, far:
        journal = Journal(near.detach())
        pool = Pool(some(1), "roundrobin", journal.put)
        for _ in range(7):
            pool.pick()
        journal.put({"done": "answers are never dropped"})
        journal.end()
        lines = far.recv(65536).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"done": "answers are never dropped"}, {"dropped": 7},
    ]  # fmt: skip
