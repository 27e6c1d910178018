"""kqueue: what epoll is on Linux, on macOS and the BSDs."""

import select
import socket
import sys

from netlab.experiments.io.services.client import (
    GONE,
    READ,
    Client,
    accepted,
)

assert sys.platform == "darwin"

MOST = 512
"""Events that one call brings: the rest comes with the next."""


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    kqueue, door = select.kqueue(), listener.fileno()
    kqueue.control([watch(door, READ)], 0)
    clients: dict[int, Client] = {}
    while True:
        for event in kqueue.control(None, MOST):
            if event.ident == door:
                for sock in accepted(listener):
                    clients[sock.fileno()] = Client(sock)
                    kqueue.control([watch(sock.fileno(), READ)], 0)
                continue
            client = clients[event.ident]
            before = client.wish
            wish = client.serve()
            if wish == GONE:
                del clients[event.ident]
            elif wish != before:
                changes = [unwatch(event.ident, before), watch(event.ident, wish)]
                kqueue.control(changes, 0)


def watch(number: int, wish: int) -> select.kevent:
    return select.kevent(number, filter_of(wish), select.KQ_EV_ADD)


def unwatch(number: int, wish: int) -> select.kevent:
    return select.kevent(number, filter_of(wish), select.KQ_EV_DELETE)


def filter_of(wish: int) -> int:
    reading = wish == READ
    return select.KQ_FILTER_READ if reading else select.KQ_FILTER_WRITE
