"""epoll: tell the kernel once which sockets matter; each wait then brings only the ready ones."""

import select
import sys
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request

assert sys.platform == "linux"


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    waiting = {request.sock.fileno(): request for request in requests}
    with select.epoll() as epoll:  # the list lives in the kernel
        for number, request in waiting.items():
            request.sock.setblocking(False)
            calls.tell("epoll_ctl", epoll.register, number, select.EPOLLOUT)
        while waiting:
            for number, event in calls.wait("epoll_wait", epoll.poll):
                request = waiting[number]
                if event & select.EPOLLOUT:
                    request.sent(request.sock.send(request.unsent))
                    if not request.unsent:
                        calls.tell("epoll_ctl", epoll.modify, number, select.EPOLLIN)
                else:  # readable, or broken: recv tells
                    request.take(request.sock.recv(request.missing))
                    if not request.missing:
                        calls.tell("epoll_ctl", epoll.unregister, number)
                        del waiting[number]
