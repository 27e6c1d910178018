"""poll: the whole list of sockets goes to the kernel in every call, which looks at each one."""

import select
import socket
import sys

from netlab.experiments.io.services.client import GONE, READ, Client, accepted

assert sys.platform != "win32"


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    poll, door = select.poll(), listener.fileno()
    poll.register(door, select.POLLIN)
    clients: dict[int, Client] = {}
    while True:
        for number, _ in poll.poll():  # its price: all of them, however few are ready
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
                poll.modify(number, select.POLLIN if wish == READ else select.POLLOUT)
