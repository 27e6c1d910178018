"""Documents as a web server hands them out: validated, compressed, kept or not."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from netlab.lab.webmessage import Header, Request, Response, text

WORTH_COMPRESSING: Final = 200
"""Octets; below, gzip's own head and tail eat the gain."""

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class Document:
    """Something to be had at a path. caching: its Cache-Control."""

    body: bytes
    content_type: str
    caching: str
    headers: tuple[Header, ...] = ()

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:16]

    @cached_property
    def compressed(self) -> bytes:
        return gzip.compress(self.body, mtime=0)

    @property
    def compressible(self) -> bool:
        named = self.content_type.startswith("text/") or "svg" in self.content_type
        return named and len(self.body) > WORTH_COMPRESSING


def present(request: Request, document: Document) -> Response:
    """The document in the coding that the client takes, or 304 if it has it (RFC 9110 §13.1.2)."""
    if request.method not in {"GET", "HEAD"}:
        return text(405, "This resource can be read, and nothing else.\n", (b"allow", b"GET, HEAD"))
    zipped = document.compressible and takes_gzip(request.header(b"accept-encoding"))
    # Two codings are two representations: each has a strong tag of its own (RFC 9110 §8.8.3.3).
    tag = f'"{document.tag}-gzip"' if zipped else f'"{document.tag}"'
    headers: list[Header] = [
        (b"cache-control", document.caching.encode()),
        (b"etag", tag.encode()),
        (b"vary", b"accept-encoding"),
    ]
    if matches(request.header(b"if-none-match"), tag):
        return Response(304, (*headers, *document.headers))
    headers.insert(0, (b"content-type", document.content_type.encode()))
    if zipped:
        headers.append((b"content-encoding", b"gzip"))
    body = document.compressed if zipped else document.body
    return Response(200, (*headers, *document.headers), body)


def takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding allows gzip (RFC 9110 §12.5.3)."""
    weights = dict(weighed(item) for item in accepted.lower().split(","))
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def weighed(item: str) -> tuple[str, float]:
    """`gzip;q=0.5` apart; a weight that is none counts as 1."""
    name, _, parameter = item.partition(";")
    key, _, weight = parameter.partition("=")
    try:
        return name.strip(), float(weight) if key.strip() == "q" else 1.0
    except ValueError:
        return name.strip(), 1.0


def matches(listed: str, tag: str) -> bool:
    """If-None-Match, by weak comparison (RFC 9110 §8.8.3.2)."""
    if listed.strip() == "*":
        return True
    return tag in {item.strip().removeprefix("W/") for item in listed.split(",")}
