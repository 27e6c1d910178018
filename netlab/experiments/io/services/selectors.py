"""Python's selectors: one face for epoll, kqueue, poll and select."""

import selectors
import socket

from netlab.experiments.io.services.client import (
    GONE,
    READ,
    Client,
    accepted,
)

READABLE = selectors.EVENT_READ


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    selector = selectors.DefaultSelector()
    selector.register(listener, READABLE)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                for sock in accepted(listener):
                    client = Client(sock)
                    selector.register(sock, READABLE, client)
                continue
            client = key.data
            before = client.wish
            wish = client.serve()
            if wish == GONE:
                selector.unregister(key.fd)
            elif wish != before:
                events = READABLE if wish == READ else selectors.EVENT_WRITE
                selector.modify(key.fd, events, client)
