"""selectors: Python's one face for the best that the system has (epoll, kqueue, poll, select)."""

import selectors
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls, CountingSelector
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    left = len(requests)
    with CountingSelector(calls) as selector:  # selectors.DefaultSelector, counted
        for request in requests:
            request.sock.setblocking(False)
            selector.register(request.sock, selectors.EVENT_WRITE, request)
        while left:
            for key, event in selector.select():
                request = key.data
                if event & selectors.EVENT_WRITE:
                    request.sent(request.sock.send(request.unsent))
                    if not request.unsent:
                        selector.modify(request.sock, selectors.EVENT_READ, request)
                else:
                    request.take(request.sock.recv(request.missing))
                    if not request.missing:
                        selector.unregister(request.sock)
                        left -= 1
