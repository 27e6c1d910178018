"""The journal on its way out of the lab: never in a server's way.

A server that tells something must not wait for a reader. Lines go to channels; a channel whose
reader is slow drops what it has no room for, counts it, and says so in the next line it sends.
"""

import json
import os
import threading
from abc import ABC, abstractmethod
from asyncio import StreamWriter
from collections import deque
from dataclasses import asdict
from typing import Any

from netlab.lab.service import Entry

Line = Entry | dict[str, Any]

WAITING = 20_000
"""Lines that may wait for a reader."""
BUFFERED = 4 << 20
"""Octets that may wait for the reader of a control connection."""
BATCH = 200


class Channel(ABC):
    """One reader's end of the journal."""

    @abstractmethod
    def put(self, line: Line) -> None:
        """Send it, now or a little later, or drop it. Never waits."""


class Journal:
    """Hands each entry to all channels. All calls come from the event loop's thread."""

    def __init__(self) -> None:
        self.channels: list[Channel] = []

    def tell(self, entry: Entry) -> None:
        self.spread(entry)

    def spread(self, line: Line) -> None:
        for channel in self.channels:
            channel.put(line)


def encode(line: Line) -> bytes:
    """One line of JSON. Nothing in it is raw: text from clients may hold anything."""
    data = {"entry": asdict(line)} if isinstance(line, Entry) else line
    return json.dumps(data).encode("ascii") + b"\n"


class Pipe(Channel):
    """A file descriptor, written by a thread of its own since a full pipe blocks."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.lines: deque[Line] = deque()
        self.dropped = 0
        self.changed = threading.Condition()
        threading.Thread(target=self.write, name="journal", daemon=True).start()

    def put(self, line: Line) -> None:
        with self.changed:
            if len(self.lines) >= WAITING:
                self.dropped += 1
            else:
                self.lines.append(line)
                self.changed.notify()

    def write(self) -> None:
        while True:
            data = b"".join(encode(line) for line in self.take())
            try:
                while data:
                    data = data[os.write(self.descriptor, data) :]
            except OSError:
                return  # nobody reads any more; the control pipe's end says when to go

    def take(self) -> list[Line]:
        """The next lines, once there are any."""
        with self.changed:
            self.changed.wait_for(lambda: self.lines)
            lines = [self.lines.popleft() for _ in range(min(BATCH, len(self.lines)))]
            if self.dropped:
                lines.append({"dropped": self.dropped})
                self.dropped = 0
            return lines


class Connection(Channel):
    """A client of the control port."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.dropped = 0

    def put(self, line: Line) -> None:
        if self.writer.is_closing():
            return
        if self.writer.transport.get_write_buffer_size() > BUFFERED:
            self.dropped += 1
            return
        if self.dropped:
            self.writer.write(encode({"dropped": self.dropped}))
            self.dropped = 0
        self.writer.write(encode(line))
