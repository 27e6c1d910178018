"""asyncio over bare sockets: a coroutine reads as if it were alone."""

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
        task = loop.create_task(echo(sock))
        tasks.add(task)  # the loop itself keeps a weak reference only
        task.add_done_callback(tasks.discard)


async def echo(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, contextlib.suppress(OSError):
        # Each wait puts the socket on epoll's list, and takes it off
        # again: two more calls of the system.
        while octets := await loop.sock_recv(sock, READ):
            await loop.sock_sendall(sock, octets)
