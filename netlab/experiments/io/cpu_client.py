"""Loads a service whose handlers compute: `python -m netlab.experiments.io.cpu_client PORT N R`.

One connection asks for nothing but an echo, again and again. First alone; then while N others have
R rounds each computed. What it reports are the echo's round trips, and how long the computing took.
"""

import json
import select
import socket
import sys
import time
from collections.abc import Sequence
from time import perf_counter

from netlab.experiments.io.cpu_service import COUNT
from netlab.processes import hold

QUIET = 0.25
"""Seconds of echoes before anybody computes."""
EVERY = 0.002
PATIENCE = 30.0


def main(words: Sequence[str]) -> None:
    hold()
    port, handlers, rounds = (int(word) for word in words)
    echo = connected(port)
    others = [connected(port) for _ in range(handlers)]
    for sock in (echo, *others):  # each handler stands, and is warm
        ping(sock)
    quiet = pings(echo, (), perf_counter() + QUIET)
    start = perf_counter()
    for sock in others:
        sock.sendall(b"c" + COUNT.pack(rounds))
    loud = pings(echo, others, start + PATIENCE)
    print(json.dumps({"quiet": quiet, "loud": loud, "took": perf_counter() - start}))


def connected(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.settimeout(PATIENCE)
    return sock


def ping(sock: socket.socket) -> None:
    sock.sendall(b"p")
    if sock.recv(1) != b"p":
        raise ConnectionError("the service hung up")


def pings(
    echo: socket.socket, others: Sequence[socket.socket], until: float
) -> list[tuple[float, float]]:
    """When each echo was asked for, and how long it took: until all others have been answered."""
    made, waiting = list[tuple[float, float]](), list(others)
    while (waiting or not others) and perf_counter() < until:
        start = perf_counter()
        ping(echo)
        made.append((start, perf_counter() - start))
        time.sleep(EVERY)
        for sock in select.select(waiting, [], [], 0)[0] if waiting else ():
            if sock.recv(1) != b"c":
                raise ConnectionError("the service hung up")
            waiting.remove(sock)
    return made


if __name__ == "__main__":
    main(sys.argv[1:])
