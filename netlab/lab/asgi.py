"""An ASGI 3 application as a site of the lab: its HTTP half, and which half is asked for.

Theory of operation. An application runs in a task of its own, for it may answer its cancelling
with a last word (Engine.IO does) or with silence: whoever waits for it waits a bounded time. What
passes between it and the client waits in short queues; a full one makes the faster side wait.
The messages are those of the ASGI specification, HTTP and WebSocket, version 2.4.
"""

import asyncio
from collections.abc import AsyncIterator

from netlab.lab.asgiscope import AHEAD, GRACE, App, Message, end, fault, scope_of
from netlab.lab.webmessage import Cut, Header, Request, Response, text
from netlab.lab.websocket import refused, upgrades
from netlab.lab.wsendpoint import LONGEST_MESSAGE

LINGER = 30.0
"""Seconds that an application may go on working when its answer is complete."""


async def answer(app: App, request: Request, longest: int = LONGEST_MESSAGE) -> Response:
    """What an application answers. longest: octets of a WebSocket message, at most."""
    if upgrades(request):
        from netlab.lab.asgisocket import Conversation

        return refused(request) or await Conversation(app, request, longest).open()
    return await Exchange(app, request).answer()


class Exchange:
    """One request, and the answer of the application."""

    def __init__(self, app: App, request: Request) -> None:
        self.request = request
        self.asked = False
        self.head: Message | None = None
        self.whole: bytes | None = None
        self.pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.room = asyncio.Semaphore(AHEAD)
        self.complete = False
        self.begun = asyncio.Event()
        self.over = asyncio.Event()
        self.leaving = asyncio.ensure_future(self.leave())
        self.task = asyncio.ensure_future(app(scope_of(request, "http"), self.receive, self.send))
        self.task.add_done_callback(self.ended)

    async def receive(self) -> Message:
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": self.request.body, "more_body": False}
        await self.over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        match message["type"]:
            case "http.response.start" if self.head is None:
                self.head = message
            case "http.response.body" if self.head is not None and not self.complete:
                await self.take(bytes(message.get("body", b"")), message.get("more_body", False))
            case other:
                raise RuntimeError(f"{other} is out of place here")

    async def take(self, body: bytes, more: bool) -> None:
        if not self.begun.is_set() and not more:
            self.whole = body
        elif body:
            await self.room.acquire()
            self.pieces.put_nowait(body)
        self.begun.set()
        if not more:
            self.complete = True
            self.over.set()
            self.pieces.put_nowait(None)
            asyncio.get_running_loop().call_later(LINGER, self.task.cancel)

    async def leave(self) -> None:
        """When the client goes, tell the application; end it if that does not."""
        await self.request.gone.wait()
        self.over.set()
        await asyncio.wait({self.task}, timeout=GRACE)
        self.task.cancel()

    def ended(self, task: "asyncio.Task[None]") -> None:
        self.leaving.cancel()
        self.over.set()
        self.begun.set()
        self.pieces.put_nowait(None)
        if why := fault(task):
            self.request.tell("failed", error=why)

    async def answer(self) -> Response:
        """The answer, as soon as its body begins. Raises Cut when there is nobody to answer."""
        try:
            await self.begun.wait()
        except asyncio.CancelledError:
            await end(self.task)
            raise
        if self.head is None:
            if self.request.gone.is_set():
                raise Cut
            return text(500, "The application has not answered.\n")
        headers = tuple(self.head.get("headers", ()))
        if self.whole is None:
            return Response(self.head["status"], lower(headers), self.body())
        return Response(self.head["status"], lower(headers, length=False), self.whole)

    async def body(self) -> AsyncIterator[bytes]:
        try:
            while (piece := await self.pieces.get()) is not None:
                self.room.release()
                yield piece
            if not self.complete:
                raise Cut
        finally:
            await end(self.task)


def lower(headers: tuple[Header, ...], length: bool = True) -> tuple[Header, ...]:
    """Fields as the lab keeps them; their Content-Length is left out where it is ours to say."""
    fields = ((bytes(name).lower(), bytes(value)) for name, value in headers)
    return tuple((name, value) for name, value in fields if length or name != b"content-length")
