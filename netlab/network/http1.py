"""HTTP/1.1 over a connection that is open already, request and answer apart, by h11.

Where an experiment tells who said what when, the request must be written down before its answer
is there: `ask` returns once it is sent, `answer` once the answer is whole.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import h11

from netlab.network.stream import Stream

Pairs = tuple[tuple[str, str], ...]
MOST_HEAD = 64 * 1024
MOST_BODY = 512 * 1024
"""Octets of an answer that are read before netlab has seen enough."""


class NotHttp(OSError):
    """What came back is no HTTP, or more of it than anybody wants."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, whole."""

    status: int
    reason: str
    headers: Pairs
    body: bytes

    def header(self, name: str) -> str:
        """All fields of this name as one value (RFC 9110 §5.2), empty where there is none."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


class Http1:
    """One request after another over one stream. again: whether there may be another one."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.state = h11.Connection(h11.CLIENT, max_incomplete_event_size=MOST_HEAD)
        self.again = True

    async def ask(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes,
                  timeout: float) -> None:  # fmt: skip
        """Raises OSError; TimeoutError is one. What a server named may be unfit to be asked for."""
        try:
            fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            request = h11.Request(method=method, target=target.encode("ascii"), headers=fields)
            octets = self.state.send(request) or b""
        except (h11.LocalProtocolError, UnicodeEncodeError) as error:
            raise NotHttp(f"HTTP cannot ask for that ({error})") from None
        if body:
            octets += self.state.send(h11.Data(data=body)) or b""
        octets += self.state.send(h11.EndOfMessage()) or b""
        await self.stream.write(octets, timeout)

    async def answer(self, timeout: float) -> Reply:
        """Raises OSError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._answer()
        except h11.RemoteProtocolError as error:
            raise NotHttp(f"what came back is not HTTP ({error})") from None

    async def _answer(self) -> Reply:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self.state.next_event()
            match event:
                case h11.NEED_DATA:
                    self.state.receive_data(await self.stream.read())
                case h11.Response():
                    head = event
                case h11.Data():
                    body += event.data
                    if len(body) > MOST_BODY:
                        raise NotHttp(f"the answer is longer than {MOST_BODY:,} octets")
                case h11.ConnectionClosed():
                    raise NotHttp("the connection ended without an answer")
                case h11.EndOfMessage() if head is not None:
                    self._cycle()
                    return _reply(head, bytes(body))

    def _cycle(self) -> None:
        self.again = self.state.our_state is h11.DONE and self.state.their_state is h11.DONE
        if self.again:
            self.state.start_next_cycle()


def _reply(head: h11.Response, body: bytes) -> Reply:
    fields = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in head.headers.raw_items())
    return Reply(head.status_code, bytes(head.reason).decode("latin-1"), fields, body)
