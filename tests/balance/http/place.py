"""A balancer and its backends on loopback, in a thread of their own; tests speak to it by socket.

The backends read with h11: what the balancer writes must mean the same to a parser that is not
ours. What they answer is the test's to say.
"""

import asyncio
import contextlib
import gc
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import h11

from netlab.balance.events import Event
from netlab.balance.http.proxy import serve_http
from netlab.balance.http.wire import RESET, Wire
from netlab.balance.pool import Pool
from netlab.balance.settings import Server, Settings
from tests.dissect import tlspair

E = TypeVar("E", bound=Event)
DEADLINE = 10.0


@dataclass
class Request:
    """As h11 read it."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def first(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.fields if key == name), None)

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key == name]


Talk = Callable[["Backend", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Backend:
    """One server: how it talks, and what it has heard."""

    def __init__(self, name: str, talk: "Talk | None" = None) -> None:
        self.name = name
        self.talk = talk or answering()
        self.octets = b""
        self.connections = 0
        self.requests: list[Request] = []
        self.ended: list[str] = []
        """How each connection was over: "end" or "reset"."""
        self.garbled: list[str] = []
        """What h11 could not read."""
        self.port = 0
        self.server: asyncio.Server | None = None
        self.writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", self.port)
        self.port = self.server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and reset whatever is open."""
        if self.server is not None:
            self.server.close()
            self.server = None
        for writer in list(self.writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.add(writer)
        try:
            await self.talk(self, reader, writer)
        except ConnectionError:
            self.ended.append("reset")
        except h11.RemoteProtocolError as error:
            self.garbled.append(str(error))
        finally:
            self.writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def read(self, reader: asyncio.StreamReader) -> bytes:
        data = await reader.read(65_536)
        self.octets += data
        if not data:
            self.ended.append("end")
        return data

    async def hear(self, parser: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
        """The next request as h11 reads it; None at the connection's end."""
        request: Request | None = None
        while True:
            event = parser.next_event()
            if event is h11.NEED_DATA:
                parser.receive_data(await self.read(reader))
            elif isinstance(event, h11.Request):
                request = Request(event.method, event.target, list(event.headers))
            elif isinstance(event, h11.Data) and request is not None:
                request.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                request.trailers = list(event.headers)
                self.requests.append(request)
                return request
            else:
                return None


def response(body: bytes = b"", status: bytes = b"200 OK", *fields: bytes) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *fields]
    return b"\r\n".join([*lines, b"", body])


def answering(make: Callable[[Backend, Request], bytes] | bytes | None = None) -> Talk:
    """A backend that answers each request with these octets, and keeps the connection."""

    def default(backend: Backend, request: Request) -> bytes:
        body = backend.name.encode()
        return response(body) if request.method != b"HEAD" else response(body)[: -len(body)]

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        parser = h11.Connection(h11.SERVER)
        while (request := await backend.hear(parser, reader)) is not None:
            out = make if isinstance(make, bytes) else (make or default)(backend, request)
            writer.write(out)
            await writer.drain()
            parser.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
            parser.send(h11.EndOfMessage())
            if parser.our_state is not h11.DONE:
                return
            parser.start_next_cycle()

    return talk


class Place:
    """`told` is what the balancer told of itself."""

    def __init__(self, *talks: Talk | None, tls: ssl.SSLContext | None = None, **given: Any):
        self.backends = [Backend(f"b{n}", talk) for n, talk in enumerate(talks or (None,), 1)]
        self.given = given
        self.tls = tls
        self.told: list[Event] = []
        self.address = ("127.0.0.1", 0)
        self.news = threading.Condition()
        self.up = threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.main()))
        self.failure: BaseException | None = None
        self.lax = False
        """Another proxy stands before these backends, and may send what h11 cannot read."""

    @property
    def backend(self) -> Backend:
        return self.backends[0]

    def __enter__(self) -> "Place":
        self.thread.start()
        assert self.up.wait(DEADLINE)
        if self.failure is not None:
            raise self.failure
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.finished.set)
        self.thread.join(DEADLINE)
        assert not self.thread.is_alive()
        if self.failure is not None:
            raise self.failure

    async def main(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.loop.set_exception_handler(self.wrong)
        self.finished, self.stop = asyncio.Event(), asyncio.Event()
        try:
            for backend in self.backends:
                await backend.start()
            await self.run()
        except BaseException as error:
            self.failure = error
        finally:
            self.up.set()

    async def run(self) -> None:
        servers = tuple(Server(b.name, "127.0.0.1", b.port) for b in self.backends)
        settings = Settings(backends=servers, **{"seed": 1, **self.given})
        listener = socket.create_server(settings.listen)
        self.address = listener.getsockname()
        self.pool = Pool.of(settings, self.tell)
        serving = asyncio.create_task(serve_http(settings, self.pool, listener, self.stop))
        serving.add_done_callback(lambda _: self.notify())
        self.serving = serving
        self.up.set()
        await asyncio.wait(
            [serving, asyncio.create_task(self.finished.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        self.stop.set()
        for backend in self.backends:
            await backend.stop()
        await serving
        self.finished.set()
        if any(backend.garbled for backend in self.backends) and not self.lax:
            raise AssertionError([backend.garbled for backend in self.backends])

    def wrong(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failure = context.get("exception") or RuntimeError(context["message"])

    # What it tells

    def tell(self, event: Event) -> None:
        self.told.append(event)
        self.notify()

    def notify(self) -> None:
        with self.news:
            self.news.notify_all()

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.told if isinstance(event, kind)]

    def wait(self, ready: Callable[[], object]) -> None:
        """Until it is so; every event and every half a second makes it look again."""
        with self.news:
            for _ in range(int(DEADLINE * 20)):
                if ready():
                    return
                self.news.wait(0.05)
        raise AssertionError("it never came to that")

    def do(self, work: Awaitable[Any]) -> Any:
        """Have the balancer's loop do this."""

        async def run() -> Any:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(DEADLINE)

    # Speaking to it

    @contextlib.contextmanager
    def client(self) -> Iterator[socket.socket]:
        with socket.create_connection(self.address, DEADLINE) as sock:
            if self.tls is None:
                yield sock
            else:
                with self.tls.wrap_socket(sock, server_hostname=tlspair.NAME) as wrapped:
                    yield wrapped

    def ask(self, octets: bytes) -> bytes:
        """Everything that comes until the balancer closes the connection."""
        with self.client() as sock:
            sock.sendall(octets)
            return rest(sock)

    def get(self, path: str = "/", *fields: str) -> "Answer":
        lines = [f"GET {path} HTTP/1.1", "Host: a.example", "Connection: close", *fields]
        return Answer.of(self.ask("\r\n".join([*lines, "", ""]).encode()))


def reset(connection: asyncio.StreamWriter | socket.socket) -> None:
    """Close so that the other end sees a reset."""
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()
    else:
        sock = connection.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.transport.abort()


def wires() -> list[Wire]:
    """All connections that balancers of this process have."""
    return [each for each in gc.get_objects() if isinstance(each, Wire)]


def rest(sock: socket.socket) -> bytes:
    data = b""
    while piece := sock.recv(65_536):
        data += piece
    return data


def until(sock: socket.socket, sign: bytes) -> bytes:
    """What comes, up to and with this."""
    data = b""
    while sign not in data:
        piece = sock.recv(65_536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    return data


@dataclass
class Answer:
    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @classmethod
    def of(cls, octets: bytes) -> "Answer":
        head, _, body = octets.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        return cls(int(first.split(" ")[1]), [(k.lower(), v) for k, v in pairs], body)

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)
