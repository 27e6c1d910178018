"""epoll: the kernel keeps the list; a wait brings only who is ready."""

import select
import socket
import sys

from netlab.experiments.io.services.client import (
    GONE,
    READ,
    Client,
    accepted,
)

assert sys.platform == "linux"

MOST = 512
"""Events that one call brings: the rest comes with the next."""


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    epoll, door = select.epoll(), listener.fileno()
    epoll.register(door, select.EPOLLIN)
    clients: dict[int, Client] = {}
    while True:
        # Its price: those that are ready, however many there are.
        for number, _ in epoll.poll(-1, MOST):
            if number == door:
                for sock in accepted(listener):
                    clients[sock.fileno()] = Client(sock)
                    epoll.register(sock.fileno(), select.EPOLLIN)
                continue
            client = clients[number]
            before = client.wish
            wish = client.serve()
            if wish == GONE:
                del clients[number]  # closing took it off the kernel's list
            elif wish != before:
                reading = wish == READ
                epoll.modify(number, select.EPOLLIN if reading else select.EPOLLOUT)
