"""A thread apiece: every thread blocks, in its own call, while the others block in theirs."""

from collections.abc import Sequence
from threading import Thread

from netlab.experiments.io.calls import Calls
from netlab.experiments.io.models.blocking import ask
from netlab.experiments.io.request import Request


def run(requests: Sequence[Request], calls: Calls, workers: int) -> None:
    threads = [Thread(target=alone, args=(request, calls)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        calls.block("join", thread.join)


def alone(request: Request, calls: Calls) -> None:
    with calls.thread():  # notes what this thread alone uses
        ask(request)  # the very code of the model `blocking`
