"""After 101: octets both ways, unread, until both ends have said all (RFC 9110 §7.8)."""

import asyncio
import socket
from collections.abc import Callable

from netlab.balance.http.wire import Wire
from netlab.balance.poller import second_look


class Mind:
    """Sees a reset of a connection that asyncio does not read just now: after its end, or while
    the other side takes no more. By itself it would go unseen until something is written."""

    def __init__(self, wire: Wire, over: Callable[[], None]) -> None:
        self.wire = wire
        self.over = over
        self.sock: socket.socket = wire.transport.get_extra_info("socket")

    def readable(self) -> None:
        """Asyncio's own business, as is the next."""

    def writable(self) -> None: ...

    def was_reset(self) -> None:
        """The error is taken off the socket by now: whoever still reads it hears only of an end."""
        self.wire.error = self.wire.error or ConnectionResetError()
        if self.wire.paused or self.wire.ended:
            self.over()


async def tunnel(client: Wire, backend: Wire, idle: float) -> None:
    """Half-closes pass as half-closes, resets as resets; silence in both directions ends it."""

    def cut() -> None:
        client.abort()
        backend.abort()

    look = second_look(asyncio.get_running_loop())
    if look is None:
        await pass_on(client, backend, idle)
        return
    try:
        for wire in (client, backend):
            if not wire.lost:
                look.watch(Mind(wire, cut), read=False, write=False)
        await pass_on(client, backend, idle)
    finally:
        look.close()


async def pass_on(client: Wire, backend: Wire, idle: float) -> None:
    loop = asyncio.get_running_loop()
    pumps = [
        loop.create_task(pump(client, backend, idle)),
        loop.create_task(pump(backend, client, idle)),
    ]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_EXCEPTION)
        if any(each.done() and each.exception() is not None for each in pumps):
            client.abort()
            backend.abort()
    finally:
        for each in pumps:
            each.cancel()
        await asyncio.wait(pumps)


async def pump(source: Wire, sink: Wire, idle: float) -> None:
    """Raises ConnectionError or TimeoutError where the other direction must end as well."""
    while True:
        if source.buffer:
            data = bytes(source.buffer)
            source.buffer.clear()
            sink.write(data)
            await sink.flush(idle)
        elif not await more(source, sink, idle):
            break
    if source.error is not None:
        raise ConnectionError("reset")
    sink.finish()


async def more(source: Wire, sink: Wire, idle: float) -> bool:
    """Wait for as long as either direction is alive."""
    while True:
        before = sink.received
        try:
            return await source.more(idle)
        except TimeoutError:
            if sink.received == before:
                raise
