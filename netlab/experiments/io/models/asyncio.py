"""asyncio: an event loop waits for all sockets; each coroutine reads as if it were alone."""

import asyncio
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    with asyncio.Runner(loop_factory=calls.event_loop) as runner:  # asyncio's loop, counted
        runner.run(all_of(requests))


async def all_of(requests: Sequence[Request]) -> None:
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(ask(request))


async def ask(request: Request) -> None:
    loop = asyncio.get_running_loop()
    request.sock.setblocking(False)
    await loop.sock_sendall(request.sock, request.unsent)
    request.sent(len(request.unsent))
    while request.missing:
        # Where a thread would sleep, this coroutine gives way: the loop runs others meanwhile.
        request.take(await loop.sock_recv(request.sock, request.missing))
