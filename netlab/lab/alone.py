"""One site of the lab by itself, on an address that a person names: for anyone's client."""

import asyncio
import contextlib
import signal
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

from netlab.lab.webh1 import Http1
from netlab.lab.webmessage import Cut, Outside, Request, Response, Site
from netlab.lab.webstream import Closed, PlainStream, Stream, TlsStream

HANDSHAKE = 30.0
"""Seconds in which a client must have shaken hands."""
MOST = 1000
"""Connections at once; who comes later waits in the kernel's queue."""


@dataclass(frozen=True, slots=True)
class Secured:
    """Served over TLS. ca_file: what the site itself trusts, when it calls itself or others."""

    context: ssl.SSLContext
    ca_file: str


async def serve(
    sock: socket.socket,
    site: Site,
    ready: Callable[[str, int], None],
    secured: Secured | None = None,
) -> None:
    """Answer until SIGINT or SIGTERM. ready: told the address once it listens."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C ends asyncio.run there
            loop.add_signal_handler(number, over.set)
    visits: set[asyncio.Task[None]] = set()
    accepting = asyncio.ensure_future(_accept(sock, Alone(site, secured), visits))
    host, port = sock.getsockname()[:2]
    try:
        ready(host, port)
        await over.wait()
    finally:
        tasks = {accepting, *visits}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        sock.close()
        await site.forget()


class Alone:
    """A site, and how its connections are spoken."""

    def __init__(self, site: Site, secured: Secured | None) -> None:
        self.site = site
        self.secured = secured
        # It may call itself by its own address, and nobody else: there is no lab around it.
        self.outside = Outside(lambda host, port: (host, port), secured.ca_file if secured else "")

    async def visit(self, peer: socket.socket, address: tuple[str, int], port: int) -> None:
        async def answer(request: Request) -> Response:
            known = replace(
                request, port=port, peer=address[0], peer_port=address[1], outside=self.outside
            )
            return await self.site.answer(known)

        with peer:
            try:
                peer.setblocking(False)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                stream = await self.stream(peer)
                await Http1(stream, answer, "https" if self.secured else "http").serve()
                await stream.finish()
            except (Closed, Cut, TimeoutError, OSError):  # a failed handshake too
                return

    async def stream(self, peer: socket.socket) -> Stream:
        if self.secured is None:
            return PlainStream(peer)
        stream = TlsStream(PlainStream(peer), self.secured.context)
        async with asyncio.timeout(HANDSHAKE):
            await stream.handshake(at_once)
        return stream


async def at_once() -> None:
    """It plays at no distance."""


async def _accept(sock: socket.socket, alone: Alone, visits: set[asyncio.Task[None]]) -> None:
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(MOST)
    while True:
        await room.acquire()
        try:
            peer, address = await loop.sock_accept(sock)
        except OSError:  # descriptors have run out: leave those that wait in the queue
            room.release()
            await asyncio.sleep(0.05)
            continue
        task = asyncio.ensure_future(alone.visit(peer, address, sock.getsockname()[1]))
        visits.add(task)
        task.add_done_callback(visits.discard)
        task.add_done_callback(lambda _: room.release())
