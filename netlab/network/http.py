"""HTTP/1.1 and HTTP/2 over a connection that is open already.

httpcore speaks the protocols; a network backend of ours hands it the connection, so that the
octets on the tape are the ones that it read and wrote. httpx on top would give us nothing that
we use (one GET, no redirects followed, headers exactly as given) and costs 80 to 110 ms of
imports beyond httpcore's (5 runs, Python 3.11).

Nothing that a server sends raises out of `Client.get`: it ends in `Answer.fault`.
"""

import asyncio
import importlib.util
import select
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, cast

import h2.events
import h2.exceptions
import h11
import httpcore

from netlab.network.http_body import BadEncoding, Decoder
from netlab.network.stream import READ_SIZE, Stream

Code = Literal[
    "garbage", "closed", "reset", "timeout", "too-large-headers", "cut-body", "bad-encoding",
    "endless-body", "slow", "tls",
]  # fmt: skip

RAW = 4 << 20
"""Octets of a body that are read before netlab has seen enough."""

BEFORE_HEAD = 256 << 10
"""Octets that may come before the final response's head has: a server could send 1xx for ever."""

PER_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)
"""RFC 9113 §8.2.2: HTTP/2 has no such fields."""

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, as a code, and in the words of whoever noticed."""

    code: Code
    detail: str


@dataclass(slots=True)
class Answer:
    """What came back. status 0: no response at all. headers: in order, names as sent.

    body is decoded and bounded, raw_size what the body took before decoding; complete: all of
    the body came.
    """

    version: Literal["", "1.0", "1.1", "2"] = ""
    status: int = 0
    reason: str = ""
    headers: Pairs = ()
    body: bytes = b""
    raw_size: int = 0
    encoding: str = ""
    complete: bool = False
    fault: Fault | None = None

    def header(self, name: str) -> str | None:
        """All values of this field, joined as RFC 9110 §5.3 allows; None when it is missing."""
        values = [value for given, value in self.headers if given.lower() == name]
        return ", ".join(values) if values else None


def warm() -> None:
    """Load what the first request would load, before any clock runs (22 to 66 ms)."""
    for module in ("anyio._backends._asyncio", "httpcore._async.http2", "h2.connection"):
        importlib.import_module(module)
    if importlib.util.find_spec("sniffio") is None:
        # httpcore looks for it with each of some ten locks, and Python remembers no absence: all
        # of sys.path is searched anew. An HTTP/2 request takes 4.6 ms instead of 5.8 this way.
        sys.modules.setdefault("sniffio", cast(ModuleType, None))


class Client:
    """Speaks HTTP over one stream, for one request after another."""

    def __init__(self, stream: Stream, scheme: str, host: str, port: int) -> None:
        self.stream = stream
        self._origin = (scheme.encode("ascii"), host.encode("ascii"), port)
        self._adapter = _Adapter(stream)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=cast(ssl.SSLContext, _NoContext()),
            network_backend=_Backend(self._adapter),
            http2=True,
        )

    @property
    def version(self) -> Literal["1.1", "2"]:
        return "2" if self.stream.alpn == "h2" else "1.1"

    @property
    def open(self) -> bool:
        """Whether another request may go over this connection."""
        if self._adapter.closed or ended(self.stream):
            return False
        return any(c.is_available() for c in self._pool.connections)

    @property
    def left(self) -> bool:
        """Whether the server has ended a connection that we would have kept."""
        return not self._adapter.closed and ended(self.stream)

    async def get(self, target: str, headers: Iterable[tuple[str, str]], seconds: float) -> Answer:
        """Ask for target. Ends after `seconds` at the latest."""
        answer = Answer()
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await self._exchange(answer, target, headers)
        except Exception as error:  # whatever a server can provoke in four libraries
            answer.fault = _fault(error, answer)
            await self.close()
        return answer

    async def _exchange(
        self, answer: Answer, target: str, headers: Iterable[tuple[str, str]]
    ) -> None:
        scheme, host, port = self._origin
        self._adapter.allowance = BEFORE_HEAD
        self._adapter.first = b"" if self.version == "1.1" else self._adapter.first
        request = httpcore.Request(
            method="GET",
            url=httpcore.URL(scheme=scheme, host=host, port=port, target=target.encode("ascii")),
            headers=self._fields(headers),
        )
        response = await self._pool.handle_async_request(request)
        self._adapter.allowance = None
        _head(answer, response)
        try:
            chunks = cast(AsyncIterable[bytes], response.stream).__aiter__()
            await _body(answer, cast("AsyncGenerator[bytes, None]", chunks))
        finally:
            await response.aclose()

    def _fields(self, headers: Iterable[tuple[str, str]]) -> Sequence[tuple[bytes, bytes]]:
        return [
            (name.encode("ascii"), value.encode("utf-8"))
            for name, value in headers
            if self.version == "1.1" or name.lower() not in PER_CONNECTION
        ]

    async def close(self) -> None:
        """Close the connection, once or many times."""
        await self._pool.aclose()
        await self._adapter.aclose()


def ended(stream: Stream) -> bool:
    """Whether the server has ended its side: seen at the socket, without taking an octet.

    In TLS 1.3 a closing alert looks like data, so an open connection here may yet be dying.
    """
    try:
        if not select.select([stream.sock], [], [], 0)[0]:
            return False
        return stream.sock.recv(1, socket.MSG_PEEK) == b""
    except (BlockingIOError, InterruptedError):
        return False
    except (OSError, ValueError):
        return True


def _head(answer: Answer, response: httpcore.Response) -> None:
    versions: dict[bytes, Literal["1.0", "1.1", "2"]] = {b"HTTP/1.0": "1.0", b"HTTP/2": "2"}
    answer.version = versions.get(response.extensions.get("http_version", b""), "1.1")
    answer.status = response.status
    answer.reason = _text(response.extensions.get("reason_phrase", b""))
    answer.headers = tuple((_text(name), _text(value)) for name, value in response.headers)
    answer.encoding = (answer.header("content-encoding") or "").strip().lower()


async def _body(answer: Answer, chunks: AsyncGenerator[bytes, None]) -> None:
    decoder = Decoder(answer.encoding)
    try:
        async with aclosing(chunks):
            async for chunk in chunks:
                answer.raw_size += len(chunk)
                decoder.feed(chunk)
                if decoder.full or answer.raw_size > RAW:
                    raise _Enough(f"netlab stopped reading after {answer.raw_size} octets")
        if not decoder.finished:
            raise BadEncoding("the compressed data ends too early")
    finally:
        answer.body = bytes(decoder.body)
    answer.complete = True


class _Enough(Exception):
    """The server goes on; netlab has enough."""


def _text(octets: bytes) -> str:
    """Header octets as text: UTF-8 where they are, and never a lone surrogate."""
    return octets.decode("utf-8", "backslashreplace")


def _fault(error: Exception, answer: Answer) -> Fault:
    """Four libraries' errors, told apart by what they mean to someone who waits for a page."""
    headless = answer.status == 0
    if isinstance(error, TimeoutError):
        return Fault("timeout" if headless else "slow", "time ran out")
    if isinstance(error, _Enough):
        return Fault("too-large-headers" if headless else "endless-body", str(error))
    if isinstance(error, BadEncoding):
        return Fault("bad-encoding", str(error))
    detail = _text(str(error).encode("utf-8", "backslashreplace"))[:200]
    return Fault(_code(error, headless), detail)


def _code(error: Exception, headless: bool) -> Code:
    roots = list(_roots(error))
    if any(_too_large(root) for root in roots):
        return "too-large-headers"
    if any(isinstance(root, ConnectionResetError | BrokenPipeError) for root in roots):
        return "reset"
    if any(isinstance(root, ssl.SSLError) and not _cut(root) for root in roots):
        return "tls"
    if any(isinstance(root, OSError | h2.events.ConnectionTerminated) for root in roots):
        return "closed" if headless else "cut-body"
    if any(isinstance(root, h2.events.StreamReset) for root in roots):
        return "reset"
    if any(text in str(error) for text in DISCONNECTED):
        return "closed" if headless else "cut-body"
    return "garbage"


DISCONNECTED = ("Server disconnected", "peer closed connection", "is closed already")
"""How httpcore, h11 and our backend put it; they have no error of its own for it."""


def _roots(error: BaseException) -> Iterator[object]:
    """The error, what it was made of, and what caused it."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        yield from seen.args
        seen = seen.__cause__ or seen.__context__


def _too_large(root: object) -> bool:
    if isinstance(root, h11.RemoteProtocolError):
        return root.error_status_hint == 431
    return isinstance(root, h2.exceptions.DenialOfServiceError)


def _cut(root: object) -> bool:
    return isinstance(root, ssl.SSLEOFError | ssl.SSLZeroReturnError)


class _NotHttp(Exception):
    """What came cannot be the beginning of this version of HTTP."""


class _NoContext:
    """httpcore sets ALPN on the context that it is given; TLS is over before it is asked."""

    def set_alpn_protocols(self, protocols: list[str]) -> None:
        pass


@dataclass(slots=True)
class _Alpn:
    """All that httpcore asks of an SSL object."""

    protocol: str | None

    def selected_alpn_protocol(self) -> str | None:
        return self.protocol


@dataclass
class _Adapter(httpcore.AsyncNetworkStream):
    """Our stream as httpcore sees one.

    allowance: octets that may still be read, None for all. first: the octets that began what the
    server said (about this request; over HTTP/2, on this connection).
    """

    stream: Stream
    closed: bool = False
    allowance: int | None = None
    first: bytes = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            data = await self.stream.read(min(max_bytes, READ_SIZE), timeout)
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        self._check(data)
        if self.allowance is not None:
            self.allowance -= len(data)
            if self.allowance < 0:
                raise _Enough(f"{BEFORE_HEAD} octets came, and no response among them")
        return data

    def _check(self, data: bytes) -> None:
        """Notice at once what is no HTTP: h11 and h2 would wait for more of it."""
        if len(self.first) >= 5:
            return
        self.first += data[:5]
        if self.stream.alpn != "h2" and not b"HTTP/".startswith(self.first[:5]):
            raise _NotHttp(f"what came begins with {self.first!r}, not with HTTP/")
        # RFC 9113 §3.4: a server's first frame is SETTINGS, which is type 4.
        if self.stream.alpn == "h2" and self.first[3:4] not in (b"", b"\x04"):
            raise _NotHttp(f"what came begins with {self.first!r}, not with a SETTINGS frame")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return  # httpcore flushes more often than there is something to flush
        try:
            await self.stream.write(buffer, timeout)
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        self.closed = True
        await self.stream.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return _Alpn(self.stream.alpn)
        return ended(self.stream) if info == "is_readable" else None


@dataclass
class _Backend(httpcore.AsyncNetworkBackend):
    """Hands out the one connection, once: a second would not be the one that was measured."""

    adapter: _Adapter
    given: bool = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if self.given:
            raise httpcore.ConnectError("The connection is closed already.")
        self.given = True
        return self.adapter
