"""asyncio with to_thread: the blocking calls go to a pool of threads."""

import asyncio
import contextlib
import socket

READ = 4096


def serve(listener: socket.socket, workers: int) -> None:
    listener.setblocking(False)
    asyncio.run(accept(listener))


async def accept(listener: socket.socket) -> None:
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()
    while True:
        sock, _ = await loop.sock_accept(listener)
        # The loop stays free, but each client keeps a thread of the
        # default pool, which has four more than there are processors.
        # Who finds none free waits.
        task = loop.create_task(asyncio.to_thread(echo, sock))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def echo(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(True)
    with sock, contextlib.suppress(OSError):
        while octets := sock.recv(READ):
            sock.sendall(octets)
