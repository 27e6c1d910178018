"""What all connections of one balancer share."""

import asyncio
import email.utils
import time

from netlab.addresses import endpoint
from netlab.balance.backend import Backend
from netlab.balance.http.forward import Client
from netlab.balance.http.idle import Idle
from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.routing import Router
from netlab.balance.http.sticky import Sticky
from netlab.balance.http.wire import Wire
from netlab.balance.pool import Pool
from netlab.balance.settings import Settings


class Site:
    """`draining`: the balancer is to end, so every response is the last one of its connection."""

    def __init__(self, settings: Settings, pool: Pool, limits: Limits = LIMITS) -> None:
        self.settings = settings
        self.pool = pool
        self.limits = limits
        self.timeouts = settings.timeouts
        self.router = Router(settings.routes, settings.key)
        self.scheme = b"https" if settings.tls_cert else b"http"
        secure = settings.tls_cert is not None
        self.sticky = Sticky(settings.sticky, pool, secure) if settings.sticky else None
        self.failures = frozenset(settings.passive.statuses if settings.passive else ())
        self.idle = Idle()
        self.loop = asyncio.get_running_loop()
        self.draining = False
        self.between: set[Wire] = set()
        """Clients that have no request under way."""
        self.open: set[Wire] = set()
        """All connections that there are, clients' and backends'."""
        self.said: tuple[int, bytes] = (0, b"")

    def drain(self) -> None:
        self.draining = True
        for wire in list(self.between):
            wire.close()

    def wire(self) -> Wire:
        return Wire(self.open)

    async def connect(self, backend: Backend) -> Wire:
        """A new connection. Raises TimeoutError and OSError."""
        async with asyncio.timeout(self.timeouts.connect):
            return (await self.loop.create_connection(self.wire, backend.host, backend.port))[1]

    def client(self, wire: Wire) -> Client:
        name = wire.transport.get_extra_info("sockname")
        host, port = (str(name[0]), int(name[1])) if name else ("", 0)
        local = endpoint(host, port)
        return Client(wire.peer, self.scheme, local.encode())

    def date(self) -> bytes:
        """Now, as the Date field has it; made once a second (RFC 9110 §6.6.1)."""
        now = int(time.time())
        if now != self.said[0]:
            self.said = now, email.utils.formatdate(now, usegmt=True).encode()
        return self.said[1]
