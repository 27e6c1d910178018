"""Python's selectors: one face for epoll, kqueue, poll and select, whichever is the best here."""

import selectors
import socket

from netlab.experiments.io.services.client import GONE, READ, Client, accepted


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                for sock in accepted(listener):
                    selector.register(sock, selectors.EVENT_READ, Client(sock))
                continue
            client: Client = key.data
            before = client.wish
            wish = client.serve()
            if wish == GONE:
                selector.unregister(key.fd)
            elif wish != before:
                events = selectors.EVENT_READ if wish == READ else selectors.EVENT_WRITE
                selector.modify(key.fd, events, client)
