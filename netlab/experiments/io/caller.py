"""A, who calls: `python -m netlab.experiments.io.caller PORT DELAY`.

The same request twice. First A blocks in recv until B has answered. Then recv is non-blocking: it
returns at once, A goes on with work of its own, and asks again now and then.
"""

import json
import socket
import sys
from collections.abc import Iterator, Sequence
from time import perf_counter

from netlab.experiments.io.request import HEAD
from netlab.processes import hold

PAYLOAD = b"what A wants to know"
ASKS = 4
"""How often A asks while B is at work, at even distances."""


def main(words: Sequence[str]) -> None:
    hold()
    port, delay = int(words[0]), float(words[1])
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        blocking(sock, 0.001)  # warm
        non_blocking(sock, 0.004)
        told = {
            "port": sock.getsockname()[1],
            "blocking": blocking(sock, delay),
            "non_blocking": non_blocking(sock, delay),
        }
    print(json.dumps(told))


def blocking(sock: socket.socket, delay: float) -> dict[str, object]:
    sock.setblocking(True)
    asked = perf_counter()
    sock.sendall(HEAD.pack(delay, len(PAYLOAD)) + PAYLOAD)
    called = perf_counter()
    octets = sock.recv(len(PAYLOAD))
    return {"asked": asked, "calls": [(called, perf_counter(), len(octets))]}


def non_blocking(sock: socket.socket, delay: float) -> dict[str, object]:
    sock.setblocking(False)
    asked = perf_counter()
    sock.sendall(HEAD.pack(delay, len(PAYLOAD)) + PAYLOAD)
    calls, done = list[tuple[float, float, int | None]](), 0
    for number in counting():
        called = perf_counter()
        try:
            octets = len(sock.recv(len(PAYLOAD)))
        except BlockingIOError:
            octets = None
        calls.append((called, perf_counter(), octets))
        if octets is not None:
            return {"asked": asked, "calls": calls, "done": done}
        done = work_until(asked + (number + 1) * delay * 1.04 / ASKS, done)
    raise AssertionError("counting ends never")


def counting() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def work_until(instant: float, done: int) -> int:
    """A's own work: counting primes, for want of something better. Answers how many there are."""
    number = 2
    while perf_counter() < instant:
        done += all(number % factor for factor in range(2, int(number**0.5) + 1))
        number += 1
    return done


if __name__ == "__main__":
    main(sys.argv[1:])
