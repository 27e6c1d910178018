"""select: hand over all sockets each time, sleep until some are ready, look which ones are."""

import select
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    waiting = {request.sock: request for request in requests}
    for sock in waiting:
        sock.setblocking(False)
    while waiting:
        to_write = [sock for sock, request in waiting.items() if request.unsent]
        to_read = [sock for sock, request in waiting.items() if not request.unsent]
        # This call sleeps, for all of them at once. It brings no octets: it says who has some.
        readable, writable, _ = calls.wait("select", select.select, to_read, to_write, [])
        for sock in writable:
            waiting[sock].sent(sock.send(waiting[sock].unsent))
        for sock in readable:
            waiting[sock].take(sock.recv(waiting[sock].missing))
            if not waiting[sock].missing:
                del waiting[sock]
