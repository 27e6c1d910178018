"""select: sets with a bit for each descriptor, copied in every call."""

import select
import socket

from netlab.experiments.io.services.client import READ, Client, accepted


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    clients: dict[socket.socket, Client] = {}
    while True:
        to_read = [who for who in clients if clients[who].wish == READ]
        to_write = [who for who in clients if clients[who].wish != READ]
        # This fails where a descriptor has no bit in the sets: beyond
        # FD_SETSIZE, which is 1024 on most systems.
        readable, writable, _ = select.select([listener, *to_read], to_write, [])
        for sock in readable + writable:
            if sock is listener:
                for new in accepted(listener):
                    clients[new] = Client(new)
            elif not clients[sock].serve():
                del clients[sock]
