"""A pool of threads: as many requests at once as there are workers, the rest wait their turn."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.models.threads import alone
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    with ThreadPoolExecutor(max_workers=workers) as pool:
        tasks = [pool.submit(alone, request, calls) for request in requests]
        calls.block("wait", wait, tasks)
