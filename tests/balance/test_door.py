"""Clients when there is no room: they wait, nobody is blamed, and nothing is said in tracebacks."""

import asyncio
import errno
import logging
import resource
import socket

import pytest

from netlab.balance import door
from netlab.balance.door import CLIENTS, FEWEST, Door, places
from netlab.balance.events import Failed, Refused
from netlab.balance.http.site import Site
from netlab.balance.http.wire import Wire
from tests.balance.http.place import Place


class Poor(socket.socket):
    """Has no descriptor for the first few that come."""

    times = 3

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self.times:
            self.times -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@pytest.mark.parametrize(
    ("soft", "most"), [(64, FEWEST), (1024, 488), (1 << 20, CLIENTS), (-1, CLIENTS)]
)
def test_each_client_takes_two_descriptors(
    monkeypatch: pytest.MonkeyPatch, soft: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (soft, soft))
    assert places() == most


def test_without_descriptors_a_client_waits(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(door, "PAUSE", 0.001)

    async def play() -> None:
        come = asyncio.Event()

        def admit(client: socket.socket, host: str, port: int) -> None:
            client.close()
            come.set()

        with Poor() as listener, socket.socket() as client:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            stands = Door(listener, admit)
            client.connect(listener.getsockname())
            async with asyncio.timeout(10):
                await come.wait()
            assert listener.times == 0
            stands.close()

    with caplog.at_level(logging.ERROR):
        asyncio.run(play())
    assert caplog.text == ""


def test_a_backend_is_not_blamed_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(self: Site, backend: object) -> Wire:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Site, "connect", connect)
    with Place(None) as place:
        assert place.get().status == 503
        assert [one.status for one in place.of(Refused)] == [503]
        assert place.of(Failed) == []
