"""asyncio's streams: a reader, a writer, and a coroutine between them."""

import asyncio
import contextlib
import socket

READ = 4096
BACKLOG = 4096
"""asyncio would set the listening socket's queue back to 100."""


def serve(listener: socket.socket, workers: int) -> None:
    asyncio.run(accept(listener))


async def accept(listener: socket.socket) -> None:
    server = await asyncio.start_server(echo, sock=listener, backlog=BACKLOG)
    await server.serve_forever()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    # The transport reads up to 256 KiB at a time, into a new buffer of
    # that size, which the C library may map and unmap for each read:
    # that cost more than all else here.
    transport.max_size = READ  # type: ignore[attr-defined]
    with contextlib.suppress(OSError):
        while octets := await reader.read(READ):
            writer.write(octets)
            if transport.get_write_buffer_size():
                # A client that does not read is not read from.
                await writer.drain()
    writer.close()
