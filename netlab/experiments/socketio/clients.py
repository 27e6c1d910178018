"""Real clients, each behind a relay of its own: python-socketio's, and a raw WebSocket's.

A client is pointed at its relay's port on loopback and told to name the server that is meant in
`Host`, so that the server sees the requests that it would see anyway.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import aiohttp
import socketio
from socketio.exceptions import SocketIOError

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.told import Teller
from netlab.network import race, websocket
from netlab.network.base import SocketAddress
from netlab.network.relay import Relay, Tls
from netlab.network.stream import TcpStream
from netlab.network.websocket import Connection, Declined, Wish

CHAT, ADDRESS, PORT = "chat.example.com", "203.0.113.56", 80
SERVICE = f"web:{CHAT}"
PATH, QUICK = "socket.io", "quick/socket.io"
PATIENCE = 5.0
"""Seconds in which anything that is waited for has to come."""
FAREWELL = 1.0
MOST_HEARD = 10_000
"""Events that are kept."""

Transport = Literal["polling", "websocket"]
BROKEN = (SocketIOError, TimeoutError, OSError, aiohttp.ClientError, ValueError)
"""What a client may die of. ValueError is what the library says to packets that are none."""

SILENT = logging.getLogger("netlab.socketio.client")
"""The library would print its complaints on the terminal; ours are read off the wire."""
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a client is to connect. transports None: the library's own order.

    back_off: seconds before the first attempt to reconnect, and at most; None: it does not.
    query: of the URL, as a server may want it. fields: header fields for every request.
    """

    path: str = PATH
    transports: tuple[Transport, ...] | None = None
    namespaces: tuple[str, ...] = ("/",)
    back_off: tuple[float, float] | None = None
    strip_upgrade: bool = False
    query: str = ""
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Asked:
    """A request that the library made. fate: why nothing came of it; empty if it was answered."""

    at: float
    ended: float | None = None
    fate: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event that came in. at: when the library handed it over."""

    at: float
    event: str
    namespace: str
    arguments: tuple[Any, ...]


@dataclass(slots=True)
class Client:
    """`async with Client(bench, "you", wanted) as client`; connect separately.

    dial: where the relay finds the server. authority: what `Host` says.
    """

    bench: Bench
    actor: str
    wanted: Wanted = field(default_factory=Wanted)
    authority: str = CHAT
    dial: Callable[[], SocketAddress] | None = None
    tls: Tls | None = None
    server: str = "server"
    heard: list[Heard] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    told: Teller = field(init=False)
    relay: Relay = field(init=False)
    sio: Any = field(init=False)
    session: aiohttp.ClientSession = field(init=False)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Client":
        wanted, delays = self.wanted, self.wanted.back_off or (1.0, 1.0)
        dial = self.dial or (lambda: self.bench.network.dialled(ADDRESS, PORT, "tcp"))
        self.relay = Relay(
            dial, self.bench.recorder.now, strip_upgrade=wanted.strip_upgrade, tls=self.tls
        )
        await self.relay.__aenter__()
        self.told = Teller(self.bench, self.relay, self.actor, self.server)
        fields = {"Host": self.authority, **dict(wanted.fields)}
        self.session = session(fields, self.url, self.tls is not None, self._followed())
        self.sio = socketio.AsyncClient(
            reconnection=wanted.back_off is not None,
            reconnection_delay=delays[0],
            reconnection_delay_max=delays[1],
            # In python-socketio a number of seconds and not a share of the delay: 0.5, its
            # default, would drown the doubling that is to be seen.
            randomization_factor=delays[0] / 10,
            logger=SILENT,
            engineio_logger=SILENT,
            handle_sigint=False,
            http_session=self.session,
            request_timeout=PATIENCE,
        )
        for namespace in wanted.namespaces:
            self.sio.on("*", partial(self._hear, namespace), namespace=namespace)
        self.sio.on("connect", self._came)
        self.sio.on("disconnect", self._went)
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(*BROKEN):
            async with asyncio.timeout(FAREWELL):
                await self.sio.shutdown()
        await self.session.close()
        await self.relay.close()

    @property
    def url(self) -> str:
        host, port = self.relay.address
        return f"http://{host}:{port}"

    async def connect(self, patience: float = PATIENCE) -> None:
        """Raises one of BROKEN."""
        url = f"{self.url}?{self.wanted.query}" if self.wanted.query else self.url
        async with asyncio.timeout(patience):
            await self.sio.connect(
                url, transports=self.wanted.transports and [*self.wanted.transports],
                namespaces=[*self.wanted.namespaces], socketio_path=self.wanted.path,
                wait_timeout=patience,
            )  # fmt: skip

    async def call(
        self, event: str, *arguments: Any, namespace: str = "/", timeout: float = PATIENCE
    ) -> Any:
        """Emit, and wait for the acknowledgement. Raises TimeoutError, or one of BROKEN."""
        try:
            return await self.sio.call(event, arguments, namespace=namespace, timeout=timeout)
        except socketio.exceptions.TimeoutError:
            raise TimeoutError from None

    async def emit(self, event: str, *arguments: Any, namespace: str = "/") -> None:
        await self.sio.emit(event, arguments, namespace=namespace)

    async def until(self, test: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Wait until this is true of what was heard or asked. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not test():
                self.news.clear()
                await self.news.wait()

    async def hears(self, test: Callable[[Heard], bool], timeout: float = PATIENCE) -> Heard:
        """The first event for which this is true, heard before now or to come."""
        async with asyncio.timeout(timeout):
            while True:
                for heard in self.heard:
                    if test(heard):
                        return heard
                self.news.clear()
                await self.news.wait()

    def _followed(self) -> aiohttp.TraceConfig:
        """Notes every request of the library's, and keeps it from going elsewhere."""
        trace = aiohttp.TraceConfig(self._request)  # type: ignore[arg-type]

        async def ended(_: object, context: Any, params: Any) -> None:
            context.ended = self.bench.recorder.now()
            error = getattr(params, "exception", None)
            if error is not None:
                context.fate = plainly(error)
            self.news.set()

        async def stay(*_: object) -> None:
            raise aiohttp.ClientConnectionError("redirected")

        trace.on_request_end.append(ended)
        trace.on_request_exception.append(ended)
        trace.on_request_redirect.append(stay)
        return trace

    def _request(self, **_: object) -> Asked:
        made = Asked(self.bench.recorder.now())
        if len(self.asked) < MOST_HEARD:
            self.asked.append(made)
        return made

    async def _came(self) -> None:
        self.lost.clear()
        self.connected.set()

    async def _went(self, reason: str = "") -> None:
        self.connected.clear()
        self.lost.set()

    async def _hear(self, namespace: str, event: str, *arguments: Any) -> None:
        if len(self.heard) < MOST_HEARD:
            now = self.bench.recorder.now()
            self.heard.append(Heard(now, event, namespace, arguments))
        self.news.set()

    @property
    def transport(self) -> str:
        return str(self.sio.transport() or "")


def plainly(error: BaseException) -> str:
    """Why a request failed, without the address on loopback that nobody typed."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return os.strerror(error.os_error.errno or 0).lower()
    return str(error) or type(error).__name__


def session(
    fields: dict[str, str], url: str, secure: bool, trace: aiohttp.TraceConfig
) -> aiohttp.ClientSession:
    """An aiohttp session whose requests bear these fields: `Host` names the server that is meant.

    secure: whether cookies for https go along, though the relay is spoken to in the clear.
    """
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[url] if secure else None)
    return aiohttp.ClientSession(
        headers=fields, cookie_jar=jar, trace_configs=[trace], trust_env=False
    )


@dataclass(slots=True)
class Raw:
    """A raw WebSocket client behind a relay: it knows nothing of Engine.IO or Socket.IO."""

    bench: Bench
    actor: str
    address: str = ADDRESS
    strip_upgrade: bool = False
    server: str = "server"
    relay: Relay = field(init=False)
    told: Teller = field(init=False)
    streams: list[TcpStream] = field(default_factory=list)

    async def __aenter__(self) -> "Raw":
        self.relay = Relay(
            lambda: self.bench.network.dialled(self.address, PORT, "tcp"),
            self.bench.recorder.now, strip_upgrade=self.strip_upgrade,
        )  # fmt: skip
        await self.relay.__aenter__()
        self.told = Teller(self.bench, self.relay, self.actor, self.server)
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self.streams:
            await stream.close()
        await self.relay.close()

    async def open(self, host: str, path: str) -> Connection | Declined:
        stream = TcpStream(await race.connect(self.relay.address), self.bench.recorder.now)
        self.streams.append(stream)
        return await websocket.open(stream, Wish(host, path, deflate=False), PATIENCE)


async def soon(event: asyncio.Event) -> None:
    """Wait for an event, within bounds. Raises TimeoutError."""
    async with asyncio.timeout(PATIENCE):
        await event.wait()


def endpoint(path: str = PATH) -> str:
    """The path and query that an Engine.IO WebSocket is opened with."""
    return f"/{path}/?EIO=4&transport=websocket"


def introduce(bench: Bench, others: Sequence[tuple[str, str, str]] = ()) -> None:
    """Who takes part: you, the server, and whoever else."""
    bench.recorder.actor("you", "you", "client")
    for id, name, role in others:
        bench.recorder.actor(id, name, role)
    bench.recorder.actor("server", CHAT, "Socket.IO server")
