"""select: three sets of bits, one for each descriptor up to a fixed limit, copied in every call."""

import select
import socket

from netlab.experiments.io.services.client import READ, Client, accepted


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    clients: dict[socket.socket, Client] = {}
    while True:
        to_read = [sock for sock, client in clients.items() if client.wish == READ]
        to_write = [sock for sock, client in clients.items() if client.wish != READ]
        # Where a descriptor has no bit in the set (FD_SETSIZE is 1024 on most systems), this fails.
        readable, writable, _ = select.select([listener, *to_read], to_write, [])
        for sock in readable + writable:
            if sock is listener:
                clients.update((new, Client(new)) for new in accepted(listener))
            elif not clients[sock].serve():
                del clients[sock]
