"""A request's body on its way to the backend: at once, or piece by piece while the answer comes."""

import asyncio

from netlab.balance.http.body import Counted, body_of
from netlab.balance.http.chunks import chunk, last_chunk
from netlab.balance.http.forward import kept_trailers
from netlab.balance.http.head import RequestHead
from netlab.balance.http.refusal import Refusal
from netlab.balance.http.site import Site
from netlab.balance.http.wire import Wire


class Gone(Exception):
    """The client has left: nobody waits for an answer.

    The end of its stream counts as leaving, as with nginx: a client that has closed its connection
    and one that has only finished sending look the same until somebody writes to them.
    """


class Upload:
    """`start` is what of the body, written anew, stood behind the head already.

    What is malformed in that part is refused before any backend hears of the request.
    """

    def __init__(self, site: Site, client: Wire, request: RequestHead) -> None:
        self.site = site
        self.client = client
        self.chunked = request.framing.chunked
        self.body = body_of(request.framing, site.limits)
        self.start = b""
        self.failed: BaseException | None = None
        self.task: asyncio.Task[None] | None = None
        self.used = False
        self.before = client.received - len(client.buffer)
        self.take_start()

    def take_start(self) -> None:
        self.start += self.next()

    def next(self) -> bytes:
        """What the client's buffer holds of it, written as it goes out."""
        if self.body.done and not self.chunked:
            return b""
        data = self.body.take(self.client.buffer)
        if not self.chunked:
            return data
        out = chunk(data)
        return out + last_chunk(kept_trailers(self.body.trailers)) if self.body.done else out

    @property
    def done(self) -> bool:
        """All of it has been read from the client."""
        return self.body.done

    @property
    def octets(self) -> int:
        """How many of the client's have been read for it."""
        return self.client.received - len(self.client.buffer) - self.before

    @property
    def replayable(self) -> bool:
        return not self.used

    async def hold(self) -> None:
        """Wait for all of a short body, so that the request can be made again."""
        short = isinstance(self.body, Counted) and self.body.left <= self.site.limits.replay
        while short and not self.body.done:
            await self.wait()
            self.take_start()

    async def wait(self) -> None:
        """For more of it. Raises Gone, or Refusal."""
        try:
            if not await self.client.more(self.site.timeouts.body):
                raise Gone
        except TimeoutError:
            raise Refusal(408, "the body does not come", "RFC 9110 §15.5.9") from None

    def begin(self, wire: Wire) -> None:
        """Send what is to come, while something else waits for the answer."""
        if not self.body.done:
            self.used = True
            self.task = asyncio.get_running_loop().create_task(self.send(wire))

    async def send(self, wire: Wire) -> None:
        """When it fails the backend's connection is reset: half a body must not look whole."""
        try:
            while not self.body.done:
                data = self.next()
                if data:
                    wire.write(data)
                    await wire.flush(self.site.timeouts.body)
                elif not self.body.done:
                    await self.wait()
        except (Refusal, Gone) as error:
            self.failed = error
            wire.abort()
        except (TimeoutError, ConnectionError):
            # The backend takes no more. Its answer, if there is one, says why.
            return

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])
            self.task = None
