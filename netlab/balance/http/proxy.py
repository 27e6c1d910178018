"""The layer 7 balancer as a whole: a listener, its clients, and the end."""

import asyncio
import contextlib
import socket
import ssl
from functools import partial

from netlab.addresses import BACKLOG
from netlab.balance.events import Accepted, Refused
from netlab.balance.http.connection import serve_client
from netlab.balance.http.site import Site
from netlab.balance.http.wire import Wire, wake
from netlab.balance.pool import Pool
from netlab.balance.settings import Settings
from netlab.errors import Exit, NetlabError

CLIENTS = 8192
"""Connections at once; one more is closed at once."""


async def serve_http(
    settings: Settings, pool: Pool, listener: socket.socket, stop: asyncio.Event
) -> None:
    """Serve until told to stop; then end what is under way, within the time to drain.

    Raises NetlabError when certificate or key cannot be used. The listener is closed at the end.
    """
    context = tls_context(settings)
    balancer = Balancer(Site(settings, pool))
    server = await asyncio.get_running_loop().create_server(
        lambda: Wire(balancer.site.open, balancer.accept),
        sock=listener,
        ssl=context,
        ssl_handshake_timeout=settings.timeouts.head if context else None,
        backlog=BACKLOG,
    )
    try:
        await stop.wait()
        server.close()
        await balancer.drain()
    finally:
        server.close()
        await balancer.end()


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """TLS 1.2 and later (RFC 9325 §3.1.1), and HTTP/1.1 by ALPN."""
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ValueError) as error:
        raise NetlabError(
            "the certificate or its key cannot be used",
            f"{settings.tls_cert}, {settings.tls_key}",
            str(error),
            "both are PEM files, and the key is the certificate's, without a password",
            Exit.FILE,
        ) from error
    return context


class Balancer:
    """The clients that there are, each with a task of its own."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.tasks: set[asyncio.Task[None]] = set()

    def accept(self, wire: Wire) -> None:
        pool = self.site.pool
        if len(self.tasks) >= CLIENTS:
            pool.tell(Refused(pool.clock(), wire.peer, f"there are {CLIENTS} clients already"))
            wire.abort()
            return
        pool.tell(Accepted(pool.clock(), wire.peer))
        task = self.site.loop.create_task(serve_client(self.site, wire))
        self.tasks.add(task)
        task.add_done_callback(self.over)

    def over(self, task: asyncio.Task[None]) -> None:
        """A task that fails is a fault of ours: tell the loop, and let no other client suffer."""
        self.tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.site.loop.call_exception_handler(
                {"message": "a client's connection failed", "exception": error, "task": task}
            )

    async def drain(self) -> None:
        """Whatever is under way may end, and what has been said may arrive."""
        self.site.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.site.timeouts.drain):
                while self.tasks:
                    await asyncio.wait(list(self.tasks))
                self.site.idle.close()
                await self.closed()

    async def end(self) -> None:
        """Cut off whoever is left."""
        self.site.idle.close()
        for task in self.tasks:
            task.cancel()
        if self.tasks:
            await asyncio.wait(list(self.tasks))
        for wire in list(self.site.open):
            wire.abort()
        await self.closed()

    async def closed(self) -> None:
        while self.site.open:
            gone = self.site.loop.create_future()
            next(iter(self.site.open)).when_lost = partial(wake, gone)
            await gone
