"""asyncio, repaired: the blocking call goes to a thread, and the loop stays free."""

import asyncio
from collections.abc import Sequence

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.models.threads import alone
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    with asyncio.Runner(loop_factory=calls.event_loop) as runner:
        runner.run(all_of(requests, calls))


async def all_of(requests: Sequence[Request], calls: Calls) -> None:
    async with asyncio.TaskGroup() as group:
        for request in requests:
            # The loop's default pool has only a few workers more than there are processors.
            group.create_task(asyncio.to_thread(alone, request, calls))
