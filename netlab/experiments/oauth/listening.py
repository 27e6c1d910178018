"""A small HTTP server on loopback, for what browsers bring to an application."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import h11

MOST_HEAD = 64 * 1024
MOST_BODY = 64 * 1024
PATIENCE = 20.0
READ = 16 * 1024


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser asks for. body: of a form. raw: all of it, as it came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw: bytes = b""

    def field(self, name: str) -> str:
        """All fields of this name as one value; empty where there is none."""
        return "; ".join(value for key, value in self.headers if key.lower() == name)


@dataclass(frozen=True, slots=True)
class Page:
    """What it gets: never kept, and never told to where it goes on."""

    status: int
    body: bytes = b""
    location: str = ""
    kind: str = "text/html; charset=utf-8"
    cookie: str = ""

    def fields(self) -> list[tuple[str, str]]:
        return [
            ("Content-Type", self.kind), ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"), ("Referrer-Policy", "no-referrer"),
            ("Connection", "close"), *([("Location", self.location)] if self.location else []),
            *([("Set-Cookie", self.cookie)] if self.cookie else []),
        ]  # fmt: skip


Handle = Callable[[Visit], Awaitable[Page]]


class Listener:
    """`async with Listener(handle) as listener`. Raises OSError where the port is taken."""

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self.handle, self.host, self.port = handle, host, port
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None

    async def __aenter__(self) -> "Listener":
        self.server = await asyncio.start_server(self._accept, self.host, self.port, limit=READ)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self.server is not None
        self.server.close()
        tasks = tuple(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._serve(reader, writer)
        except (OSError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # whoever came has gone, or spoke something else
        finally:
            self.tasks.discard(task)
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        visit = await _read(state, reader)
        if visit is None:
            return
        page = await self.handle(visit)
        head = h11.Response(status_code=page.status, headers=page.fields(), reason=b"")
        octets = state.send(head) or b""
        if page.body and visit.method != "HEAD":
            octets += state.send(h11.Data(data=page.body)) or b""
        writer.write(octets)
        await writer.drain()


async def _read(state: h11.Connection, reader: asyncio.StreamReader) -> Visit | None:
    head: h11.Request | None = None
    body = raw = b""
    while True:
        event = state.next_event()
        match event:
            case h11.NEED_DATA:
                data = await reader.read(READ)
                raw += data
                if len(raw) > MOST_HEAD + MOST_BODY:  # chunks have more around them than in them
                    return None
                state.receive_data(data)
            case h11.Request():
                head = event
            case h11.Data():
                body += event.data
                if len(body) > MOST_BODY:
                    return None
            case h11.EndOfMessage() if head is not None:
                fields = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in head.headers)
                return Visit(head.method.decode(), head.target.decode("latin-1"), fields, body, raw)
            case h11.ConnectionClosed():
                return None
