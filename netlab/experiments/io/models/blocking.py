"""Blocking, one after another: each call sleeps until it is done."""

from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    for request in requests:
        ask(request)


def ask(request: Request) -> None:
    sock = request.sock
    sock.setblocking(True)  # a new socket blocks anyway
    while request.unsent:
        request.sent(sock.send(request.unsent))
    while request.missing:
        # The server thinks; the kernel puts this thread to sleep until octets are there.
        request.take(sock.recv(request.missing))
