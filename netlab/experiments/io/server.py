"""The slow server, in a process of its own: `python -m netlab.experiments.io.server`.

It waits as long as each request asks, and sends the payload back. Its first line on standard
output is its port; a line `tell` on standard input makes it print when each request since the last
such line had arrived, and when its answer went out, by the clock that all processes share.
"""

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import Sequence
from time import perf_counter

from netlab.experiments.io.request import HEAD, LARGEST, LONGEST_DELAY
from netlab.processes import begin, raise_files

Served = tuple[int, float, float]
"""The client's port, when the request was there, when the answer went out."""


class Slow:
    """What the server has done so far."""

    def __init__(self) -> None:
        self.served: list[Served] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = int(writer.get_extra_info("peername")[1])
        try:
            while await self._answer(reader, writer, port):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has gone: nothing is left to do
        finally:
            writer.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int
    ) -> bool:
        delay, size = HEAD.unpack(await reader.readexactly(HEAD.size))
        if not 0 <= delay <= LONGEST_DELAY or size > LARGEST:
            return False
        payload = await reader.readexactly(size)
        there = perf_counter()
        await asyncio.sleep(delay)
        self.served.append((port, there, perf_counter()))
        writer.write(payload)
        await writer.drain()
        return True

    def tell(self) -> None:
        print(json.dumps(self.served), flush=True)
        self.served = []


async def serve() -> None:
    slow, loop = Slow(), asyncio.get_running_loop()
    server = await asyncio.start_server(slow.connected, "127.0.0.1", 0, backlog=128)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=_listen, args=(loop, slow), daemon=True, name="control").start()
    await server.serve_forever()


def _listen(loop: asyncio.AbstractEventLoop, slow: Slow) -> None:
    """Obey the parent; its end is ours."""
    while line := sys.stdin.readline(80):
        if line.strip() == "tell":
            loop.call_soon_threadsafe(slow.tell)
    os._exit(0)


def main(_: Sequence[str] = ()) -> None:
    begin()
    raise_files()
    asyncio.run(serve())


if __name__ == "__main__":
    main()
