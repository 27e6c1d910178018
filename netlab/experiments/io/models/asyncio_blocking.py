"""asyncio with a blocking call in it, the classic mistake: the whole loop sleeps in one recv."""

import asyncio
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.models.blocking import ask
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    with asyncio.Runner(loop_factory=calls.event_loop) as runner:
        runner.run(all_of(requests))


async def all_of(requests: Sequence[Request]) -> None:
    async with asyncio.TaskGroup() as group:
        for request in requests:
            group.create_task(wrong(request))


async def wrong(request: Request) -> None:
    # `async def` makes nothing asynchronous: without an await nobody else gets a turn.
    ask(request)
