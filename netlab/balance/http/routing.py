"""Which backends a request may go to, and what hashing goes by."""

import re
from collections.abc import Sequence

from netlab.balance.http.cookies import cookie
from netlab.balance.http.head import RequestHead
from netlab.balance.settings import Route

ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")
UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)  # RFC 3986 §2.3


class Router:
    """The routes in order; the first that matches in all that it names. None when none does."""

    def __init__(self, routes: Sequence[Route], key: str) -> None:
        self.routes = routes
        self.key_kind, _, name = key.partition(":")
        self.key_name = name.encode()

    def among(self, request: RequestHead) -> tuple[str, ...] | None:
        """The names of the backends; empty when there are no routes and all may serve it."""
        if not self.routes:
            return ()
        path = plain_path(request.target.path)
        for route in self.routes:
            if matches(route, request, path):
                return route.backends
        return None

    def key(self, request: RequestHead, source: str) -> bytes:
        """What a hashing algorithm is given. A request without it hashes as empty."""
        if self.key_kind == "path":
            return request.target.path
        if self.key_kind == "header":
            return request.fields.first(self.key_name.lower()) or b""
        if self.key_kind == "cookie":
            return cookie(request.fields, self.key_name) or b""
        return source.encode()


def matches(route: Route, request: RequestHead, path: bytes) -> bool:
    if route.host and request.target.host != route.host.encode():
        return False
    if route.path and not path.startswith(route.path.encode()):
        return False
    if route.header is not None:
        name, value = (part.encode() for part in route.header)
        if value not in request.fields.all(name.lower()):
            return False
    if route.cookie is not None:
        name, value = (part.encode() for part in route.cookie)
        return cookie(request.fields, name) == value
    return True


def plain_path(path: bytes) -> bytes:
    """RFC 3986 §6.2.2: no needless escapes and no dot segments, so that one resource has one path.

    It is compared alone: the backend is sent the path as it came.
    """
    if b"%" in path:
        path = ESCAPED.sub(unescape, path)
    if b"/." not in path:
        return path
    kept: list[bytes] = []
    segments = path.split(b"/")[1:]
    for segment in segments:
        if segment == b"..":
            del kept[-1:]
        elif segment != b".":
            kept.append(segment)
    if segments[-1] in (b".", b".."):
        kept.append(b"")
    return b"/" + b"/".join(kept)


def unescape(match: re.Match[bytes]) -> bytes:
    octet = int(match[1], 16)
    return bytes([octet]) if octet in UNRESERVED else match[0].upper()
