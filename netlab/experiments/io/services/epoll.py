"""epoll: the kernel keeps the list of sockets; each wait brings only those that are ready."""

import select
import socket
import sys

from netlab.experiments.io.services.client import GONE, READ, Client, accepted

assert sys.platform == "linux"

MOST = 512
"""Events that one call brings: the rest comes with the next."""


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    epoll, door = select.epoll(), listener.fileno()
    epoll.register(door, select.EPOLLIN)
    clients: dict[int, Client] = {}
    while True:
        for number, _ in epoll.poll(-1, MOST):  # its price: the ready ones, not all
            if number == door:
                for sock in accepted(listener):
                    clients[sock.fileno()] = Client(sock)
                    epoll.register(sock.fileno(), select.EPOLLIN)
                continue
            client = clients[number]
            before = client.wish
            wish = client.serve()
            if wish == GONE:
                del clients[number]  # closing took it off the kernel's list as well
            elif wish != before:
                epoll.modify(number, select.EPOLLIN if wish == READ else select.EPOLLOUT)
