"""An asyncio protocol: the loop reads and calls us; no coroutine wakes."""

import asyncio
import socket
from typing import cast

BACKLOG = 4096
"""asyncio would set the listening socket's queue back to 100."""

buffer = bytearray(65536)
"""One for all: what is read is passed on before the next is read."""
view = memoryview(buffer)


def serve(listener: socket.socket, workers: int) -> None:
    asyncio.run(accept(listener))


async def accept(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, sock=listener, backlog=BACKLOG)
    await server.serve_forever()


class Echo(asyncio.BufferedProtocol):
    """One client. asyncio has set TCP_NODELAY on its socket already."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        return buffer

    def buffer_updated(self, nbytes: int) -> None:
        # What cannot go out at once is copied, and kept.
        self.transport.write(view[:nbytes])

    def pause_writing(self) -> None:
        # A client that does not read is not read from.
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()
