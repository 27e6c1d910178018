"""TLS over a TCP stream, driven by hand through `ssl.MemoryBIO`.

asyncio's own TLS takes no session, so it cannot resume; and this way the records, the messages
in plaintext and the instants of both are ours.
"""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from typing import Literal

from netlab.network.stream import READ_SIZE, TcpStream
from netlab.network.tape import Tape
from netlab.network.tls_messages import Log
from netlab.network.trust import Trust


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a handshake: OpenSSL at work here, or waiting for the other side."""

    kind: Literal["compute", "wait"]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a handshake went. stream is None when it failed, and `error` says with what.

    connection is OpenSSL's, for what is known after a failure too (its chain). base: the offset
    on `wire` at which TLS began, in each direction.
    """

    stream: "TlsStream | None"
    connection: ssl.SSLObject
    segments: tuple[Segment, ...]
    log: Log
    wire: Tape
    base: tuple[int, int]
    start: float
    end: float
    error: Exception | None = None


class EndOfStream(ConnectionError):
    """The other side ended its stream in the middle of a handshake."""


class TlsStream:
    """An established TLS connection: plaintext in and out.

    truncated: the other side ended the TCP stream without close_notify, so that what came last
    may be missing (RFC 8446 §6.1).
    """

    def __init__(self, engine: "Engine") -> None:
        self.tape = Tape()
        self.log = engine.log
        self.truncated = False
        self._engine = engine

    @property
    def sock(self) -> socket.socket:
        return self._engine.tcp.sock

    @property
    def wire(self) -> Tape:
        return self._engine.tcp.tape

    @property
    def alpn(self) -> str | None:
        return self.connection.selected_alpn_protocol()

    @property
    def connection(self) -> ssl.SSLObject:
        """OpenSSL's view of it: version, cipher, session."""
        return self._engine.connection

    @property
    def session(self) -> ssl.SSLSession | None:
        """What a later connection may resume; in TLS 1.3 only once the server's tickets came,
        which is with the first read and not with the handshake (RFC 8446 §4.6.1)."""
        session = self.connection.session
        if session is None or not (session.has_ticket or session.id):
            return None
        if self.connection.version() == "TLSv1.3" and not session.has_ticket:
            return None
        return session

    async def read(self, max_bytes: int = READ_SIZE, timeout: float | None = None) -> bytes:
        async with asyncio.timeout(timeout):
            data = await self._read(max_bytes)
        # The octets have been here since the socket was read, not since they were decrypted.
        at = self.wire.last_at("received")
        self.tape.add(self._engine.tcp.clock() if at is None else at, "received", data)
        return data

    async def _read(self, max_bytes: int) -> bytes:
        while True:
            try:
                return self.connection.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._engine.flush()
                await self._engine.fill()
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as error:
                await self._engine.try_flush()
                if self._engine.ended and is_end(error):
                    self.truncated = True
                    return b""
                raise

    async def write(self, data: bytes, timeout: float | None = None) -> None:
        async with asyncio.timeout(timeout):
            view = memoryview(data)
            while view:
                view = view[self.connection.write(view) :]
            await self._engine.flush()
        at = self.wire.last_at("sent")
        self.tape.add(self._engine.tcp.clock() if at is None else at, "sent", data)

    async def close(self) -> None:
        """Say close_notify as far as it goes without waiting, and close."""
        if self.sock.fileno() != -1:
            self._engine.farewell()
        await self._engine.tcp.close()


class Engine:
    """OpenSSL's state machine between two memory buffers, and the socket behind these."""

    def __init__(
        self, tcp: TcpStream, trust: Trust, host: str, session: ssl.SSLSession | None
    ) -> None:
        self.tcp = tcp
        self.ended = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._sending = asyncio.Lock()
        self.connection = trust.context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=host, session=session
        )
        self.log = trust.watch.follow(self.connection, tcp.clock)

    async def flush(self) -> None:
        """Send the records that wait; one flush after the other, or records would mix."""
        async with self._sending:
            if self._outgoing.pending:
                await self.tcp.write(self._outgoing.read())

    async def try_flush(self) -> None:
        """Send what waits (an alert) although the connection may be broken."""
        with contextlib.suppress(OSError):
            await self.flush()

    async def fill(self) -> None:
        """Wait for octets from the socket."""
        data = await self.tcp.read(READ_SIZE)
        if data:
            self._incoming.write(data)
        else:
            self.ended = True
            self._incoming.write_eof()

    def farewell(self) -> None:
        """Put close_notify into the socket if there is room for it."""
        with contextlib.suppress(ssl.SSLError, ValueError):
            self.connection.unwrap()
        data = self._outgoing.read()
        with contextlib.suppress(OSError):
            self.tcp.tape.add(self.tcp.clock(), "sent", data[: self.tcp.sock.send(data)])


async def handshake(
    tcp: TcpStream,
    trust: Trust,
    host: str,
    *,
    session: ssl.SSLSession | None = None,
    timeout: float | None = None,
) -> Handshake:
    """Shake hands as `host`'s client. A failure is told, not raised; the caller closes `tcp`."""
    engine = Engine(tcp, trust, host, session)
    base = (tcp.tape.total("sent"), tcp.tape.total("received"))
    segments: list[Segment] = []
    start = tcp.clock()
    error: Exception | None = None
    try:
        async with asyncio.timeout(timeout):
            await _shake(engine, segments, start)
    except (OSError, TimeoutError) as failure:
        error = failure
    end = max(tcp.clock() if error else start, segments[-1].end if segments else start)
    stream = None if error else TlsStream(engine)
    return Handshake(
        stream, engine.connection, tuple(segments), engine.log, tcp.tape, base, start, end, error
    )


async def _shake(engine: Engine, segments: list[Segment], start: float) -> None:
    """Compute and wait by turns, with no instant between two segments left out."""
    clock = engine.tcp.clock
    done = False
    while not done:
        try:
            done = await _turn(engine)
        finally:
            segments.append(Segment("compute", start, start := clock()))
        if not done:
            try:
                await engine.fill()
            finally:
                segments.append(Segment("wait", start, start := clock()))
            if engine.ended:
                await _turn(engine)
                raise EndOfStream("the other side closed the connection in mid-handshake")


async def _turn(engine: Engine) -> bool:
    """Let OpenSSL go on, and send what it wrote: on failure that is the alert."""
    try:
        engine.connection.do_handshake()
    except ssl.SSLWantReadError:
        await engine.flush()
        return False
    except ssl.SSLError as error:
        await engine.try_flush()
        if engine.ended and is_end(error):
            raise EndOfStream("the other side closed the connection in mid-handshake") from error
        raise
    await engine.flush()
    return True


def is_end(error: ssl.SSLError) -> bool:
    """Whether OpenSSL complains only of the stream's end."""
    return isinstance(error, ssl.SSLEOFError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"
