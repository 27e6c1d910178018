"""The heads of requests and responses (RFC 9112 §3 to §5), from octets to what they mean."""

import re
from dataclasses import dataclass

from netlab.balance.http.fields import TOKEN, Fields, check_octets, parse_fields
from netlab.balance.http.framing import Framing, request_framing, response_framing
from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.refusal import Refusal, bad
from netlab.balance.http.target import Target, parse_target

VERSION = re.compile(rb"HTTP/([0-9])\.([0-9])")
STATUS = re.compile(rb"HTTP/1\.([0-9]) ([1-5][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)")
"""RFC 9112 §4: the space behind the code is there even without a reason."""

UNSTRIPPABLE = frozenset({b"host", b"content-length", b"transfer-encoding", b"connection"})
"""Meant for everyone on the way: as a connection option they would be taken off a message on which
another already relies (RFC 9110 §7.6.1)."""


@dataclass(frozen=True, slots=True)
class RequestHead:
    """version: the minor one of HTTP/1, 1 for anything higher (RFC 9110 §2.5)."""

    method: bytes
    target: Target
    version: int
    fields: Fields
    framing: Framing
    options: frozenset[bytes]
    """Of Connection, in small letters."""
    octets: int = 0
    """How many it had, as it came."""

    @property
    def keeps(self) -> bool:
        """Whether the client wants the connection to go on (RFC 9112 §9.3)."""
        return self.version > 0 and b"close" not in self.options

    @property
    def continues(self) -> bool:
        """It waits for a 100 before its body. HTTP/1.0 cannot mean it (RFC 9110 §10.1.1)."""
        return self.version > 0 and self.fields.first(b"expect") is not None


@dataclass(frozen=True, slots=True)
class ResponseHead:
    status: int
    reason: bytes
    version: int
    fields: Fields
    framing: Framing
    options: frozenset[bytes]

    @property
    def keeps(self) -> bool:
        return self.version > 0 and b"close" not in self.options


def cut_head(buffer: bytearray, limits: Limits = LIMITS, forgiven: bytes = b"") -> bytes | None:
    """Remove a head from the buffer's beginning, without its last empty line.

    None when more must come. Raises Refusal as soon as nothing that may come can make it right, so
    that nobody waits for a time-out to learn of it. forgiven: what may stand before it once.
    """
    start = len(forgiven) if forgiven and buffer.startswith(forgiven) else 0
    end = buffer.find(b"\r\n\r\n", start, start + limits.head + 4)
    if end < 0:
        check_start(bytes(buffer[start : start + limits.head + 1]), limits)
        return None
    head = bytes(buffer[start:end])
    del buffer[: end + 4]
    check_octets(head)
    return head


def cut_request(buffer: bytearray, limits: Limits = LIMITS) -> bytes | None:
    """One empty line before a request is forgiven (RFC 9112 §2.2)."""
    return cut_head(buffer, limits, b"\r\n")


def check_start(start: bytes, limits: Limits) -> None:
    check_line(start.partition(b"\n")[0], limits)
    if len(start) > limits.head:
        raise Refusal(431, f"a head of more than {limits.head} octets", "RFC 6585 §5")
    check_octets(start.removesuffix(b"\r"))


def check_line(line: bytes, limits: Limits) -> None:
    if len(line) > limits.target + limits.method + len(b"  HTTP/1.1\r"):
        raise Refusal(414, f"a target of more than {limits.target} octets", "RFC 9110 §15.5.15")


def parse_request(head: bytes, scheme: bytes = b"http", limits: Limits = LIMITS) -> RequestHead:
    """`head` comes from cut_request. Raises Refusal."""
    first, *lines = head.split(b"\r\n")
    method, text, version = request_line(first, limits)
    fields = parse_fields(lines, limits)
    options = fields.options(b"connection")
    hosts = fields.all(b"host")
    if len(hosts) > 1:
        raise bad("more than one Host", "RFC 9112 §3.2")
    if not hosts and version > 0:
        raise bad("no Host", "RFC 9112 §3.2")
    target = parse_target(method, text, hosts[0] if hosts else None, scheme)
    if options & UNSTRIPPABLE:
        raise bad("a connection option that is meant for everyone", "RFC 9110 §7.6.1")
    framing = request_framing(fields, version, limits)
    check_expectation(fields, version)
    return RequestHead(method, target, version, fields, framing, options, len(head) + 4)


def request_line(line: bytes, limits: Limits) -> tuple[bytes, bytes, int]:
    """method SP request-target SP HTTP-version, with single spaces and no other (RFC 9112 §3)."""
    check_line(line, limits)
    parts = line.split(b" ")
    if len(parts) != 3:
        raise bad("a request line that is not method, target and version", "RFC 9112 §3")
    method, target, version = parts
    if TOKEN.fullmatch(method) is None:
        raise bad("a method that is no token", "RFC 9110 §9.1")
    minor = request_version(version)
    if len(method) > limits.method or method == b"TRACE":
        raise Refusal(501, "a method that no backend is asked", "RFC 9110 §15.6.2")
    if len(target) > limits.target:
        raise Refusal(414, f"a target of more than {limits.target} octets", "RFC 9110 §15.5.15")
    return method, target, minor


def request_version(text: bytes) -> int:
    match = VERSION.fullmatch(text)
    if match is None:
        raise bad("a request line without an HTTP version", "RFC 9112 §2.3")
    if match[1] != b"1":
        raise Refusal(505, "a version other than HTTP/1", "RFC 9110 §15.6.6")
    return min(int(match[2]), 1)


def check_expectation(fields: Fields, version: int) -> None:
    expected = fields.all(b"expect")
    if expected and version > 0 and [value.lower() for value in expected] != [b"100-continue"]:
        raise Refusal(417, "an expectation other than 100-continue", "RFC 9110 §10.1.1")


def parse_response(head: bytes, method: bytes, limits: Limits = LIMITS) -> ResponseHead:
    """What a backend says to a request of this method. Raises Refusal, whose status is not used."""
    first, *lines = head.split(b"\r\n")
    match = STATUS.fullmatch(first)
    if match is None:
        raise bad("a malformed status line", "RFC 9112 §4")
    status, version = int(match[2]), min(int(match[1]), 1)
    fields = parse_fields(lines, limits)
    options = fields.options(b"connection")
    framing = response_framing(method, status, fields, version)
    return ResponseHead(status, match[3], version, fields, framing, options)
