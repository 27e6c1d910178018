"""Octets to and from one client, in the clear or over TLS.

TLS runs over `ssl.MemoryBIO`: that way the lab can wait between the ClientHello and its own first
flight (a configured distance), refuse in the middle of a handshake, and cut a connection without
a close_notify. asyncio's own TLS transport allows none of these.
"""

import asyncio
import contextlib
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

READ = 65_536


class Closed(ConnectionError):
    """The client has gone, in order or not."""


class Stream(ABC):
    """A connection as the HTTP half sees it. Several tasks may send at once, one may read."""

    alpn: str | None = None

    @abstractmethod
    async def read(self) -> bytes:
        """What comes next; nothing at the end."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send all of it, as slowly as the client takes it. Raises Closed."""

    @abstractmethod
    async def finish(self) -> None:
        """Tell the client that nothing more will come."""


class PlainStream(Stream):
    """TCP alone."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.sending = asyncio.Lock()

    async def read(self) -> bytes:
        try:
            return await self.loop.sock_recv(self.sock, READ)
        except OSError as error:
            raise Closed(str(error)) from error

    async def send(self, data: bytes) -> None:
        async with self.sending:
            try:
                await self.loop.sock_sendall(self.sock, data)
            except OSError as error:
                raise Closed(str(error)) from error

    async def finish(self) -> None:
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return


class TlsStream(Stream):
    """TLS over a plain stream, as its server."""

    def __init__(self, below: Stream, context: ssl.SSLContext) -> None:
        self.below = below
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.sending = asyncio.Lock()

    async def handshake(self, before_answer: Callable[[], Awaitable[None]]) -> None:
        """Shake hands; `before_answer` runs once, when the ClientHello's first octets are here."""
        self.incoming.write(await self.expect())
        await before_answer()
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                await self.flush()
                self.incoming.write(await self.expect())
            except ssl.SSLError:
                await self.flush()  # the alert that says why
                raise
            else:
                break
        self.alpn = self.tls.selected_alpn_protocol()
        # In TLS 1.3 the session tickets leave here, in a segment of their own.
        await self.flush()

    async def expect(self) -> bytes:
        data = await self.below.read()
        if not data:
            raise Closed("the client left during the handshake")
        return data

    async def flush(self) -> None:
        async with self.sending:
            if self.outgoing.pending:
                await self.below.send(self.outgoing.read())

    async def read(self) -> bytes:
        while True:
            try:
                return self.tls.read(READ)
            except ssl.SSLWantReadError:
                await self.flush()  # an answer to a key update
                data = await self.below.read()
                if not data:
                    return b""
                self.incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                raise Closed(reason(error)) from error

    async def send(self, data: bytes) -> None:
        # Encrypting and sending are one step: records must leave in the order of their numbers.
        async with self.sending:
            try:
                self.tls.write(data)
            except ssl.SSLError as error:
                raise Closed(reason(error)) from error
            await self.below.send(self.outgoing.read())

    async def finish(self) -> None:
        with contextlib.suppress(ssl.SSLError):  # it wants the client's close_notify too
            self.tls.unwrap()
        try:
            await self.flush()
        except Closed:
            return
        await self.below.finish()


def reason(error: ssl.SSLError) -> str:
    """OpenSSL's own words for what went wrong."""
    return error.reason or str(error)
