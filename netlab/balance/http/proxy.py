"""The layer 7 balancer as a whole: a listener, its clients, and the end."""

import asyncio
import contextlib
import socket
import ssl
from functools import partial

from netlab.balance.door import Door, places
from netlab.balance.events import Accepted, Refused
from netlab.balance.http.connection import serve_client
from netlab.balance.http.site import Site
from netlab.balance.http.wire import RESET, wake
from netlab.balance.pool import Pool
from netlab.balance.settings import Settings
from netlab.errors import Exit, NetlabError


async def serve_http(
    settings: Settings, pool: Pool, listener: socket.socket, stop: asyncio.Event
) -> None:
    """Serve until told to stop; then end what is under way, within the time to drain.

    Raises NetlabError when certificate or key cannot be used. The listener is closed at the end.
    """
    context = tls_context(settings)
    balancer = Balancer(Site(settings, pool), context)
    door = Door(listener, balancer.admit)
    try:
        await stop.wait()
        door.shut()
        await balancer.drain()
    finally:
        door.close()
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
    """The clients that there are, each with a task of its own, from before TLS has begun."""

    def __init__(self, site: Site, context: ssl.SSLContext | None) -> None:
        self.site = site
        self.context = context
        self.most = places()
        self.tasks: set[asyncio.Task[None]] = set()

    def admit(self, client: socket.socket, host: str, _: int) -> None:
        pool = self.site.pool
        if len(self.tasks) >= self.most:
            pool.tell(Refused(pool.clock(), host, f"there are {self.most} clients already"))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            client.close()
            return
        task = self.site.loop.create_task(self.serve(client))
        self.tasks.add(task)
        task.add_done_callback(self.over)

    async def serve(self, client: socket.socket) -> None:
        """All that one client is to have."""
        try:
            _, wire = await self.site.loop.connect_accepted_socket(
                self.site.wire, client, ssl=self.context,
                ssl_handshake_timeout=self.site.timeouts.head if self.context else None,
            )  # fmt: skip
        except OSError:  # it has gone, or speaks no TLS that may be spoken
            client.close()
            return
        pool = self.site.pool
        pool.tell(Accepted(pool.clock(), wire.peer))
        await serve_client(self.site, wire)

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
