"""A web server of the lab, from the accepted connection to the answer.

Theory of operation. Every seen address and port is a listening socket of its own on loopback;
connections to it run through a stream (plain or TLS), then through HTTP/1.1 or HTTP/2 as ALPN
decided, and end at a site chosen by the request's authority. Whatever a server does it tells the
journal before it sends, so that a client who has the answer finds the entry already told.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from time import perf_counter
from typing import Any

from netlab.lab import sitefaults
from netlab.lab.catalogue import HOSTS
from netlab.lab.service import Dialled, Entry, Plain, Seen, Service, World
from netlab.lab.sockets import Port, family_of
from netlab.lab.webmessage import Cut, Outside, Request, Response, Site, redirect, text
from netlab.lab.webstream import Closed, PlainStream, Stream, TlsStream, reason
from netlab.lab.webtls import TlsEnd

HTTP, HTTPS = 80, 443
SERVER = b"netlab-lab"
HANDSHAKE = 30.0
"""Seconds in which a client must have shaken hands."""
LOCAL = ".localhost"
"""Behind a site's name: how a browser, which resolves such names itself, comes to it."""
SHOWN = 2000
"""Characters of a client's text that go into the journal."""


@dataclass(slots=True)
class Door:
    """One seen address and port, and what stands behind it."""

    address: str
    port: int
    at: Port
    accepting: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Visit:
    """One connection. ended_by: who closed it."""

    door: Door
    peer_port: int
    peer: str = ""
    ended_by: str = "client"


class WebServer(Service):
    """The web server at some addresses. sites: by host name. Stopping it cuts its connections.

    A fault takes the place of all its sites; what is under way goes on as it began.
    """

    faults = tuple(sitefaults.SITES)

    def __init__(
        self,
        id: str,
        seen: Iterable[tuple[str, int]],
        sites: Mapping[str, Site],
        tls: TlsEnd,
        world: World,
    ) -> None:
        self.id = id
        self.sites = sites
        self.tls = tls
        self.world = world
        self.doors = [Door(address, port, Port(family_of(address))) for address, port in seen]
        self.visits: set[asyncio.Task[None]] = set()
        self.outside = Outside(
            lambda host, port: dialled(host, port, world), str(tls.authority.ca_file)
        )

    def set(self, wanted: Mapping[str, Any]) -> Mapping[str, Plain]:
        """Of all its sites: a server that has settings has but one."""
        told: Mapping[str, Plain] = {}
        for site in self.sites.values():
            told = site.set(wanted)
        return told

    async def start(self) -> Mapping[Seen, Dialled]:
        for door in self.doors:
            if door.accepting is None:
                door.accepting = asyncio.ensure_future(self.accept(door, door.at.listen()))
        return {("tcp", door.address, door.port): door.at.dialled for door in self.doors}

    async def stop(self) -> None:
        tasks = {door.accepting for door in self.doors if door.accepting} | self.visits
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for door in self.doors:
            door.accepting = None
            door.at.hold()
        for site in self.sites.values():
            await site.forget()

    def tell(self, event: str, peer_port: int, at: float, **detail: Plain) -> None:
        self.world.tell(Entry(at, self.id, event, peer_port, detail=detail))

    async def accept(self, door: Door, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                sock, peer = await loop.sock_accept(listener)
            except OSError:  # descriptors have run out: leave those that wait in the queue
                await asyncio.sleep(0.05)
                continue
            visit = Visit(door, peer[1], peer[0])
            self.tell("accepted", peer[1], perf_counter(), address=door.address, port=door.port)
            task = asyncio.ensure_future(self.receive(sock, visit))
            self.visits.add(task)
            task.add_done_callback(self.visits.discard)

    async def receive(self, sock: socket.socket, visit: Visit) -> None:
        """One connection from its first octet to its end."""
        with sock:
            try:
                sock.setblocking(False)
                # Before the handshake: else Nagle's algorithm holds the answer back behind the
                # session tickets until the client's delayed ACK, 40 ms that look like ours.
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                await self.converse(PlainStream(sock), visit)
            except (Closed, Cut, TimeoutError, OSError) as error:
                visit.ended_by = "client" if isinstance(error, Closed) else "server"
            except asyncio.CancelledError:
                visit.ended_by = "server"
                raise
            finally:
                self.tell("closed", visit.peer_port, perf_counter(), by=visit.ended_by)

    async def converse(self, stream: Stream, visit: Visit) -> None:
        encrypted = visit.door.port != HTTP and self.tls.encrypted
        if encrypted and self.tls.kind == "silent":
            while await stream.read():
                pass
            return
        if encrypted:
            stream = await self.secure(stream, visit)
        scheme = "http" if visit.door.port == HTTP else "https"
        await self.serve(stream, visit, scheme)
        await stream.finish()

    async def secure(self, stream: Stream, visit: Visit) -> TlsStream:
        async def before_answer() -> None:
            await self.keep_distance("tls", visit)

        started = perf_counter()
        secured = TlsStream(stream, self.tls.context())
        try:
            async with asyncio.timeout(HANDSHAKE):
                await secured.handshake(before_answer)
        except ssl.SSLError as error:
            self.tell("tls-failed", visit.peer_port, started, reason=reason(error))
            raise Cut from error
        self.tell_tls(secured.tls, visit, started)
        return secured

    def tell_tls(self, tls: ssl.SSLObject, visit: Visit, started: float) -> None:
        cipher = tls.cipher()
        self.tell(
            "tls",
            visit.peer_port,
            started,
            version=tls.version(),
            cipher=cipher[0] if cipher else None,
            alpn=tls.selected_alpn_protocol(),
            resumed=tls.session_reused,
            done=perf_counter(),
        )

    async def serve(self, stream: Stream, visit: Visit, scheme: str) -> None:
        """Speak the HTTP that ALPN agreed on; without it, 1.1."""

        def tell(event: str, /, **detail: Plain) -> None:
            self.tell(event, visit.peer_port, perf_counter(), **detail)

        async def answer(request: Request) -> Response:
            known = replace(
                request, port=visit.door.port, peer_port=visit.peer_port, peer=visit.peer,
                tell=tell, outside=self.outside,
            )  # fmt: skip
            return await self.answer(known, visit)

        # Both are imported when the first client comes: the lab stands 60 ms earlier.
        if stream.alpn == "h2":
            from netlab.lab.webh2 import EXTENDED_CONNECT, Http2, answering

            extended = any(site.extended_connect for site in self.sites.values())
            settings = EXTENDED_CONNECT if extended else None
            await Http2(stream, answering(answer), settings).serve()
        else:
            from netlab.lab.webh1 import Http1

            await Http1(stream, answer, scheme).serve()

    async def answer(self, request: Request, visit: Visit) -> Response:
        arrived = perf_counter()
        status: int | None = None
        try:
            response = signed(await self.respond(request))
            status = response.status
            await self.keep_distance("http", visit)
        finally:  # a request that is never answered was a request all the same
            self.tell(
                "request",
                visit.peer_port,
                arrived,
                method=request.method[:SHOWN],
                scheme=request.scheme[:SHOWN],
                authority=request.authority[:SHOWN],
                path=request.target[:SHOWN],
                version=request.version,
                status=status,
            )
        return response

    async def respond(self, request: Request) -> Response:
        local = request.host.endswith(LOCAL)
        site = self.sites.get(request.host.removesuffix(LOCAL))
        if site is None or (local and not site.local_too):  # RFC 9110 §15.5.20
            return text(421, f"{request.host[:SHOWN]} is not served here.\n")
        if request.port == HTTP and not site.plain_too and not local:
            return redirect(301, f"https://{request.host}{request.target}")
        if request.method == "CONNECT" and not (request.protocol and site.extended_connect):
            return text(501, "This is no proxy.\n")  # RFC 9110 §9.3.6
        if self.fault:
            site = sitefaults.SITES[self.fault]()
        return await site.answer(request)

    async def keep_distance(self, what: str, visit: Visit) -> None:
        """Wait as long as this server was set to play being away, and tell so."""
        seconds = self.world.distance(self.id)
        if seconds <= 0:
            return
        start = perf_counter()
        await asyncio.sleep(seconds)
        entry = Entry(start, self.id, "delay", visit.peer_port, perf_counter(), {"what": what})
        self.world.tell(entry)


def dialled(host: str, port: int, world: World) -> Dialled | None:
    """The real socket of a host of the catalogue; names under localhost carry it themselves."""
    if host.endswith(LOCAL):
        return "127.0.0.1", port
    addresses = next((each.v4 for each in HOSTS if each.name == host), ())
    return world.where(("tcp", addresses[0], port)) if addresses else None


def signed(response: Response) -> Response:
    """With Date (RFC 9110 §6.6.1) and, if the site names none, Server."""
    date = (b"date", formatdate(usegmt=True).encode())
    if any(name == b"server" for name, _ in response.headers):
        return response.adding(date)
    return response.adding(date, (b"server", SERVER))
