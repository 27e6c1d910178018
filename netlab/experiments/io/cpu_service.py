"""A service whose handlers compute: `python -m netlab.experiments.io.cpu_service WAY [INTERVAL]`.

An octet `p` is answered at once. `c` and a count (8 octets) is answered when that many rounds of
plain Python have been computed. WAY: `loop` (asyncio), `threads` (one for each connection),
`processes` (the same, in a process each). INTERVAL: seconds, for `sys.setswitchinterval`.
"""

import asyncio
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence

from netlab.processes import command_line, hold

MODULE = "netlab.experiments.io.cpu_service"
COUNT = struct.Struct("!Q")
MOST = 1_000_000_000


def compute(rounds: int) -> int:
    """Work that never sleeps and, in a Python with a GIL, never gives it away by itself."""
    total = 0
    for number in range(rounds):
        total += number
    return total


async def in_the_loop(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while order := await reader.read(1):
            if order == b"c":
                compute(rounds_of(await reader.readexactly(COUNT.size)))
            writer.write(order)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def in_a_thread(sock: socket.socket) -> None:
    with sock:
        while order := sock.recv(1):
            if order == b"c":
                compute(rounds_of(sock.recv(COUNT.size, socket.MSG_WAITALL)))
            sock.sendall(order)


def rounds_of(octets: bytes) -> int:
    return min(MOST, int(COUNT.unpack(octets)[0]))


async def loop() -> None:
    server = await asyncio.start_server(in_the_loop, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def threads() -> None:
    with listening() as server:
        while True:
            sock, _ = server.accept()
            threading.Thread(target=in_a_thread, args=(sock,), daemon=True).start()


def processes() -> None:
    """A process for each connection; it inherits the socket, and ends with us by its pipe."""
    children = []
    with listening() as server:
        while True:
            sock, _ = server.accept()
            with sock:
                words = command_line(MODULE, "one", str(sock.fileno()))
                children.append(
                    subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=[sock.fileno()])
                )


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    print(server.getsockname()[1], flush=True)
    return server


def main(words: Sequence[str]) -> None:
    hold()
    way, *rest = words
    if way == "one":
        in_a_thread(socket.socket(fileno=int(rest[0])))
        os._exit(0)
    if rest:
        sys.setswitchinterval(float(rest[0]))
    if way == "loop":
        asyncio.run(loop())
    elif way == "threads":
        threads()
    else:
        processes()


if __name__ == "__main__":
    main(sys.argv[1:])
