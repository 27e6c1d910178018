"""An ASGI application's WebSocket: its messages on one side, frames on the other."""

import asyncio
from typing import Any

from websockets.protocol import State

from netlab.lab.asgiscope import AHEAD, FAREWELL, GRACE, App, Message, end, fault, scope_of
from netlab.lab.webmessage import Cut, Request, Response, text
from netlab.lab.websocket import agree
from netlab.lab.webstream import Closed, Stream
from netlab.lab.wsendpoint import Endpoint, Event

OPENING = 90.0
"""Seconds from the request to the first frame: the application's decision and a set distance."""
STALL = 30.0
"""Seconds that a client may take for a message before it counts as gone."""
NORMAL, ABNORMAL, BROKEN = 1000, 1006, 1011


class Conversation:
    """One WebSocket. The application decides on it, then the connection is taken over."""

    def __init__(self, app: App, request: Request, longest: int) -> None:
        self.app = app
        self.request = request
        self.longest = longest
        self.decision: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.standing = asyncio.Event()
        self.heard: list[Event] = []
        self.inbox: asyncio.Queue[Message] = asyncio.Queue()
        self.room = asyncio.Semaphore(AHEAD)
        self.sending: set[asyncio.Timeout] = set()
        self.gone = False
        self.done = False
        self.endpoint: Endpoint | None = None
        self.stream: Stream | None = None

    async def open(self) -> Response:
        """The 101, or the answer that refuses."""
        opening = agree(self.request, lambda *_: None, longest=self.longest)
        if isinstance(opening, Response):
            return opening
        self.inbox.put_nowait({"type": "websocket.connect"})
        scope = scope_of(self.request, "websocket")
        self.task = asyncio.ensure_future(self.app(scope, self.receive, self.send))
        self.task.add_done_callback(self.ended)
        try:
            await asyncio.wait({self.decision}, timeout=OPENING)
        except asyncio.CancelledError:
            await end(self.task)
            raise
        said = self.decision.result() if self.decision.done() else {"type": "none"}
        if said["type"] == "websocket.accept":
            asyncio.get_running_loop().call_later(OPENING, self.give_up)
            return self.accepted(said)
        self.leave(ABNORMAL)
        asyncio.get_running_loop().call_later(FAREWELL, self.task.cancel)
        if said["type"] == "websocket.close":
            return text(403, f"{said.get('reason') or 'The application refuses.'}\n")
        return text(500, "The application has not answered.\n")

    def accepted(self, said: Message) -> Response:
        name = said.get("subprotocol")
        more = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in said.get("headers", ())]
        opening = agree(self.request, lambda *_: name, more, self.longest)
        assert not isinstance(opening, Response)  # it was agreed on before
        head, protocol = opening

        async def take_over(stream: Stream, ahead: bytes) -> None:
            self.endpoint = Endpoint(protocol, lambda _, event: self.heard.append(event))
            self.stream = stream
            self.standing.set()
            await self.converse(ahead)

        return Response(101, raw=head, switch=take_over)

    def give_up(self) -> None:
        """The client left before it had its answer: nobody has taken the connection over."""
        if not self.standing.is_set():
            self.leave(ABNORMAL)
            self.task.cancel()

    def ended(self, task: "asyncio.Task[None]") -> None:
        if why := fault(task):
            self.request.tell("failed", error=why)
        if not self.decision.done():
            self.decision.set_result({"type": "none"})

    async def receive(self) -> Message:
        message = await self.inbox.get()
        if message["type"] == "websocket.receive":
            self.room.release()
        elif message["type"] == "websocket.disconnect":
            self.inbox.put_nowait(message)  # whoever asks again is told the same
        return message

    async def send(self, message: Message) -> None:
        """Raises OSError when nobody can be reached any more, as the specification has it."""
        match message["type"]:
            case "websocket.accept" | "websocket.close" if not self.decision.done():
                self.decision.set_result(message)
            case "websocket.send" if self.decision.done():
                data = message.get("text")
                endpoint = await self.ready()
                endpoint.send(bytes(message["bytes"]) if data is None else data)
                await self.flush(endpoint)
            case "websocket.close" if self.decision.done():
                endpoint = await self.ready()
                self.bid_farewell(message.get("code", NORMAL), message.get("reason") or "")
                await self.flush(endpoint)
            case other:
                raise RuntimeError(f"{other} is out of place here")

    async def ready(self) -> Endpoint:
        await self.standing.wait()
        if self.gone or self.endpoint is None or self.endpoint.protocol.state is not State.OPEN:
            raise OSError("the connection has been closed")
        return self.endpoint

    def bid_farewell(self, code: int, reason: str = "") -> None:
        if self.endpoint and not self.gone and self.endpoint.protocol.state is State.OPEN:
            self.endpoint.protocol.send_close(code, reason.encode()[:123].decode("utf-8", "ignore"))

    async def flush(self, endpoint: Endpoint) -> None:
        """Send what is to be sent. Raises OSError when the client does not take it."""
        octets, done = endpoint.outgoing()
        self.done = self.done or done
        if not octets or self.stream is None:
            return
        try:
            async with asyncio.timeout(STALL) as limit:
                self.sending.add(limit)
                try:
                    await self.stream.send(octets)
                finally:
                    self.sending.discard(limit)
        except TimeoutError:
            self.leave(ABNORMAL)
            raise OSError("the client takes nothing any more") from None

    def leave(self, code: int, reason: str = "") -> None:
        """Nothing can be sent any more, what is being sent is given up, and the app is told."""
        if self.gone:
            return
        self.gone = True
        self.inbox.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.standing.set()
        for limit in self.sending:
            limit.reschedule(asyncio.get_running_loop().time())

    async def converse(self, ahead: bytes) -> None:
        """Until either side has had enough. Raises Cut if the client took nothing any more."""
        reading = asyncio.ensure_future(self.read(ahead))
        both: set[asyncio.Future[Any]] = {reading, self.task}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if self.task.done() and not reading.done() and self.endpoint:
                self.bid_farewell(BROKEN if fault(self.task) else NORMAL)
                await self.flush(self.endpoint)
                await asyncio.wait({reading}, timeout=FAREWELL)
        except OSError as error:
            raise Cut from error
        finally:
            self.leave(*self.last_words())
            await asyncio.wait({self.task}, timeout=GRACE)
            await end(reading)
            await end(self.task)
            if reading.done() and not reading.cancelled():
                reading.exception()  # a client that goes is no error

    def last_words(self) -> tuple[int, str]:
        said = self.endpoint.protocol.close_rcvd if self.endpoint else None
        return (said.code, said.reason) if said else (ABNORMAL, "")

    async def read(self, data: bytes) -> None:
        """Frames as they come; the application is handed no more than it keeps up with."""
        assert self.endpoint is not None
        assert self.stream is not None
        while True:
            if data:
                self.endpoint.receive(data)
            await self.flush(self.endpoint)
            heard, self.heard = self.heard, []
            for event in heard:
                await self.deliver(event)
            if self.done:
                return
            data = await self.stream.read()
            if not data:
                raise Closed

    async def deliver(self, event: Event) -> None:
        if event.kind not in ("text", "binary"):
            return
        await self.room.acquire()
        said: Message = {"type": "websocket.receive", "text": None, "bytes": None}
        if event.kind == "text":
            said["text"] = event.text
        else:
            said["bytes"] = event.data
        self.inbox.put_nowait(said)
