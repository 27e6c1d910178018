"""One client's connection: request after request, in their order (RFC 9112 §9.3.2)."""

import contextlib

from netlab.balance.events import Refused
from netlab.balance.http.exchange import Exchange
from netlab.balance.http.forward import Client
from netlab.balance.http.head import RequestHead, cut_request, parse_request
from netlab.balance.http.refusal import Refusal, answer, bad
from netlab.balance.http.site import Site
from netlab.balance.http.upload import Gone
from netlab.balance.http.wire import Wire

LINGER = 2.0
"""Seconds in which a client that was answered early may go on sending."""
LEFTOVER = 1 << 20
"""Octets of that which are read and dropped."""


async def serve_client(site: Site, wire: Wire) -> None:
    """All of it, down to the close."""
    connection = Connection(site, wire)
    try:
        await connection.run()
    except Gone:
        wire.abort()
    except Refusal as refusal:
        connection.refuse(refusal)
        await linger(wire)
    finally:
        wire.close()


class Connection:
    """A client, and what it asks for."""

    def __init__(self, site: Site, wire: Wire) -> None:
        self.site = site
        self.wire = wire
        self.who: Client = site.client(wire)
        self.method = b""

    async def run(self) -> None:
        """Until one side wants no more. Raises Refusal and Gone."""
        wait = self.site.timeouts.head
        while not self.site.draining or self.wire.buffer:
            if not await self.begun(wait):
                return
            request = await self.read()
            exchange = Exchange(self.site, self.wire, self.who, request)
            if not await exchange.run():
                if self.wire.buffer or not exchange.upload.done:
                    await linger(self.wire)
                return
            wait = self.site.timeouts.idle

    async def begun(self, wait: float) -> bool:
        """Whether a next request begins before the client's patience, or ours, is over."""
        if self.wire.buffer:
            return True
        self.site.between.add(self.wire)
        try:
            return await self.wire.more(wait)
        except TimeoutError:
            return False
        finally:
            self.site.between.discard(self.wire)

    async def read(self) -> RequestHead:
        """The next head, within one time for all of it: a slow client must not hold its place."""
        self.method = b""
        deadline = 0.0
        while (head := cut_request(self.wire.buffer, self.site.limits)) is None:
            now = self.site.loop.time()
            deadline = deadline or now + self.site.timeouts.head
            try:
                if not await self.wire.more(max(0.0, deadline - now)):
                    raise bad("the head breaks off", "RFC 9112 §8")
            except TimeoutError:
                raise Refusal(408, "the head does not come", "RFC 9110 §15.5.9") from None
        self.method = head.partition(b" ")[0]
        return parse_request(head, self.site.scheme, self.site.limits)

    def refuse(self, refusal: Refusal) -> None:
        """Answer, and tell of it."""
        pool = self.site.pool
        why = str(refusal)
        pool.tell(Refused(pool.clock(), self.who.address, why, refusal.status))
        self.wire.write(answer(refusal, self.method == b"HEAD", self.site.date()))


async def linger(wire: Wire) -> None:
    """Close so that the answer arrives: what still comes is read away for a while (RFC 9112 §9.6).

    To close while unread octets wait would reset the connection, and the reset may overtake the
    answer.
    """
    wire.finish()
    end = wire.loop.time() + LINGER
    dropped = 0
    with contextlib.suppress(TimeoutError):
        while dropped < LEFTOVER and await wire.more(max(0.0, end - wire.loop.time())):
            dropped += len(wire.buffer)
            wire.buffer.clear()
