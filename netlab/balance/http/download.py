"""A response's body on its way to the client, never more of it in hand than a buffer holds."""

from dataclasses import dataclass

from netlab.balance.events import Fault
from netlab.balance.http.asking import Broken
from netlab.balance.http.body import body_of
from netlab.balance.http.chunks import chunk, last_chunk
from netlab.balance.http.forward import kept_trailers
from netlab.balance.http.head import ResponseHead
from netlab.balance.http.refusal import Refusal
from netlab.balance.http.site import Site
from netlab.balance.http.upload import Gone, Upload
from netlab.balance.http.wire import Wire


@dataclass
class Torn(Exception):
    """The backend broke off in the middle of a body whose head the client already has."""

    why: str
    fault: Fault = "broken"


class Download:
    """chunked: how it is written to the client, whatever the backend's framing was.

    HTTP/1.0 knows no chunks: there a length of unknown size ends with the connection.
    """

    def __init__(
        self, site: Site, wire: Wire, upload: Upload, head: ResponseHead, version: int
    ) -> None:
        self.site = site
        self.wire = wire
        self.upload = upload
        self.client = upload.client
        self.body = body_of(head.framing, site.limits)
        self.chunked = head.framing.length is None and version > 0
        self.until_close = head.framing.until_close

    @property
    def reusable(self) -> bool:
        """Whether the backend's connection stands where a next response may begin."""
        return self.body.done and not self.until_close

    async def run(self, head: bytes) -> None:
        """Raises Broken before anything is written; Torn, Gone or ConnectionError after."""
        try:
            first = self.next()
        except Refusal as refusal:
            raise Broken(f"sent a malformed body: {refusal}", started=True) from None
        self.client.write(head + first)
        while not self.body.done:
            await self.go_on()
        await self.flush()

    async def go_on(self) -> None:
        await self.flush()
        try:
            data = self.next()
            if data:
                self.client.write(data)
            elif not self.body.done and not await self.wire.more(self.site.timeouts.body):
                self.end()
                self.client.write(self.next())
        except TimeoutError:
            raise Torn("is silent in the middle of a body", "late") from None
        except Refusal as refusal:
            raise Torn(f"broke a body: {refusal}") from None

    async def flush(self) -> None:
        try:
            await self.client.flush(self.site.timeouts.body)
        except TimeoutError:
            # It takes nothing any more: a reset frees what it holds here.
            self.client.abort()
            raise Gone from None

    def end(self) -> None:
        """The backend's connection is over: that may be the end of the body, or the lack of it."""
        if self.client.ended or self.upload.failed is not None:
            raise Gone
        if self.wire.error is not None:
            raise Torn("reset the connection in the middle of a body")
        self.body.end()

    def next(self) -> bytes:
        """What has come, as the client gets it."""
        data = self.body.take(self.wire.buffer)
        if not self.chunked:
            return data
        if self.body.done:
            return chunk(data) + last_chunk(kept_trailers(self.body.trailers))
        return chunk(data)
