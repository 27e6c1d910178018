"""One request: a backend chosen for it, the request sent, the answer passed on."""

from netlab.balance.backend import Backend
from netlab.balance.door import EXHAUSTED
from netlab.balance.events import Finished, Lost
from netlab.balance.http.asking import Asking, Broken
from netlab.balance.http.download import Download, Torn
from netlab.balance.http.forward import Client, request_head, response_head, upgrade
from netlab.balance.http.head import RequestHead, ResponseHead, cut_head, parse_response
from netlab.balance.http.refusal import Refusal
from netlab.balance.http.site import Site
from netlab.balance.http.tunnel import tunnel
from netlab.balance.http.upload import Gone, Upload
from netlab.balance.http.wire import Wire


class Exchange:
    """`run` gives whether the client's connection may go on. Raises Refusal and Gone."""

    def __init__(self, site: Site, client: Wire, who: Client, request: RequestHead) -> None:
        self.site = site
        self.client = client
        self.who = who
        self.request = request
        self.began = site.pool.clock()
        self.sent_before = client.sent
        self.asking = Asking(site, request, who.address)
        self.upload = Upload(site, client, request)
        self.latency = 0.0
        self.interim = 0
        """Responses 1xx that have come."""
        self.settled = False
        """The backend's connection has been given back or closed in order."""

    async def run(self) -> bool:
        if self.asking.idempotent and not self.request.continues:
            await self.upload.hold()
        while True:
            backend = self.asking.next()
            with self.site.pool.use(backend):
                try:
                    return await self.ask(backend)
                except Broken as broken:
                    self.asking.broke(backend, broken, self.upload.replayable)

    async def ask(self, backend: Backend) -> bool:
        """One try. Raises Broken, too, where no part of an answer has reached the client."""
        wire, reused = await self.reach(backend)
        self.client.when_ended = wire.abort
        self.settled = False
        status: int | None = None
        try:
            head = await self.send(wire, reused)
            status = head.status
            self.judge(backend, head)
            if head.status == 101:
                return await self.turn(wire, head)
            return await self.answer(backend, wire, head)
        except ConnectionError:
            raise Gone from None
        except Torn as torn:
            status = None
            self.tear(backend, torn)
            raise Gone from None
        finally:
            self.client.when_ended = None
            await self.upload.stop()
            if status is not None or self.client.ended:
                self.tell_finished(backend, status)
            if not self.settled:
                wire.abort()

    # To the backend

    async def reach(self, backend: Backend) -> tuple[Wire, bool]:
        """A connection, and whether it has served before.

        Only what may be repeated goes over a used one: its backend may be closing it just now, and
        then nobody knows what became of the request (RFC 9112 §9.3.1).
        """
        last = self.asking.last
        if self.asking.idempotent and self.upload.done and not (last and last[1].reused):
            wire = self.site.idle.take(backend)
            if wire is not None:
                return wire, True
        try:
            return await self.site.connect(backend), False
        except TimeoutError:
            raise Broken("does not take a connection in time", sent=False, status=504) from None
        except OSError as error:
            if error.errno in EXHAUSTED:  # no fault of the backend's
                raise Refusal(503, "there are no descriptors left", "RFC 9110 §15.6.4") from None
            why = (
                "refuses the connection"
                if isinstance(error, ConnectionRefusedError)
                else (f"is not to be reached ({error.strerror or type(error).__name__})")
            )
            raise Broken(why, sent=False) from None

    async def send(self, wire: Wire, reused: bool) -> ResponseHead:
        """Send the request; give the head of its final response."""
        if self.client.ended:
            raise Gone
        sticky = self.site.sticky.name if self.site.sticky else b""
        sent = self.site.loop.time()
        wire.write(request_head(self.request, self.who, sticky) + self.upload.start)
        self.upload.begin(wire)
        head = await self.read_head(wire, reused)
        while head.status < 200 and head.status != 101:
            self.interim += 1
            if self.interim > self.site.limits.interim:
                raise Broken("sends interim responses without end", started=True)
            if self.request.version > 0:  # RFC 9110 §15.2
                self.client.write(response_head(head, []))
            head = await self.read_head(wire, reused)
        self.latency = self.site.loop.time() - sent
        if head.status == 101:
            self.check_turn(head)
        return head

    async def read_head(self, wire: Wire, reused: bool) -> ResponseHead:
        deadline = self.site.loop.time() + self.site.timeouts.response
        while True:
            try:
                raw = cut_head(wire.buffer, self.site.limits)
                if raw is not None:
                    return parse_response(raw, self.request.method, self.site.limits)
            except Refusal as refusal:
                raise Broken(f"sent a malformed response: {refusal}", started=True) from None
            try:
                if not await wire.more(max(0.0, deadline - self.site.loop.time())):
                    raise self.broke_off(wire, reused)
            except TimeoutError:
                if self.upload.done:
                    raise Broken("does not answer in time", status=504) from None
                # It may well wait for the rest of the request, which has a time-out of its own.
                deadline = self.site.loop.time() + self.site.timeouts.response

    def broke_off(self, wire: Wire, reused: bool) -> BaseException:
        """Whose doing it was that the backend's connection ended."""
        if self.upload.failed is not None:
            return self.upload.failed
        if self.client.ended:
            return Gone()
        how = "reset the connection" if wire.error else "closed the connection without an answer"
        started = bool(wire.buffer or self.interim)
        return Broken(how, started=started, reused=reused and not started)

    def judge(self, backend: Backend, head: ResponseHead) -> None:
        if head.status in self.site.failures:
            self.site.pool.failed(backend, f"answered {head.status}", "status")
        else:
            self.site.pool.succeeded(backend, self.latency)

    # To the client

    def own_fields(self, backend: Backend) -> list[tuple[bytes, bytes]]:
        """The cookie, unless the client has shown it already."""
        sticky = self.site.sticky
        if sticky is None or sticky.backend(self.request.fields) is backend:
            return []
        return [sticky.set_cookie(backend)]

    async def answer(self, backend: Backend, wire: Wire, head: ResponseHead) -> bool:
        download = Download(self.site, wire, self.upload, head, self.request.version)
        keeps = self.request.keeps and self.upload.done and not self.site.draining
        start = response_head(
            head,
            self.own_fields(backend),
            chunked=download.chunked,
            closing=not keeps,
            date=self.site.date(),
        )
        await download.run(start)
        if self.upload.done:
            self.settled = True
            if head.keeps and download.reusable:
                self.site.idle.give(backend, wire)
            else:
                wire.close()
        return keeps

    def check_turn(self, head: ResponseHead) -> None:
        if head.version == 0 or head.fields.options(b"upgrade") != {upgrade(self.request)}:
            raise Broken("switches to a protocol that nobody asked for", started=True)

    async def turn(self, wire: Wire, head: ResponseHead) -> bool:
        """The connection is the other protocol's from here on (RFC 9110 §7.8)."""
        self.client.when_ended = None
        self.client.write(response_head(head, []))
        await tunnel(self.client, wire, self.site.timeouts.idle)
        self.settled = True
        wire.close()
        return False

    # What became of it

    def tear(self, backend: Backend, torn: Torn) -> None:
        """The client has had a part of the answer: a reset says that it was not all."""
        self.client.abort()
        pool = self.site.pool
        pool.failed(backend, torn.why, torn.fault)
        pool.tell(Lost(pool.clock(), self.asking.name, backend.name, torn.why))

    def tell_finished(self, backend: Backend, status: int | None) -> None:
        pool = self.site.pool
        now = pool.clock()
        pool.tell(
            Finished(
                now,
                backend.name,
                self.who.address,
                self.latency,
                now - self.began,
                self.request.octets + self.upload.octets,
                self.client.sent - self.sent_before,
                status,
                self.asking.name,
            )
        )
