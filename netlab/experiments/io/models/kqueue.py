"""kqueue: what BSD and macOS have in epoll's place; one call both tells and waits."""

import select
import sys
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request

assert sys.platform != "linux"
assert sys.platform != "win32"


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    waiting = {request.sock.fileno(): request for request in requests}
    queue = select.kqueue()
    changes = []
    for number, request in waiting.items():
        request.sock.setblocking(False)
        changes.append(select.kevent(number, select.KQ_FILTER_WRITE, select.KQ_EV_ADD))
    while waiting:
        events = calls.wait("kevent", queue.control, changes, len(requests))
        changes = []
        for event in events:
            number = event.ident
            request = waiting[number]
            if event.filter == select.KQ_FILTER_WRITE:
                request.sent(request.sock.send(request.unsent))
                if not request.unsent:
                    changes.append(
                        select.kevent(number, select.KQ_FILTER_WRITE, select.KQ_EV_DELETE)
                    )
                    changes.append(select.kevent(number, select.KQ_FILTER_READ, select.KQ_EV_ADD))
            else:
                request.take(request.sock.recv(request.missing))
                if not request.missing:
                    changes.append(
                        select.kevent(number, select.KQ_FILTER_READ, select.KQ_EV_DELETE)
                    )
                    del waiting[number]
    queue.close()
