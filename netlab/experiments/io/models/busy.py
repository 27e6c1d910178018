"""Non-blocking, polling busily: every call returns at once, mostly with nothing; call again."""

import socket
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request

ROUNDS = 200
"""One round in so many is timed call by call; in the others calls are only counted."""


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    for request in requests:
        request.sock.setblocking(False)
        send(request)
    waiting = list(requests)
    while waiting:
        waiting = look(waiting)
        waiting = spin(waiting, calls)


def send(request: Request) -> None:
    while request.unsent:
        try:
            request.sent(request.sock.send(request.unsent))
        except BlockingIOError:  # the socket's buffer is full
            continue


def look(waiting: list[Request]) -> list[Request]:
    """One round, each call timed."""
    for request in waiting:
        try:
            request.take(request.sock.recv(request.missing))
        except BlockingIOError:  # EAGAIN: nothing is there, and nothing is under way for us
            continue
    return [request for request in waiting if request.missing]


def spin(waiting: list[Request], calls: Calls) -> list[Request]:
    """Rounds whose calls are counted and not timed, until one brings something."""
    wasted, recv = 0, socket.socket.recv
    for _ in range(ROUNDS):
        for request in waiting:
            try:
                octets = recv(request.sock, request.missing)
            except BlockingIOError:
                wasted += 1
                continue
            calls.counted("recv", wasted)
            calls.came(request.sock)
            request.take(octets)
            return [request for request in waiting if request.missing]
    calls.counted("recv", wasted)
    return waiting
