"""The load's own judgement, held against servers that do not do what they should."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from netlab.experiments.io import scale_clients
from netlab.experiments.io.scale_clients import Clients, spread

Answer = Callable[[socket.socket, bytes], None]


@contextmanager
def server(answer: Answer) -> Iterator[int]:
    """A port where each connection's octets are answered so."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    socks: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            socks.append(sock)
            threading.Thread(target=talk, args=(sock, answer), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)
    for sock in socks:
        sock.close()


def talk(sock: socket.socket, answer: Answer) -> None:
    try:
        while octets := sock.recv(4096):
            answer(sock, octets)
    except OSError:
        pass  # the other end has gone


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with much to do may take its time: nothing here is judged by it."""
    monkeypatch.setattr(scale_clients, "PATIENCE", 10.0)


def ended(clients: Clients) -> None:
    for client in clients.alive:
        client.sock.close()
    clients.selector.close()


def echo(sock: socket.socket, octets: bytes) -> None:
    sock.sendall(octets)


def test_honest_echoes_are_counted() -> None:
    with server(echo) as port:
        clients = Clients(port, 64, 1000)
        opened = clients.open(20)
        assert (opened["held"], opened["unserved"], opened["broken"]) == (20, 0, 0)
        told = clients.measure(5, 0.02)
        assert isinstance(told["requests"], int)
        assert told["requests"] >= 5
        assert told["unanswered"] == 0
        assert clients.check() == {"lost": 0, "garbled": 0}
        ended(clients)


def test_a_single_wrong_octet_is_noticed() -> None:
    """From the third word on, the last octet of each echo is another."""
    words: dict[socket.socket, int] = {}

    def wrong(sock: socket.socket, octets: bytes) -> None:
        words[sock] = words.get(sock, 0) + 1
        sock.sendall(octets if words[sock] < 3 else octets[:-1] + b"!")

    with server(wrong) as port:
        clients = Clients(port, 64, 1000)
        assert clients.open(3)["held"] == 3
        assert clients.check() == {"lost": 0, "garbled": 0}
        assert clients.check() == {"lost": 3, "garbled": 3}
        ended(clients)


def test_echoes_of_another_connection_are_noticed() -> None:
    before: list[bytes] = []

    def crossed(sock: socket.socket, octets: bytes) -> None:
        before.append(octets)
        sock.sendall(before[0])

    with server(crossed) as port:
        clients = Clients(port, 64, 1000)
        opened = clients.open(2)
        assert (opened["held"], opened["garbled"]) == (1, 1)
        ended(clients)


def test_an_echo_in_pieces_is_one() -> None:
    def pieces(sock: socket.socket, octets: bytes) -> None:
        sock.sendall(octets[:10])
        sock.sendall(octets[10:])

    with server(pieces) as port:
        clients = Clients(port, 64, 1000)
        assert clients.open(5)["held"] == 5
        ended(clients)


def test_who_is_cut_short_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale_clients, "PATIENCE", 0.2)  # what is missing never comes
    with server(lambda sock, octets: sock.sendall(octets[:-1])) as port:
        clients = Clients(port, 64, 1000)
        opened = clients.open(4)
        assert (opened["held"], opened["unserved"]) == (0, 4)
        ended(clients)


def test_a_server_that_goes_while_it_is_measured_is_told() -> None:
    words: list[int] = []

    def leave(sock: socket.socket, octets: bytes) -> None:
        words.append(1)
        if len(words) > 10:
            sock.shutdown(socket.SHUT_RDWR)
        else:
            sock.sendall(octets)

    with server(leave) as port:
        clients = Clients(port, 64, 1000)
        assert clients.open(2)["held"] == 2
        told = clients.measure(2, 5.0)
        assert told["why"] == "closed by the server"
        lost = clients.check()["lost"]
        assert isinstance(lost, int)
        assert lost >= 1
        ended(clients)


def test_no_more_are_opened_than_there_are_descriptors() -> None:
    with server(echo) as port:
        clients = Clients(port, 64, scale_clients.KEPT_BACK + 3)
        opened = clients.open(10)
        assert (opened["held"], opened["limited"]) == (3, True)
        ended(clients)


def test_nobody_at_the_door() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clients = Clients(port, 64, 1000)
    opened = clients.open(5)
    assert opened["held"] == 0
    assert opened["why"]
    ended(clients)


def test_even_distances() -> None:
    assert spread(list(range(100)), 4) == [0, 25, 50, 75]  # type: ignore[arg-type,comparison-overlap]
    assert spread([7], 10) == [7]  # type: ignore[list-item,comparison-overlap]
