"""The lab's Socket.IO site: python-socketio's own server behind the bridge for ASGI.

Whoever connects, asks, comes into a room or goes is told to the journal, and so is every Engine.IO
packet as it passes the application: what was seen on the wire can be held against that. Events are
known by the session that opened them; over long polling each may come on another connection.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

import socketio
from engineio.packet import NOOP
from engineio.packet import Packet as EnginePacket
from engineio.payload import Payload

from netlab.lab import asgi, asgiscope
from netlab.lab.packets import witnessed
from netlab.lab.webmessage import Request, Response, Tell, nobody, text

PATH, QUICK = "/socket.io/", "/quick/socket.io/"
NAMESPACES = ("/", "/admin")
EVENTS = frozenset({"connect", "disconnect", "echo", "say", "join", "leave"})
HEARTBEATS = {PATH: (25, 20), QUICK: (1, 1)}
"""Seconds between two pings, and for the pong: python-socketio's own, and some to watch. Whole
ones, as the server announces an interval of whole seconds whatever it was set to."""

LARGEST = 100_000
"""Octets of a message, announced to clients as maxPayload."""
MOST_SESSIONS = 500
MOST_WAITING = 1000
"""Packets that may wait for a client."""
MOST_ROOMS = 32
MOST_ATTACHMENTS = 16
LONGEST_NAME = 64
LONGEST_TEXT = 2000
SHOWN = 200
"""Characters of what a client sent that go into the journal."""

# An official client puts all that waits into one request; the library's limit of 16 packets would
# end its session. A process-wide setting, which is how the library wants it set.
Payload.max_decode_packets = 100

telling: ContextVar[Tell] = ContextVar("telling", default=nobody)
"""The journal, for what the library says while it works on a request."""


class Complaints(logging.Handler):
    """What the library would print: in the journal, instead of on the lab's terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        telling.get()("socketio.complaint", text=record.getMessage()[:SHOWN])


LOG = logging.getLogger("netlab.lab.socketio")
LOG.propagate = False
LOG.setLevel(logging.WARNING)
LOG.addHandler(Complaints())


class Packet(socketio.packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet that is refused when it is none, or would grow without bounds."""

    def decode(self, encoded_packet: Any) -> int:
        count: int = super().decode(encoded_packet)
        if count > MOST_ATTACHMENTS:
            raise ValueError("too many attachments")
        event = self.packet_type in (socketio.packet.EVENT, socketio.packet.BINARY_EVENT)
        if event and not named(self.data):
            raise ValueError("an event has a name, which is none of the reserved ones")
        return count


def named(data: Any) -> bool:
    """Whether this is an event's name and arguments. The library would take `["connect"]` too."""
    return (
        isinstance(data, list) and bool(data) and isinstance(data[0], str)
        and data[0] not in socketio.AsyncServer.reserved_events
    )  # fmt: skip


class Waiting(asyncio.Queue[Any]):
    """What waits for a client. Who takes nothing is given up: None tells Engine.IO to close."""

    async def put(self, item: Any) -> None:
        if self.qsize() >= MOST_WAITING:
            while not self.empty():
                self.get_nowait()
                self.task_done()
            item = None
        await super().put(item)


class Talk(socketio.AsyncNamespace):  # type: ignore[misc]
    """The lab's events, in one namespace. Wrong arguments are acknowledged with an error."""

    async def on_connect(self, sid: str, environ: Any, auth: Any = None) -> None:
        self.tell(sid, "socketio.connected", transport=self.server.transport(sid, self.namespace),
                  rooms="")  # fmt: skip

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.tell(sid, "socketio.disconnected", reason=reason, rooms=", ".join(self.joined(sid)))

    async def trigger_event(self, event: str, *args: Any) -> Any:
        if event not in self.server.reserved_events:
            sid, *rest = args
            self.tell(sid, "socketio.event", name=event[:SHOWN], arguments=shown(rest))
        if event not in EVENTS:
            return self.server.not_handled  # and not acknowledged: whoever waits, waits in vain
        return await super().trigger_event(event, *args)

    async def on_echo(self, sid: str, *args: Any) -> Any:
        return args

    async def on_say(self, sid: str, *args: Any) -> Any:
        if len(args) != 2 or not is_name(args[0]) or not isinstance(args[1], str):
            return wrong("say takes the name of a room and a text")
        room, words = args
        if len(words) > LONGEST_TEXT:
            return wrong(f"a text has {LONGEST_TEXT} characters at most")
        members = self.members(room)
        self.tell(sid, "socketio.said", room=room, members=members)
        await self.emit("said", {"room": room, "text": words, "from": sid}, room=room)
        return members

    async def on_join(self, sid: str, *args: Any) -> Any:
        if len(args) != 1 or not is_name(args[0]):
            return wrong("join takes the name of a room")
        if args[0] not in self.joined(sid) and len(self.joined(sid)) >= MOST_ROOMS:
            return wrong(f"{MOST_ROOMS} rooms are the most that one may be in")
        if self.server.manager.is_sid_room(self.namespace, args[0]):
            return wrong("that is somebody's own room")
        await self.enter_room(sid, args[0])
        return self.moved(sid, "socketio.joined", args[0])

    async def on_leave(self, sid: str, *args: Any) -> Any:
        if len(args) != 1 or not is_name(args[0]) or args[0] == sid:
            return wrong("leave takes the name of a room, and one's own cannot be left")
        await self.leave_room(sid, args[0])
        return self.moved(sid, "socketio.left", args[0])

    def moved(self, sid: str, event: str, room: str) -> list[str]:
        rooms = self.joined(sid)
        self.tell(sid, event, room=room, members=self.members(room), rooms=", ".join(rooms))
        return rooms

    def joined(self, sid: str) -> list[str]:
        """The rooms that it has joined, in order. Its own, of its sid's name, it never joined."""
        return sorted(room for room in self.rooms(sid) if room != sid)

    def members(self, room: str) -> int:
        return sum(1 for _ in self.server.manager.get_participants(self.namespace, room))

    def tell(self, sid: str, event: str, **detail: str | int) -> None:
        environ = self.server.get_environ(sid, self.namespace) or {}
        tell: Tell = environ.get("asgi.scope", NOWHERE)["extensions"][asgiscope.TELL]["tell"]
        session = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        tell(event, sid=sid, session=session, namespace=self.namespace, **detail)


class Elsewhere(socketio.AsyncNamespace):  # type: ignore[misc]
    """Every other namespace: nobody can connect. The words are those of Socket.IO's own server.

    Left to itself the library refuses too, but with bare text for a reason, where the protocol
    has an object and the official client finds an empty message.
    """

    async def on_connect(self, namespace: str, sid: str, environ: Any, auth: Any = None) -> None:
        tell: Tell = environ["asgi.scope"]["extensions"][asgiscope.TELL]["tell"]
        tell("socketio.refused", namespace=namespace[:SHOWN])
        raise socketio.exceptions.ConnectionRefusedError("Invalid namespace")


NOWHERE = {"extensions": {asgiscope.TELL: {"tell": nobody}}}


def is_name(room: Any) -> bool:
    return isinstance(room, str) and 0 < len(room) <= LONGEST_NAME


def wrong(why: str) -> dict[str, str]:
    return {"error": why}


def shown(args: Iterable[Any]) -> str:
    """Arguments as JSON, shortened; octets by their number."""

    def told(value: Any) -> str:
        return f"<{len(value)} octets>"

    return json.dumps(list(args), default=told, ensure_ascii=False)[:SHOWN]


class Chat:
    """The site's two servers, which share nothing but their rules."""

    def __init__(self) -> None:
        self.servers = {path: made(*beat) for path, beat in HEARTBEATS.items()}
        self.apps = {
            path: witnessed(socketio.ASGIApp(server, socketio_path=path.strip("/")))
            for path, server in self.servers.items()
        }

    async def answer(self, request: Request) -> Response | None:
        """What Socket.IO answers; None to requests that are not for it."""
        path = f"{request.path.rstrip('/')}/"
        app = self.apps.get(path)
        if app is None:
            return None
        if "sid=" not in request.target and len(self.servers[path].eio.sockets) >= MOST_SESSIONS:
            return text(503, "There are too many sessions already.\n")
        telling.set(request.tell)
        return await asgi.answer(app, request, LARGEST)

    async def stop(self) -> None:
        """End the sessions that no connection stood for: clients between two polls."""
        for server in self.servers.values():
            for namespace in NAMESPACES:
                for sid, _ in list(server.manager.get_participants(namespace, None)):
                    await server.disconnect(sid, namespace=namespace)
            await server.shutdown()


def release(session: Any) -> None:
    """Answer the poll that a client which bids farewell has left hanging, with a NOOP.

    The library lets it hang for as long as a heartbeat takes; its own client waits for that.
    """
    if session is not None and not session.upgraded:
        session.queue.put_nowait(EnginePacket(NOOP))


def made(interval: int, timeout: int) -> Any:
    """A server of python-socketio's."""
    server = socketio.AsyncServer(
        async_mode="asgi",
        ping_interval=interval,
        ping_timeout=timeout,
        max_http_buffer_size=LARGEST,
        # Any page may connect: a lab on localhost is there to be tried from a page of one's own,
        # of whatever port or file. There is no login and no cookie, so a foreign page gets
        # nothing in the visitor's name that it could not have had without the visitor.
        cors_allowed_origins="*",
        cors_credentials=False,
        http_compression=False,  # what passes is to be read
        # In order, and an exception ends in our log instead of the loop's.
        async_handlers=False,
        serializer=Packet,
        namespaces="*",
        logger=LOG,
        engineio_logger=LOG,
    )
    server.eio.create_queue = Waiting
    go = server.eio.handlers["disconnect"]

    async def gone(session: str, reason: str) -> None:
        await go(session, reason)
        release(server.eio.sockets.get(session))

    server.eio.on("disconnect", gone)
    for namespace in NAMESPACES:
        server.register_namespace(Talk(namespace))
    server.register_namespace(Elsewhere("*"))
    return server
