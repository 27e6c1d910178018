"""The kqueue model against a stand-in with kqueue's rules (kqueue(2)), where there is none."""

import importlib
import select
import socket
import sys
from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from netlab.experiments.io.calls import Calls, Socket
from netlab.experiments.io.request import HEAD, Request

READ, WRITE, ADD, DELETE = -1, -2, 1, 2
KEVENT = SimpleNamespace


class Queue:
    """Filters of identifiers, each reported while it is true; a change may not be done twice."""

    def __init__(self) -> None:
        self.filters: set[tuple[int, int]] = set()

    def control(self, changes: Iterable[KEVENT], most: int) -> list[KEVENT]:
        for change in changes:
            if change.flags == ADD:
                self.filters.add((change.ident, change.filter))
            else:
                self.filters.remove((change.ident, change.filter))
        reads, writes = ([n for n, f in self.filters if f == kind] for kind in (READ, WRITE))
        readable, writable, _ = select.select(reads, writes, [], 5)
        ready = [*((n, READ) for n in readable), *((n, WRITE) for n in writable)]
        return [KEVENT(ident=number, filter=kind) for number, kind in ready][:most]

    def close(self) -> None:
        self.filters.clear()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {
        "kqueue": Queue, "KQ_FILTER_READ": READ, "KQ_FILTER_WRITE": WRITE, "KQ_EV_ADD": ADD,
        "KQ_EV_DELETE": DELETE,
        "kevent": lambda n, kind, flags: KEVENT(ident=n, filter=kind, flags=flags),
    }  # fmt: skip
    for name, value in names.items():
        monkeypatch.setattr(select, name, value, raising=False)
    monkeypatch.setattr(sys, "platform", "freebsd14")
    monkeypatch.delitem(sys.modules, "netlab.experiments.io.models.kqueue", raising=False)


@pytest.mark.usefixtures("system")
def test_it_sends_all_and_takes_all() -> None:
    calls, requests, far = Calls(), list[Request](), list[socket.socket]()
    for number in range(3):
        near, other = socket.socketpair()
        sock = Socket(near.family, near.type, near.proto, near.detach())
        sock.calls = calls
        requests.append(Request(sock, 0, bytes([number]) * 5))
        other.send(bytes([number]) * 5)  # the answer lies there before it is asked for
        far.append(other)
    importlib.import_module("netlab.experiments.io.models.kqueue").run(requests, calls, 1)
    for request, other in zip(requests, far, strict=True):
        assert request.answer == request.payload
        assert other.recv(64) == HEAD.pack(0, 5) + request.payload
        request.sock.close()
        other.close()
    assert calls.counts["kevent"] >= 2
