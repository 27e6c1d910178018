"""The request target and the authority: which resource a request is for (RFC 9112 §3.2, §3.3)."""

import ipaddress
import re
from dataclasses import dataclass

from netlab.balance.http.refusal import Refusal, bad

PATH = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]++|%[0-9A-Fa-f]{2})*+"
QUERY = rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]++|%[0-9A-Fa-f]{2})*+"
ORIGIN = re.compile(rb"(/" + PATH + rb")(?:\?" + QUERY + rb")?")
"""Possessive, so that no input makes it try twice."""
ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?]*)(.*)", re.S)
HOST = re.compile(
    rb"((?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+"
    rb"|\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+\])"
    rb"(?::([0-9]*))?"
)
"""uri-host [ ":" port ] (RFC 9110 §7.2, RFC 3986 §3.2.2): no userinfo, and never empty."""

PORTS = {b"http": 80, b"https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for. `form` goes to the backend: origin-form, or * (RFC 9112 §3.2.1, §3.2.4).

    authority is as it was sent, empty where HTTP/1.0 named none; host is in small letters.
    """

    form: bytes
    path: bytes
    authority: bytes
    host: bytes


def parse_authority(value: bytes) -> tuple[bytes, int | None]:
    """Host in small letters, and port."""
    match = HOST.fullmatch(value)
    if match is None:
        raise bad("a Host that is no host and port", "RFC 9112 §3.2")
    host, port = match[1].lower(), match[2]
    if port and (len(port) > 5 or int(port) > 65_535):
        raise bad("a Host whose port does not exist", "RFC 9112 §3.2")
    if host[:1] == b"[" and host[1:2] != b"v":
        check_literal(host[1:-1])
    return host, int(port) if port else None


def check_literal(text: bytes) -> None:
    try:
        ipaddress.IPv6Address(text.decode("ascii"))
    except ValueError:
        raise bad("a Host with a malformed IPv6 address", "RFC 3986 §3.2.2") from None


def parse_target(method: bytes, text: bytes, host: bytes | None, scheme: bytes) -> Target:
    """`host` is the value of the Host field, None when HTTP/1.0 sent none."""
    if method == b"CONNECT":
        raise Refusal(501, "CONNECT is not for a balancer", "RFC 9110 §9.3.6")
    named = parse_authority(host)[0] if host is not None else b""
    if text[:1] == b"/":
        return Target(*origin(text), host or b"", named)
    if text == b"*":
        return asterisk(method, host or b"", named)
    return absolute(method, text, host, scheme)


def origin(text: bytes) -> tuple[bytes, bytes]:
    match = ORIGIN.fullmatch(text)
    if match is None:
        raise bad("a request target with octets that no URI may hold", "RFC 9112 §3.2")
    return text, match[1]


def asterisk(method: bytes, authority: bytes, host: bytes) -> Target:
    if method != b"OPTIONS":
        raise bad("* is a target for OPTIONS alone", "RFC 9112 §3.2.4")
    return Target(b"*", b"*", authority, host)


def absolute(method: bytes, text: bytes, host: bytes | None, scheme: bytes) -> Target:
    """absolute-form: its authority and the Host field must be one (RFC 9112 §3.2, §3.2.2)."""
    match = ABSOLUTE.fullmatch(text)
    if match is None or match[1].lower() not in PORTS:
        raise bad("a request target of no known form", "RFC 9112 §3.2")
    given, authority, rest = match[1].lower(), match[2], match[3]
    if b"@" in authority:
        raise bad("a request target with user information", "RFC 9110 §4.2.4")
    name, port = parse_authority(authority)
    if host is not None and same(parse_authority(host), given) != same((name, port), given):
        raise bad("Host and request target name different hosts", "RFC 9112 §3.2")
    if given != scheme:
        raise Refusal(421, "this scheme is not served on this connection", "RFC 9110 §7.4")
    if method == b"OPTIONS" and not rest:
        return Target(b"*", b"*", authority, name)
    return Target(*origin(rest if rest[:1] == b"/" else b"/" + rest), authority, name)


def same(authority: tuple[bytes, int | None], scheme: bytes) -> tuple[bytes, int]:
    return authority[0], authority[1] if authority[1] is not None else PORTS[scheme]
