"""kqueue: as epoll on macOS and the BSDs; what is ready comes with how much there is of it."""

import select
import socket
import sys

from netlab.experiments.io.services.client import GONE, READ, Client, accepted

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
                kqueue.control([unwatch(event.ident, before), watch(event.ident, wish)], 0)


def watch(number: int, wish: int) -> select.kevent:
    return select.kevent(number, filter_of(wish), select.KQ_EV_ADD)


def unwatch(number: int, wish: int) -> select.kevent:
    return select.kevent(number, filter_of(wish), select.KQ_EV_DELETE)


def filter_of(wish: int) -> int:
    return select.KQ_FILTER_READ if wish == READ else select.KQ_FILTER_WRITE
