"""What a site of the lab is asked, and what it answers, whichever version of HTTP carries it."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from netlab.lab.service import Dialled, Plain
from netlab.lab.webstream import Stream

Header = tuple[bytes, bytes]


class Cut(Exception):
    """A body raises it to have the connection closed there and then."""


class Tell(Protocol):
    """Tells the lab's journal of something that happened on this request's connection."""

    def __call__(self, event: str, /, **detail: Plain) -> None: ...


def nobody(event: str, /, **detail: Plain) -> None:
    """Where there is no journal, there is nobody to tell."""


@dataclass(frozen=True, slots=True)
class Outside:
    """How a site reaches other servers. dial: the real socket behind a host's port, None if no way
    leads there. ca_file: whom their certificates must come from; empty for the system's roots.
    """

    dial: Callable[[str, int], Dialled | None]
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A request. port: the one that the client meant to reach, as a person sees it.

    protocol: what an extended CONNECT wants to speak on its stream (RFC 8441 §4), else empty.
    peer, peer_port: where the connection really comes from. tell: the journal, for what a site
    does besides answering. outside: its own way to other servers, where it has one.

    gone: set when the client will send no more. In HTTP/1.1 it may have closed its half alone and
    still wait for the answer, so only a site that would keep it waiting for long heeds this.
    """

    method: str
    scheme: str
    authority: str
    target: str
    headers: tuple[Header, ...] = ()
    body: bytes = b""
    version: str = "1.1"
    protocol: str = ""
    port: int = 443
    peer_port: int | None = None
    peer: str = ""
    tell: Tell = field(default=nobody, repr=False, compare=False)
    outside: Outside | None = field(default=None, repr=False, compare=False)
    gone: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)

    @property
    def host(self) -> str:
        """The authority's host in lower case, without port and root dot (RFC 3986 §3.2.2)."""
        return host_of(self.authority)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: bytes) -> str:
        """All fields of this name as one value (RFC 9110 §5.2); empty if there is none."""
        values = [value for key, value in self.headers if key.lower() == name]
        return b", ".join(values).decode("latin-1")


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. raw: the whole head as octets, for what no library would send.

    switch: takes the connection over once the head is sent, with what came ahead (101); over
    HTTP/2 it takes the stream of an extended CONNECT over.
    A body that is given in pieces is sent in chunks unless its length stands in the headers.
    """

    status: int
    headers: tuple[Header, ...] = ()
    body: bytes | AsyncIterator[bytes] = b""
    reason: bytes = b""
    raw: bytes | None = field(default=None, repr=False)
    switch: "Callable[[Stream, bytes], Awaitable[None]] | None" = field(default=None, repr=False)

    def adding(self, *headers: Header) -> "Response":
        return replace(self, headers=self.headers + headers)


class Site(ABC):
    """What stands behind a host name. alpn: the HTTP versions it can be had in, best first.

    plain_too: it is served over plain HTTP as well, where others are redirected to https.
    extended_connect: other protocols can be spoken on its HTTP/2 streams (RFC 8441).
    local_too: it is served under its name with .localhost behind it too, over plain HTTP.
    """

    alpn: Sequence[str] = ("h2", "http/1.1")
    plain_too: bool = False
    extended_connect: bool = False
    local_too: bool = False

    @abstractmethod
    async def answer(self, request: Request) -> Response:
        """The answer. It may also never come: the connection's end cancels it."""

    async def forget(self) -> None:  # noqa: B027
        """Its server has stopped: let go of all that a process would lose with its end."""

    def set(self, wanted: Mapping[str, Any]) -> Mapping[str, Plain]:
        """Change its settings; answers those that hold now. Raises ValueError in plain words."""
        raise ValueError("this site has no settings")


def host_of(authority: str) -> str:
    host = authority.strip().lower()
    if not host.startswith("["):
        host = host.partition(":")[0]
    return host.removesuffix(".")


def text(status: int, words: str, *headers: Header) -> Response:
    """A short answer in plain text."""
    kind = (b"content-type", b"text/plain; charset=utf-8")
    return Response(status, (kind, *headers), words.encode())


def redirect(status: int, location: str, *headers: Header) -> Response:
    """A redirection, with the small document that RFC 9110 §15.4 asks for."""
    document = f'<!doctype html><title>{status}</title><p>See <a href="{location}">{location}</a>.'
    return Response(
        status,
        (
            (b"location", location.encode()),
            (b"content-type", b"text/html; charset=utf-8"),
            *headers,
        ),
        document.encode(),
    )
