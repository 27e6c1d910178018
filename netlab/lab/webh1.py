"""HTTP/1.1 by h11: one request at a time, on a connection that is kept (RFC 9112)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import cast

import h11

from netlab.lab.webmessage import Cut, Header, Request, Response, text
from netlab.lab.webstream import Closed, Stream

IDLE = 75.0
"""Seconds that a kept connection may wait for its next request."""
BODY_LIMIT = 1 << 20

Answer = Callable[[Request], Awaitable[Response]]


class Http1:
    """The server's half of one HTTP/1.1 connection."""

    def __init__(self, stream: Stream, answer: Answer, scheme: str) -> None:
        self.stream = stream
        self.answer = answer
        self.scheme = scheme
        self.state = h11.Connection(h11.SERVER)
        self.ahead: asyncio.Task[bytes] | None = None

    async def serve(self) -> None:
        """Answer requests until either side has had enough. Raises Closed and Cut."""
        try:
            await self.converse()
        finally:
            if self.ahead is not None:
                # Waited for: it must have let go of the socket before that is closed.
                self.ahead.cancel()
                await asyncio.wait({self.ahead})

    async def converse(self) -> None:
        while True:
            try:
                request = await self.next_request()
            except h11.RemoteProtocolError as error:
                await self.refuse(error)
                return
            if request is None:
                return
            if not request.header(b"upgrade"):  # what comes next may be no HTTP any more
                self.read_ahead(request)
            response = await self.answer(request)
            if response.switch is not None:
                await self.hand_over(response)
                return
            await self.send(request, response)
            if self.state.our_state is h11.MUST_CLOSE or self.state.their_state is not h11.DONE:
                return
            self.state.start_next_cycle()

    async def hand_over(self, response: Response) -> None:
        """Send the 101; what the client said behind its request is the new protocol's already."""
        assert response.raw is not None
        assert response.switch is not None
        await self.stream.send(response.raw)
        ahead, _ = self.state.trailing_data
        await response.switch(self.stream, ahead)

    async def next_request(self) -> Request | None:
        """The next request with its body; None if none comes."""
        head = await self.event()
        if not isinstance(head, h11.Request):
            return None
        if self.state.they_are_waiting_for_100_continue:
            await self.emit(h11.InformationalResponse(status_code=100, headers=[]))
        body = b""
        while isinstance(part := await self.event(), h11.Data):
            body += part.data
            if len(body) > BODY_LIMIT:
                raise h11.RemoteProtocolError("the body is too large", error_status_hint=413)
        if not isinstance(part, h11.EndOfMessage):
            return None
        return self.understood(head, body)

    def understood(self, head: h11.Request, body: bytes) -> Request:
        headers = tuple((bytes(name), bytes(value)) for name, value in head.headers)
        authority = b"".join(value for name, value in headers if name == b"host")
        target = head.target.decode("latin-1")
        if (
            not target.startswith("/") and "://" in target
        ):  # absolute-form: its authority beats Host (RFC 9112 §3.2.2)
            rest, _, path = target.partition("://")[2].partition("/")
            authority, target = rest.encode("latin-1"), f"/{path}"
        return Request(
            head.method.decode("latin-1"),
            self.scheme,
            authority.decode("latin-1"),
            target,
            headers,
            body,
            head.http_version.decode("ascii"),
        )

    def read_ahead(self, request: Request) -> None:
        """Read on while the answer is made, to learn of the client's leaving.

        One read, for a client must not fill our memory with requests that it does not wait for.
        """
        if self.ahead is None:
            self.ahead = asyncio.ensure_future(self.stream.read())
        self.ahead.add_done_callback(lambda read: request.gone.set() if at_end(read) else None)

    async def read(self) -> bytes:
        """The next octets, read ahead or not."""
        ahead, self.ahead = self.ahead, None
        return await (self.stream.read() if ahead is None else ahead)

    async def event(self) -> object:
        while (event := self.state.next_event()) is h11.NEED_DATA:
            try:
                async with asyncio.timeout(IDLE):
                    data = await self.read()
            except TimeoutError:
                return None
            self.state.receive_data(data)
        return event

    async def send(self, request: Request, response: Response) -> None:
        if response.raw is not None:
            await self.stream.send(response.raw)
            await self.send_raw(response)
            raise Cut
        # A GET's answer whose length is known leaves in one write: head and body together.
        head = self.state.send(
            h11.Response(
                status_code=response.status,
                headers=framed(response),
                reason=response.reason or phrase(response.status),
            )
        )
        assert head is not None
        if isinstance(response.body, bytes):
            await self.stream.send(head + self.body(request, response.body) + self.end())
            return
        await self.stream.send(head)
        if request.method != "HEAD":
            await self.send_pieces(response.body)
        await self.stream_end()

    async def send_raw(self, response: Response) -> None:
        if isinstance(response.body, bytes):
            await self.stream.send(response.body)
            return
        async for piece in response.body:
            await self.stream.send(piece)

    async def send_pieces(self, pieces: AsyncIterator[bytes]) -> None:
        async for piece in pieces:
            await self.emit(h11.Data(data=piece))

    async def stream_end(self) -> None:
        if end := self.end():
            await self.stream.send(end)

    def body(self, request: Request, body: bytes) -> bytes:
        if request.method == "HEAD" or not body:
            return b""
        return self.state.send(h11.Data(data=body)) or b""

    def end(self) -> bytes:
        return self.state.send(h11.EndOfMessage()) or b""

    async def emit(self, event: h11.Event) -> None:
        if data := self.state.send(event):
            await self.stream.send(data)

    async def refuse(self, error: h11.RemoteProtocolError) -> None:
        """Say what was wrong with the request, if the answer has not begun."""
        if self.state.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        answer = text(error.error_status_hint, f"{error}\n", (b"connection", b"close"))
        head = h11.Response(
            status_code=answer.status, headers=framed(answer), reason=phrase(answer.status)
        )
        await self.emit(head)
        await self.emit(h11.Data(data=cast(bytes, answer.body)))
        await self.emit(h11.EndOfMessage())


def at_end(read: "asyncio.Task[bytes]") -> bool:
    """Whether nothing more can come after this read."""
    return not read.cancelled() and (read.exception() is not None or not read.result())


def framed(response: Response) -> list[Header]:
    """The headers, with the body's length where it is known (RFC 9112 §6)."""
    headers = [(titled(name), value) for name, value in response.headers]
    if isinstance(response.body, bytes) and response.status not in {204, 304}:
        headers.append((b"Content-Length", b"%d" % len(response.body)))
    return headers


def titled(name: bytes) -> bytes:
    """`Content-Type`: names are case-insensitive, and in HTTP/1.1 people expect capitals."""
    if name == b"etag":
        return b"ETag"
    return b"-".join(part.capitalize() for part in name.split(b"-"))


def phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode()
    except ValueError:
        return b""


__all__ = ["Answer", "Closed", "Http1"]
