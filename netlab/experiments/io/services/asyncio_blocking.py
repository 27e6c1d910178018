"""asyncio with a blocking call in it: one silent client stops the loop."""

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
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def echo(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setblocking(True)
    with sock, contextlib.suppress(OSError):
        # No `await`: the only thread of the loop sleeps in here.
        while octets := sock.recv(READ):
            sock.sendall(octets)
