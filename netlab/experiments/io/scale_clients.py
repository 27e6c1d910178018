"""Many connections to one echo service, most of them idle; every octet that comes back is checked.

A connection counts once its greeting has come back: that connect() succeeded says only that the
server's kernel took it in, and a kernel greets thousands whom no program ever accepts.
"""

import selectors
import socket
import struct
import sys
from time import perf_counter, process_time

from netlab.experiments.numbers import percentile

WINDOW = 64
"""Greetings on their way at once: fewer than any queue of a listening socket holds."""
PATIENCE = 1.5
"""Seconds without any answer, from anyone, after which no more are waited for."""
KEPT_BACK = 32
"""Descriptors that are not used for connections."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends a reset."""
SOURCES = 64
"""Addresses of 127.0.0.0/8 that the clients come from, so that ports do not run out."""


class Client:
    """One connection, and what it waits for."""

    __slots__ = ("count", "due", "got", "number", "since", "sock")

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock, self.number, self.count = sock, number, 0
        self.due, self.got, self.since = b"", b"", 0.0

    def say(self, size: int) -> None:
        """Send what no other connection sends, and this one only once."""
        self.count += 1
        self.due = struct.pack("!IQ", self.number, self.count).ljust(size, b"~")
        self.got = b""
        self.since = perf_counter()
        self.sock.send(self.due)

    def hear(self) -> bool:
        """Whether the whole echo is there. Raises OSError where the connection is broken."""
        octets = self.sock.recv(len(self.due) + 1)
        if not octets:
            raise ConnectionResetError("closed by the server")
        self.got += octets
        if not self.due.startswith(self.got):
            raise Garbled(f"connection {self.number} got octets that it did not send")
        return self.got == self.due


class Garbled(OSError):
    """What came back was not what had been sent."""


Ready = list[tuple[selectors.SelectorKey, int]]


class Clients:
    """port: the service's, on loopback. files: how many descriptors this process may have.

    awake: they have a processor to themselves, and need not sleep between two echoes.
    """

    def __init__(self, port: int, size: int, files: int | None, awake: bool = False) -> None:
        self.awake = awake
        self.address, self.size = ("127.0.0.1", port), size
        self.most = (files or 1024) - KEPT_BACK
        self.alive: list[Client] = []
        self.selector = selectors.DefaultSelector()
        self.waiting: set[Client] = set()
        self.broken: list[str] = []
        self.answered = self.garbled = 0

    def open(self, count: int) -> dict[str, object]:
        """Connect and greet, a window at a time, until all are there or nobody is served more."""
        started, why = perf_counter(), ""
        for number in range(min(count, self.most)):
            try:
                self.greet(Client(self.connect(number), number))
            except OSError as error:
                why = error.strerror or str(error)
                break
            if len(self.waiting) >= WINDOW and not self.settle(WINDOW // 2):
                break
        self.settle(0)
        unserved = self.give_up()
        return {
            "held": len(self.alive), "unserved": unserved, "broken": len(self.broken),
            "why": next(iter(self.broken), why), "limited": count > self.most,
            "garbled": self.garbled, "seconds": perf_counter() - started,
        }  # fmt: skip

    def connect(self, number: int) -> socket.socket:
        sock = socket.socket()
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(PATIENCE)
            if sys.platform == "linux":  # elsewhere only 127.0.0.1 is this machine
                sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                sock.bind((f"127.0.0.{2 + number % SOURCES}", 0))
            sock.connect(self.address)
            sock.setblocking(False)
        except BaseException:
            sock.close()
            raise
        return sock

    def greet(self, client: Client) -> None:
        try:
            client.say(self.size)
        except OSError as error:
            self.part(client, error)
            return
        self.selector.register(client.sock, selectors.EVENT_READ, client)
        self.waiting.add(client)

    def settle(self, left: int) -> bool:
        """Take echoes until so few are on their way; whether that came true in time."""
        while len(self.waiting) > left:
            ready = self.selector.select(PATIENCE)
            if not ready:
                return False
            for key, _ in ready:
                self.take(key.data)
        return True

    def take(self, client: Client) -> None:
        """Part of an echo, or all of it, or the end of the connection."""
        try:
            if not client.hear():
                return
        except OSError as error:
            self.let_go(client)
            self.part(client, error)
            return
        self.let_go(client)
        self.answered += 1
        if client.count == 1:
            self.alive.append(client)

    def let_go(self, client: Client) -> None:
        self.selector.unregister(client.sock)
        self.waiting.discard(client)

    def part(self, client: Client, error: OSError) -> None:
        """The connection is of no use any more."""
        self.garbled += isinstance(error, Garbled)
        self.broken.append(error.strerror or str(error))
        client.sock.close()
        if client.count > 1:
            self.alive.remove(client)

    def give_up(self) -> int:
        """Close all who are still waiting; answers how many these were."""
        unserved = len(self.waiting)
        for client in tuple(self.waiting):
            self.let_go(client)
            client.sock.close()
        return unserved

    def check(self) -> dict[str, object]:
        """Have every connection say one thing more, and hear it back."""
        before, self.answered = len(self.alive), 0
        for client in tuple(self.alive):
            self.greet(client)
            if len(self.waiting) >= WINDOW and not self.settle(WINDOW // 2):
                break
        self.settle(0)
        return {"lost": before - self.answered, "garbled": self.garbled}

    def measure(self, active: int, seconds: float) -> dict[str, object]:
        """A closed loop: each of the active ones says the next thing when it has its echo."""
        took: list[float] = []
        chosen, unanswered, why = spread(self.alive, active), 0, ""
        with selectors.DefaultSelector() as selector:
            for client in chosen:
                selector.register(client.sock, selectors.EVENT_READ, client)
            started, used = perf_counter(), process_time()
            try:
                unanswered = self.loop(selector, chosen, started + seconds, took)
            except OSError as error:
                self.garbled += isinstance(error, Garbled)
                why = error.strerror or str(error)
        elapsed, used = perf_counter() - started, process_time() - used
        return {
            "requests": len(took), "elapsed": elapsed, "unanswered": unanswered, "why": why,
            "share": used / elapsed if self.awake else None, "garbled": self.garbled,
            "p50": percentile(took, 0.5), "p99": percentile(took, 0.99),
        }  # fmt: skip

    def loop(
        self,
        selector: selectors.BaseSelector,
        chosen: list[Client],
        end: float,
        took: list[float],
    ) -> int:
        """Until the end, and until all have their last echo; answers how many never got it."""
        under_way = len(chosen)
        for client in chosen:
            client.say(self.size)
        while under_way and (ready := self.ready(selector)):
            for key, _ in ready:
                client = key.data
                if client.hear():
                    now = perf_counter()
                    took.append(now - client.since)
                    if now < end:
                        client.say(self.size)
                    else:
                        under_way -= 1
        return under_way

    def ready(self, selector: selectors.BaseSelector) -> Ready:
        """Who has something to hear; nobody, when that lasts too long.

        Where the clients have a processor to themselves they do not sleep: waking them is work of
        the kernel's that would be charged to the server, and that no distant client causes.
        """
        if not self.awake:
            return selector.select(PATIENCE)
        end = perf_counter() + PATIENCE
        while not (ready := selector.select(0)) and perf_counter() < end:
            pass
        return ready


IP_BIND_ADDRESS_NO_PORT = 24
"""ip(7): choose the port at connect, where it need be unique for this one destination only."""


def spread(clients: list[Client], count: int) -> list[Client]:
    """So many of them, at even distances."""
    count = min(count, len(clients))
    return [clients[i * len(clients) // count] for i in range(count)]
