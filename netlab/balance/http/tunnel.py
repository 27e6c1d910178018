"""After 101: octets both ways, unread, until both ends have said all (RFC 9110 §7.8)."""

import asyncio

from netlab.balance.http.wire import Wire


async def tunnel(client: Wire, backend: Wire, idle: float) -> None:
    """Half-closes pass as half-closes, resets as resets; silence in both directions ends it."""
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
