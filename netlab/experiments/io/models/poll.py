"""poll: as select, without its limit on descriptors; the whole list still goes over each time."""

import select
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    waiting = {request.sock.fileno(): request for request in requests}
    poller = select.poll()  # a list in this process: the kernel learns of it at each poll()
    for number, request in waiting.items():
        request.sock.setblocking(False)
        poller.register(number, select.POLLOUT)
    while waiting:
        for number, event in calls.wait("poll", poller.poll):
            request = waiting[number]
            if event & select.POLLOUT:
                request.sent(request.sock.send(request.unsent))
                if not request.unsent:
                    poller.modify(number, select.POLLIN)
            else:  # readable, or broken: recv tells
                request.take(request.sock.recv(request.missing))
                if not request.missing:
                    poller.unregister(number)
                    del waiting[number]
