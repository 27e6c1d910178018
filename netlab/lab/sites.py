"""What the lab's web servers serve in good order: documents, and redirects on the way to them.

A further kind of site is a class with `answer`, and an entry in SITES.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from netlab.lab import sitefaults
from netlab.lab.catalogue import Host
from netlab.lab.oauth.sites import AuthorizationSite, ResourceSite, files_server
from netlab.lab.webcontent import TYPES, Document, present
from netlab.lab.webmessage import Header, Request, Response, Site, redirect, text

if TYPE_CHECKING:
    from netlab.lab.socketio import Chat

PAGES = Path(__file__).parent / "pages"
YEAR = 31_536_000
STATIC = f"public, max-age={YEAR}, immutable"

HSTS: Header = (b"strict-transport-security", b"max-age=%d; includeSubDomains" % YEAR)
HSTS_PRELOAD: Header = (b"strict-transport-security", HSTS[1] + b"; preload")


def cookie(text: str) -> Header:
    return (b"set-cookie", text.encode())


SEARCH_COOKIES = (
    cookie("visit=lab-7f3a; Path=/; Max-Age=15552000; Secure; HttpOnly; SameSite=Lax"),
    cookie("theme=light; Path=/; Max-Age=31536000; Secure; SameSite=Strict"),
)
PORTAL_COOKIES = (
    cookie("session=lab-51c0; Path=/; Secure; HttpOnly; SameSite=Lax"),
    cookie("region=KR; Domain=www.naver.com; Path=/; Max-Age=86400; Secure; SameSite=None"),
)

HOPS: Mapping[tuple[str, int, str], tuple[int, str]] = {
    ("redirects.example.org", 443, "/"): (301, "https://redirects.example.org:8443/second"),
    ("redirects.example.org", 8443, "/second"): (302, "https://www.example.com/third"),
    ("www.example.com", 443, "/third"): (303, "https://redirects.example.org/far/fourth"),
    ("redirects.example.org", 443, "/far/fourth"): (307, "//redirects.example.org/far/fifth"),
    ("redirects.example.org", 443, "/far/fifth"): (308, "/far/sixth"),
    ("redirects.example.org", 443, "/far/sixth"): (302, "../page"),
}
"""Six hops by (host, port, path): over hosts, ports and paths, absolute and relative."""


class Documents(Site):
    """The files of a folder. headers: sent with each; first: sent with its index alone."""

    def __init__(
        self,
        folder: str,
        caching: str,
        headers: tuple[Header, ...] = (),
        first: tuple[Header, ...] = (),
    ) -> None:
        self.folder = folder
        self.caching = caching
        self.headers = headers
        self.first = first

    async def answer(self, request: Request) -> Response:
        file = files(self.folder).get(request.path)
        if file is None:
            return text(404, "There is no such page here.\n", *self.headers)
        return present(request, self.document(request.path, file))

    def document(self, path: str, file: Path) -> Document:
        index = path == "/"
        caching, headers = (
            (self.caching, self.headers + self.first)
            if index
            else (
                STATIC,
                self.headers,
            )
        )
        return read(file, caching, headers)


@cache
def files(folder: str) -> Mapping[str, Path]:
    """A folder's files by path. What is not listed cannot be asked for."""
    listed = {f"/{file.name}": file for file in sorted((PAGES / folder).iterdir())}
    return {"/": PAGES / folder / "index.html", **listed}


@cache
def read(file: Path, caching: str, headers: tuple[Header, ...]) -> Document:
    return Document(file.read_bytes(), TYPES[file.suffix], caching, headers)


class Redirects(Site):
    """Redirects by the table of hops; documents where it has none."""

    def __init__(self, otherwise: Documents, page: str = "") -> None:
        self.otherwise = otherwise
        self.page = page

    async def answer(self, request: Request) -> Response:
        hop = HOPS.get((request.host, request.port, request.path))
        if hop is not None:
            return redirect(*hop, (b"cache-control", b"no-store"))
        if self.page and request.path == self.page:
            return present(request, self.otherwise.document("/", files("plain")["/"]))
        return await self.otherwise.answer(request)


class Elsewhere(Site):
    """A name whose site lives under another: the bare name that leads to www."""

    def __init__(self, host: str) -> None:
        self.host = host

    async def answer(self, request: Request) -> Response:
        return redirect(
            301, f"https://{self.host}{request.target}", (b"cache-control", b"max-age=2592000")
        )


class WebSockets(Site):
    """WebSocket on both ports. HTTP/1.1 alone: there is no Upgrade in HTTP/2 (RFC 9113 §8.6)."""

    alpn: Sequence[str] = ("http/1.1",)
    plain_too = True

    async def answer(self, request: Request) -> Response:
        from netlab.lab import websocket  # 80 ms of imports, which the lab's start does not need

        return websocket.answer(request)


def chat_site() -> "type[Chat]":
    """300 ms of imports: late, as above, and while the lab goes on serving others."""
    from netlab.lab.socketio import Chat

    return Chat


class Echo(WebSockets):
    """An echo over HTTP/2 too, by extended CONNECT; who wants an Upgrade offers http/1.1 alone."""

    alpn = ("h2", "http/1.1")
    extended_connect = True

    async def answer(self, request: Request) -> Response:
        if request.version != "2":
            return await super().answer(request)
        from netlab.lab import websocket2

        return websocket2.answer(request)


class SocketIO(WebSockets):
    """A Socket.IO server, and a page that says what it is. Stopped, it forgets its sessions."""

    def __init__(self) -> None:
        self.chat: Chat | None = None
        self.loading = asyncio.Lock()
        self.documents = Documents("socketio", "no-cache")

    async def answer(self, request: Request) -> Response:
        async with self.loading:
            if self.chat is None:
                self.chat = (await asyncio.to_thread(chat_site))()
            chat = self.chat
        return await chat.answer(request) or await self.documents.answer(request)

    async def forget(self) -> None:
        chat, self.chat = self.chat, None
        if chat is not None:
            await chat.stop()


class Unruly(WebSockets):
    """A WebSocket server that breaks a rule: which one, the path says."""

    async def answer(self, request: Request) -> Response:
        from netlab.lab import wsfaults

        return wsfaults.answer(request)


class Push(WebSockets):
    """The same news by WebSocket, server-sent events, long and short polling."""

    async def answer(self, request: Request) -> Response:
        from netlab.lab import pushsite

        return await pushsite.answer(request)


class App(Site):
    """A site with a login and two WebSockets: one that checks Origin, one that does not."""

    alpn = ("http/1.1",)

    async def answer(self, request: Request) -> Response:
        from netlab.lab import originsite

        return originsite.answer(request)


class Evil(Site):
    """A page whose script opens another site's WebSocket."""

    async def answer(self, request: Request) -> Response:
        from netlab.lab import originsite

        return originsite.page_of_the_attacker()


def plain() -> Documents:
    return Documents("plain", "max-age=604800")


SITES: dict[str, Callable[[], Site]] = {
    "search": lambda: Documents("search", "private, no-cache", (HSTS_PRELOAD,), SEARCH_COOKIES),
    "portal": lambda: Documents("portal", "private, no-cache", (HSTS,), PORTAL_COOKIES),
    "cdn": lambda: Documents(
        "cdn", "public, max-age=3600", ((b"access-control-allow-origin", b"*"),)
    ),
    "plain": lambda: Redirects(plain()),
    "redirects": lambda: Redirects(plain(), page="/page"),
    "websocket": Echo,
    "socketio": SocketIO,
    "unruly": Unruly,
    "app": App,
    "evil": Evil,
    "push": Push,
    "authorization": AuthorizationSite,
    "resource": ResourceSite,
    "resource-asking": files_server,
    **sitefaults.SITES,
}


def site_of(host: Host) -> Site:
    """The site that the catalogue names for this host."""
    return Elsewhere(host.redirects_to) if host.redirects_to else SITES[host.site]()
