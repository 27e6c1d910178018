"""poll: the whole list goes to the kernel in every call."""

import select
import socket
import sys

from netlab.experiments.io.services.client import (
    GONE,
    READ,
    Client,
    accepted,
)

assert sys.platform != "win32"


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    poll, door = select.poll(), listener.fileno()
    poll.register(door, select.POLLIN)
    clients: dict[int, Client] = {}
    while True:
        # Its price: the kernel looks at each, however few are ready.
        for number, _ in poll.poll():
            if number == door:
                for sock in accepted(listener):
                    clients[sock.fileno()] = Client(sock)
                    poll.register(sock.fileno(), select.POLLIN)
                continue
            wish = clients[number].serve()
            if wish == GONE:
                del clients[number]
                poll.unregister(number)
            else:
                reading = wish == READ
                poll.modify(number, select.POLLIN if reading else select.POLLOUT)
