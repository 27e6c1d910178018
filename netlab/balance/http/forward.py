"""What is written to the other side: never the octets that came, always what was read from them.

A balancer is an intermediary (RFC 9110 §3.7): connection options and the fields that they name end
here (§7.6.1), the body's framing is decided anew, and what tells of the client is its own word.
"""

from dataclasses import dataclass

from netlab.balance.http.cookies import without_cookie
from netlab.balance.http.fields import Fields
from netlab.balance.http.head import RequestHead, ResponseHead

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection te transfer-encoding upgrade"
    b" proxy-authenticate proxy-authorization proxy-authentication-info".split()
)
"""Meant for the next one on the way alone (RFC 9110 §7.6.1, §11.7, RFC 9112 §C.2.2)."""

CLAIMS = frozenset(
    b"forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-forwarded-port"
    b" x-forwarded-server x-forwarded-prefix x-forwarded-ssl x-forwarded-scheme x-real-ip"
    b" x-client-ip true-client-ip x-original-url x-rewrite-url".split()
)
"""What a client says of itself in a proxy's name. No client is trusted, so it is taken off, and
what the balancer knows is set anew (RFC 7239 §8.1)."""

OURS = HOP_BY_HOP | CLAIMS | frozenset({b"host", b"content-length", b"expect", b"via"})
"""Never copied from a request: written anew, or not at all."""

THEIRS = HOP_BY_HOP | frozenset({b"content-length", b"via"})
"""The same for a response."""

NOT_IN_TRAILERS = OURS | frozenset(
    b"authorization cookie set-cookie content-encoding content-type content-range trailer"
    b" cache-control max-forwards range location date vary age expires".split()
)
"""RFC 9110 §6.5.1: what is needed before the body, or steers it, may not come after it."""

EXPECTED_LENGTH = frozenset({b"POST", b"PUT", b"PATCH"})
"""Methods that foresee content: without any they say so (RFC 9110 §8.6)."""

UPGRADES = frozenset({b"websocket"})
"""Protocols into which a connection may turn. Not h2c: through that tunnel a client would send the
backend requests which nobody has read."""


@dataclass(frozen=True, slots=True)
class Client:
    """What is known of the client's end. address: no port; local: where it connected to."""

    address: str
    scheme: bytes
    local: bytes = b""

    @property
    def node(self) -> bytes:
        """RFC 7239 §6: an IPv6 address stands in brackets, and so in quotes."""
        if ":" in self.address:
            return b'"[%s]"' % self.address.encode()
        return self.address.encode() or b"unknown"


def upgrade(request: RequestHead) -> bytes:
    """The protocol that a request asks for and may have; empty for none (RFC 9110 §7.8)."""
    asked = request.fields.options(b"upgrade") & UPGRADES
    able = request.version > 0 and b"upgrade" in request.options and request.framing.empty
    return next(iter(asked)) if able and asked else b""


def request_head(request: RequestHead, client: Client, own_cookie: bytes = b"") -> bytes:
    """The whole head that a backend is sent, down to the empty line. Always HTTP/1.1."""
    authority = request.target.authority or client.local
    lines = [(b"host", authority), *kept(request, own_cookie)]
    lines += identity(client, authority)
    lines.append((b"via", via(request.fields, request.version)))
    lines += framing_lines(request)
    asked = upgrade(request)
    if asked:
        lines += [(b"connection", b"upgrade"), (b"upgrade", asked)]
    elif b"te" in request.options and b"trailers" in request.fields.options(b"te"):
        lines += [(b"connection", b"te"), (b"te", b"trailers")]
    start = b"%s %s HTTP/1.1\r\n" % (request.method, request.target.form)
    return start + Fields(lines).write() + b"\r\n"


def kept(request: RequestHead, own_cookie: bytes) -> list[tuple[bytes, bytes]]:
    """The fields that go through."""
    lines: list[tuple[bytes, bytes]] = []
    options = request.options
    for name, value in request.fields:
        if name in OURS or name in options:
            continue
        if b"_" in name and name.replace(b"_", b"-") in OURS:
            # CGI and WSGI spell both alike (RFC 3875 §4.1.18), and so would take it for ours.
            continue
        if own_cookie and name == b"cookie":
            value = without_cookie(value, own_cookie)
            if not value:
                continue
        elif name == b"max-forwards" and request.method == b"OPTIONS":
            value = one_less(value)
        lines.append((name, value))
    return lines


def one_less(hops: bytes) -> bytes:
    """RFC 9110 §7.6.2: each on the way counts down. More than anybody counts is left alone."""
    counts = hops.isdigit() and len(hops) <= 9 and int(hops)
    return b"%d" % (int(hops) - 1) if counts else hops


def identity(client: Client, authority: bytes) -> list[tuple[bytes, bytes]]:
    """RFC 7239 §4, and the older fields that say the same and that more programs read."""
    forwarded = b'for=%s;host="%s";proto=%s' % (client.node, authority, client.scheme)
    return [
        (b"forwarded", forwarded),
        (b"x-forwarded-for", client.address.encode()),
        (b"x-forwarded-proto", client.scheme),
        (b"x-forwarded-host", authority),
    ]


def via(fields: Fields, version: int) -> bytes:
    """Those before us, and we: the version is the one that was received (RFC 9110 §7.6.3)."""
    return b", ".join([*fields.all(b"via"), b"1.%d netlab" % version])


def framing_lines(request: RequestHead) -> list[tuple[bytes, bytes]]:
    """RFC 9112 §6: chunks or a length, decided by what was read."""
    lines: list[tuple[bytes, bytes]] = []
    if request.framing.chunked:
        lines.append((b"transfer-encoding", b"chunked"))
    elif request.framing.length or request.method in EXPECTED_LENGTH:
        lines.append((b"content-length", b"%d" % (request.framing.length or 0)))
    if request.continues and not request.framing.empty:
        lines.append((b"expect", b"100-continue"))
    return lines


def response_head(
    response: ResponseHead,
    extra: list[tuple[bytes, bytes]],
    *,
    chunked: bool = False,
    closing: bool = False,
    date: bytes = b"",
) -> bytes:
    """The whole head that the client is sent. extra: fields of the balancer's own."""
    lines = [
        (name, value)
        for name, value in response.fields
        if name not in THEIRS and name not in response.options
    ]
    lines.append((b"via", via(response.fields, response.version)))
    if date and response.fields.first(b"date") is None:
        lines.append((b"date", date))  # RFC 9110 §6.6.1
    lines += length_lines(response, chunked)
    lines += extra
    asked = response.fields.first(b"upgrade")
    if asked and response.status in (101, 426):
        lines += [(b"connection", b"upgrade"), (b"upgrade", asked)]
    elif closing:
        lines.append((b"connection", b"close"))
    start = b"HTTP/1.1 %d %s\r\n" % (response.status, response.reason)
    return start + Fields(lines).write() + b"\r\n"


def length_lines(response: ResponseHead, chunked: bool) -> list[tuple[bytes, bytes]]:
    """None on 1xx and 204 (RFC 9110 §8.6); to HEAD and on 304 what a GET would have had."""
    if chunked:
        return [(b"transfer-encoding", b"chunked")]
    length = response.fields.first(b"content-length")
    if length is None or response.status < 200 or response.status == 204:
        return []
    return [(b"content-length", length.lstrip(b"0") or b"0")]


def kept_trailers(trailers: Fields | None) -> Fields:
    """Those that may follow a body, and that no name like ours hides in."""
    return Fields(
        (name, value)
        for name, value in trailers or ()
        if name.replace(b"_", b"-") not in NOT_IN_TRAILERS
    )
