"""Which redirect URIs there may be, and when one that is asked for is a registered one."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import SplitResult, urlencode, urlsplit

LOOPBACK = ("127.0.0.1", "::1")
LONGEST = 1000


def matches(given: str, registered: Sequence[str]) -> bool:
    """Whether it is one of them, character by character (RFC 9700 §4.1.3, RFC 3986 §6.2.1)."""
    return any(given == each or same_but_port(given, each) for each in registered)


def begins(given: str, registered: Sequence[str]) -> bool:
    """Whether it begins like one of them: the comparison that lets an attacker in."""
    return any(given.startswith(each) for each in registered) or matches(given, registered)


def same_but_port(given: str, registered: str) -> bool:
    """A native app takes whatever port is free on loopback (RFC 8252 §7.3)."""
    ours, theirs = split(registered), split(given)
    if ours is None or theirs is None or ours.scheme != "http" or ours.hostname not in LOOPBACK:
        return False
    return "@" not in theirs.netloc and without_port(ours) == without_port(theirs)


def without_port(url: SplitResult) -> tuple[str, str | None, str, str, str]:
    return url.scheme, url.hostname, url.path, url.query, url.fragment


def split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  it is read only when asked for, and may be no number
    except ValueError:
        return None
    return parts


def fault(uri: str) -> str:
    """Why this cannot be registered; empty if it can (RFC 6749 §3.1.2, RFC 8252 §7 and §8.4)."""
    parts = split(uri)
    if parts is None or not parts.scheme or not uri.isascii() or not uri.isprintable():
        return "it is no absolute URI"
    if len(uri) > LONGEST:
        return f"it is longer than {LONGEST} characters"
    if "#" in uri:
        return "it has a fragment"
    if parts.scheme == "https":
        return "" if parts.hostname else "it names no host"
    if parts.scheme == "http":
        return "" if is_loopback(parts.hostname or "") else "http is for loopback alone"
    return "" if "." in parts.scheme else "a private scheme is a domain name turned round"


def is_loopback(host: str) -> bool:
    """An address of this machine, or a name that never leaves it (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def with_query(uri: str, values: Sequence[tuple[str, str]]) -> str:
    """The URI with more in its query; what it had stays (RFC 6749 §3.1.2)."""
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}"


def with_fragment(uri: str, values: Sequence[tuple[str, str]]) -> str:
    return f"{uri}#{urlencode(values)}"
