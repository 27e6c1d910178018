"""Connections to backends that wait for another request.

The newest is taken first, so that what a quiet time leaves over grows old and is closed. A
connection that its backend closes is gone from here at once.
"""

import asyncio
from collections import deque

from netlab.balance.backend import Backend
from netlab.balance.http.wire import Wire

MOST = 64
"""For each backend."""
AGE = 4.0
"""Seconds. Many servers close after five (Node's, uvicorn's): be first, and no request is sent
into a connection that is being closed."""


class Idle:
    def __init__(self, most: int = MOST, age: float = AGE) -> None:
        self.most = most
        self.age = age
        self.loop = asyncio.get_running_loop()
        self.waiting: dict[Backend, deque[tuple[float, Wire]]] = {}
        self.timer: asyncio.TimerHandle | None = None

    def take(self, backend: Backend) -> Wire | None:
        """The one used last that can still be used."""
        waiting = self.waiting.get(backend)
        while waiting:
            wire = waiting.pop()[1]
            wire.when_ended = None
            if not (wire.ended or wire.buffer):
                return wire
            # What came unasked belongs to no request: the answer to some other, perhaps.
            wire.close()
        return None

    def give(self, backend: Backend, wire: Wire) -> None:
        """Keep it for later, or close it when there are enough."""
        waiting = self.waiting.setdefault(backend, deque())
        if wire.ended or wire.buffer or not backend.usable or len(waiting) >= self.most:
            wire.close()
            return
        waiting.append((self.loop.time(), wire))
        wire.when_ended = wire.close
        if self.timer is None:
            self.timer = self.loop.call_later(self.age, self.sweep)

    def sweep(self) -> None:
        """Close what has waited too long or has been closed; come back while something waits."""
        self.timer = None
        oldest = self.loop.time() - self.age
        for backend, waiting in list(self.waiting.items()):
            while waiting and (waiting[0][0] <= oldest or waiting[0][1].ended):
                waiting.popleft()[1].close()
            if not waiting:
                del self.waiting[backend]
        if self.waiting:
            self.timer = self.loop.call_later(self.age, self.sweep)

    def close(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        for waiting in self.waiting.values():
            for _, wire in waiting:
                wire.close()
        self.waiting.clear()
