"""One connection, many waiters: how many of them wake, and how many wake for nothing.

Every waiter is a thread with an epoll of its own over the same listening socket. Whoever wakes
waits until all have woken that will; then each tries to accept, and one has something to accept.
"""

import select
import socket
import sys
import threading
from dataclasses import dataclass, field
from time import perf_counter

from netlab.experiments.bench import Bench
from netlab.recording.records import Value

WAITERS = 8
SETTLED = 0.1
"""Seconds without another waking after which no more are expected."""
PATIENCE = 3.0


@dataclass(slots=True)
class Herd:
    """What became of the waiters."""

    woken: int = 0
    accepted: int = 0
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    ready: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    woke: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: threading.Event = field(default_factory=threading.Event)

    def wake(self) -> None:
        with self.lock:
            self.woken += 1
        self.woke.release()
        self.go.wait(PATIENCE)

    def accept(self, server: socket.socket) -> None:
        try:
            connection, _ = server.accept()
        except BlockingIOError:
            with self.lock:
                self.refused += 1
            return
        connection.close()
        with self.lock:
            self.accepted += 1


def run(bench: Bench) -> None:
    step = bench.step("io.calls.herd", "A thundering herd")
    fact = bench.recorder.fact
    fact(step, "io.waiters", WAITERS, origin="configured")
    if sys.platform != "linux":
        fact(step, "io.missing", f"this system ({sys.platform}) has no epoll")
        return
    try:
        plain = herd(select.EPOLLIN)
        alone = herd(select.EPOLLIN | select.EPOLLEXCLUSIVE)
    except RuntimeError as error:  # what Python raises where the system starts no more threads
        fact(step, "io.missing", f"{error} (ulimit -u)", note=f"{WAITERS} threads are to wait")
        return
    fact(step, "io.woken", plain.woken, note="by one connection, each with an epoll of its own")
    fact(step, "io.in_vain", plain.refused, note="accept said EAGAIN")
    fact(step, "io.woken_exclusive", alone.woken, note="the same with EPOLLEXCLUSIVE")
    rows: list[Value] = [
        {"how": "epoll, each its own", "woken": plain.woken, "accepted": plain.accepted,
         "in_vain": plain.refused},
        {"how": "the same with EPOLLEXCLUSIVE", "woken": alone.woken,
         "accepted": alone.accepted, "in_vain": alone.refused},
    ]  # fmt: skip
    fact(step, "io.herd", rows, note="every call really made")


def herd(events: int) -> Herd:
    """Let one connection come to eight waiters, and count."""
    made = Herd()
    with socket.create_server(("127.0.0.1", 0), backlog=WAITERS) as server:
        server.setblocking(False)
        over = threading.Event()
        threads = [
            threading.Thread(target=wait, args=(made, server, events, over), daemon=True)
            for _ in range(WAITERS)
        ]
        try:
            for thread in threads:
                thread.start()
            for _ in threads:
                made.ready.acquire(timeout=PATIENCE)
            with socket.create_connection(server.getsockname()):
                while made.woke.acquire(timeout=SETTLED):
                    pass
        finally:
            over.set()
            made.go.set()
            for thread in filter(threading.Thread.is_alive, threads):
                thread.join(PATIENCE)
    return made


def wait(made: Herd, server: socket.socket, events: int, over: threading.Event) -> None:
    """Sleep until something is there; look up now and then whether all is over."""
    assert sys.platform == "linux"
    deadline = perf_counter() + PATIENCE
    with select.epoll() as epoll:
        epoll.register(server.fileno(), events)
        made.ready.release()
        while not over.is_set() and perf_counter() < deadline:
            if epoll.poll(SETTLED / 2):
                if over.is_set():
                    return
                made.wake()
                made.accept(server)
                return
