"""Sites that misbehave, each in one way, and each bounded on the server's side."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Callable
from functools import cache

from netlab.lab.webmessage import Cut, Header, Request, Response, Site, redirect, text
from netlab.lab.webstream import Closed

PIECE = b"The body goes on. " * 910
GIB = 1 << 30
PACE = 0.001
"""Seconds between pieces of a body without end: a client that reads it is not to load the
machine."""
PATIENCE = 300.0
"""Seconds that a silent site keeps its silence towards a client that stays."""
HTML: Header = (b"content-type", b"text/html; charset=utf-8")


class RedirectLoop(Site):
    async def answer(self, request: Request) -> Response:
        return redirect(302, f"https://{request.host}{request.target}")


class Endless(Site):
    async def answer(self, request: Request) -> Response:
        return Response(200, (HTML,), endless())


class Oversized(Site):
    async def answer(self, request: Request) -> Response:
        return Response(200, (HTML, (b"content-length", b"%d" % (8 * GIB))), endless())


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield PIECE
        await asyncio.sleep(PACE)


class SlowDrip(Site):
    """One octet of the body a second, an hour long."""

    async def answer(self, request: Request) -> Response:
        return Response(200, (HTML, (b"content-length", b"3600")), drip(3600, 1.0))


async def drip(octets: int, interval: float) -> AsyncIterator[bytes]:
    for _ in range(octets):
        yield b"."
        await asyncio.sleep(interval)


class Garbage(Site):
    """Something that is not HTTP. A site of its own offers HTTP/1.1, where it stands out best."""

    alpn = ("http/1.1",)

    async def answer(self, request: Request) -> Response:
        return Response(
            200, raw=b"\x16\x03SSH-2.0-lab\x00\xff\xfe \x1b[2J this is not HTTP\r\n\r\n"
        )


TITLE = b"\x1b]0;owned\x07\x1b[31mred\x1b[0m \xc2\x9b32mgreen"
"""Sets the terminal's title and colours, with seven-bit and eight-bit (C1) introducers."""


class ControlCharacters(Site):
    """Escape codes wherever a server can put text.

    In HTTP/1.1 the head is written raw: h11 refuses some of it. HTTP/2 has no reason phrase.
    """

    async def answer(self, request: Request) -> Response:
        body = b"<!doctype html><title>" + TITLE + b"</title>\x1b[2J\x08\x7f<p>" + TITLE
        headers: tuple[Header, ...] = (
            HTML,
            (b"server", b"\x1b[1mnginx\x1b[0m\x07"),
            (b"x-title", TITLE),
            (b"x-vertical-tab", b"one\x0btwo\x0cthree\x08"),
            (b"set-cookie", b"\x1b[31mname=\x1b[0mvalue; Path=/; Secure"),
            (b"etag", b'"\x1b[5mtag"'),
        )
        reason = b"OK \x1b[31mred\x1b[0m"
        if request.version == "2":
            return Response(200, headers, body)
        return Response(200, headers, body, reason, raw=head(200, reason, headers, len(body)))


def head(status: int, reason: bytes, headers: tuple[Header, ...], length: int) -> bytes:
    """A head as it stands on the wire, checked by nobody; the connection ends after its body."""
    lines = [
        b"HTTP/1.1 %d %b" % (status, reason),
        *(b"%b: %b" % header for header in headers),
        b"content-length: %d" % length,
        b"connection: close",
    ]
    return b"".join(line + b"\r\n" for line in (*lines, b""))


class Markup(Site):
    """Terminal markup wherever a server can put text."""

    async def answer(self, request: Request) -> Response:
        title = b"[bold red]not bold[/bold red] [/] [link=https://evil.example]click[/link]"
        return Response(
            200,
            (
                HTML,
                (b"server", b"[bold red]nginx[/bold red]"),
                (b"x-title", title),
                (b"set-cookie", b"[red]name[/red]=value; Path=/; Secure"),
                (b"etag", b'"[/tag]"'),
            ),
            b"<!doctype html><title>" + title + b"</title><p>" + title,
            b"[red]OK[/red]",
        )


class Silent(Site):
    async def answer(self, request: Request) -> Response:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await request.gone.wait()
                raise Closed("the client did not wait for an answer")
        raise Cut


class CutShort(Site):
    """Announces more than it sends, then closes."""

    async def answer(self, request: Request) -> Response:
        length = (b"content-length", b"%d" % (4 * len(PIECE)))
        return Response(200, (HTML, length), cut())


async def cut() -> AsyncIterator[bytes]:
    yield PIECE
    raise Cut


class Bomb(Site):
    """About a thousandfold: 4 MiB on the wire are 4 GiB inflated, and it ends in mid-air."""

    async def answer(self, request: Request) -> Response:
        return Response(200, (HTML, (b"content-encoding", b"gzip")), bomb(4 * 1024))


async def bomb(pieces: int) -> AsyncIterator[bytes]:
    start, mebibyte = mebibyte_of_spaces()
    yield start
    for _ in range(pieces):
        yield mebibyte
        await asyncio.sleep(PACE)
    raise Cut


@cache
def mebibyte_of_spaces() -> tuple[bytes, bytes]:
    """A gzip head, and a piece of deflate that may be repeated: a full flush forgets the past."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = packer.compress(b"<!doctype html><title>bomb</title>") + packer.flush(zlib.Z_FULL_FLUSH)
    return first, packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)


class Error(Site):
    async def answer(self, request: Request) -> Response:
        return text(500, "The server met a fault of its own.\n", (b"cache-control", b"no-store"))


class HugeHeaders(Site):
    """A mebibyte of header fields."""

    async def answer(self, request: Request) -> Response:
        fields = tuple((b"x-field-%d" % number, b"x" * 1024) for number in range(1024))
        return Response(200, (HTML, *fields), b"<!doctype html><title>huge</title>")


SITES: dict[str, Callable[[], Site]] = {
    "redirect-loop": RedirectLoop,
    "endless": Endless,
    "oversized": Oversized,
    "slow-drip": SlowDrip,
    "garbage": Garbage,
    "control-characters": ControlCharacters,
    "markup": Markup,
    "silent": Silent,
    "cut": CutShort,
    "bomb": Bomb,
    "error": Error,
    "hugeheaders": HugeHeaders,
}
