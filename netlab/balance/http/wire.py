"""One TCP connection, to a client or to a backend, as the code that speaks HTTP wants it.

An asyncio protocol of our own rather than streams: octets gather in one buffer that parsers eat
from, a wait costs one future and no timer of its own, and a reset can be told from an end.
Backpressure runs both ways: above HIGH the kernel is not read, and `flush` waits while the
transport holds more than it should.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import cast

HIGH = 65_536
CLOSE = 5.0
"""Seconds for what is still to be sent when a connection closes."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing then resets."""


class Wire(asyncio.Protocol):
    """`ended`: nothing more will come. `lost`: nothing can be sent either. `error`: by a reset."""

    def __init__(self, open_ones: set["Wire"]) -> None:
        self.open_ones = open_ones
        self.loop = asyncio.get_running_loop()
        self.buffer = bytearray()
        self.ended = False
        self.lost = False
        self.error: Exception | None = None
        self.received = 0
        self.sent = 0
        self.when_ended: Callable[[], None] | None = None
        """Called once when the other end leaves while nobody waits to read."""
        self.when_lost: Callable[[], None] | None = None
        self.paused = False
        self.full = False
        self.reading: asyncio.Future[None] | None = None
        self.flushing: asyncio.Future[None] | None = None
        self.deadline = 0.0
        self.timer: asyncio.TimerHandle | None = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.encrypted = transport.get_extra_info("ssl_object") is not None
        # asyncio does so only where the socket names its protocol, and what accept gives need not.
        # Without it every second answer on a connection waits 40 ms for the client's delayed ACK.
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.open_ones.add(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.received += len(data)
        if len(self.buffer) >= HIGH and not self.paused:
            self.paused = True
            self.transport.pause_reading()
        if self.reading is not None:
            wake(self.reading)

    def eof_received(self) -> bool:
        """Stay open for what is still to be sent; TLS has no half-close here."""
        self.over()
        return not self.encrypted

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        self.open_ones.discard(self)
        self.error = error
        self.over()
        if self.timer is not None:
            self.timer.cancel()
        if self.flushing is not None:
            wake(self.flushing)
        if self.when_lost is not None:
            self.when_lost()

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        if self.flushing is not None:
            wake(self.flushing)

    def over(self) -> None:
        if self.ended and not self.lost:
            return
        self.ended = True
        if self.reading is not None:
            wake(self.reading)
        if self.when_ended is not None:
            then, self.when_ended = self.when_ended, None
            then()

    # Reading

    async def more(self, seconds: float) -> bool:
        """Wait for octets beyond those in the buffer: to be called when those are not enough.

        False at the end; TimeoutError.
        """
        if self.ended:
            return False
        had = self.received
        if self.paused:
            self.paused = False
            self.transport.resume_reading()
        self.reading = self.loop.create_future()
        self.watch(seconds)
        try:
            await self.reading
        finally:
            self.reading = None
        return self.received > had

    def watch(self, seconds: float) -> None:
        """One timer serves many waits: when it is due, it looks whether it still should be."""
        self.deadline = self.loop.time() + seconds
        if self.timer is None or self.timer.when() > self.deadline:
            if self.timer is not None:
                self.timer.cancel()
            self.timer = self.loop.call_at(self.deadline, self.due)

    def due(self) -> None:
        self.timer = None
        if self.reading is None or self.reading.done():
            return
        if self.loop.time() >= self.deadline:
            self.reading.set_exception(TimeoutError())
        else:
            self.timer = self.loop.call_at(self.deadline, self.due)

    # Writing

    def write(self, data: bytes) -> None:
        if not self.lost:
            self.sent += len(data)
            self.transport.write(data)

    async def flush(self, seconds: float) -> None:
        """Wait until the other end has taken enough. TimeoutError; ConnectionError when lost."""
        if self.full and not self.lost:
            self.flushing = self.loop.create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self.flushing
            finally:
                self.flushing = None
        if self.lost:
            raise ConnectionError("the connection is lost")

    def finish(self) -> None:
        """Nothing more will be sent: half-close, or close where that is not to be had."""
        if self.lost or self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            with contextlib.suppress(OSError):
                self.transport.write_eof()
        else:
            self.transport.close()

    def close(self) -> None:
        """Close when all is sent; not for ever, if the other end takes nothing."""
        if self.lost or self.transport.is_closing():
            return
        self.transport.close()
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.loop.call_later(CLOSE, self.abort)

    def abort(self) -> None:
        """Reset: whatever was under way must not look complete."""
        if self.lost:
            return
        sock = self.transport.get_extra_info("socket")
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.transport.abort()

    @property
    def peer(self) -> str:
        """The other end's address alone."""
        name = self.transport.get_extra_info("peername")
        return str(name[0]).partition("%")[0] if name else ""


def wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
