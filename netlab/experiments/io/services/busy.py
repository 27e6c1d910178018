"""Non-blocking, polling busily: ask every socket, again and again."""

import socket

from netlab.experiments.io.services.client import GONE, Client, accepted


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    clients: list[Client] = []
    while True:  # never sleeps
        clients.extend(map(Client, accepted(listener)))
        gone = [client for client in clients if client.serve() == GONE]
        for client in gone:
            clients.remove(client)
