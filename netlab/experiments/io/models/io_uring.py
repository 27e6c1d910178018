"""io_uring: hand the kernel buffers; it does the copying, and tells when that is done."""

from collections.abc import Sequence

import liburing as uring

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    ring, done = uring.Ring(), uring.Cqe()
    uring.io_uring_queue_init(len(requests), ring)
    buffers = [bytearray(request.missing) for request in requests]
    for number, request in enumerate(requests):
        prepare(ring, number, request, buffers[number])
    left = len(requests)
    while left:
        calls.tell("io_uring_submit", uring.io_uring_submit, ring)
        calls.complete("io_uring_wait_cqe", uring.io_uring_wait_cqe, ring, done)
        entry = done[0]
        number, result = entry.user_data, entry.res
        uring.io_uring_cqe_seen(ring, entry)
        request = requests[number]
        if request.unsent:
            request.sent(result)
        else:  # no recv is called here: the octets already lie in the buffer
            request.take(bytes(buffers[number][:result]))
        if request.missing:
            prepare(ring, number, request, buffers[number])
        else:
            left -= 1
    uring.io_uring_queue_exit(ring)


def prepare(ring: "uring.Ring", number: int, request: Request, buffer: bytearray) -> None:
    """Write an order into the queue that this process and the kernel share."""
    order = uring.io_uring_get_sqe(ring)
    if request.unsent:
        uring.io_uring_prep_send(order, request.sock.fileno(), request.unsent)
    else:
        uring.io_uring_prep_recv(order, request.sock.fileno(), buffer)
    order.user_data = number
