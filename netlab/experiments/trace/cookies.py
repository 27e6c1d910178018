"""What Set-Cookie fields make a browser keep, or refuse (RFC 6265, and its revision 6265bis).

Values are secrets, and never leave this module.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from netlab.recording.records import Value

MOST = 50
"""Cookies of one answer that are looked at: RFC 6265 §6.1 wants 50 for each domain."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie. domain: None for this host alone. lifetime: seconds, None for the session.

    refused: why a browser does not take it, else empty.
    """

    name: str
    secure: bool
    http_only: bool
    same_site: str | None
    domain: str | None
    path: str | None
    lifetime: float | None
    refused: str = ""

    def value(self) -> Value:
        """As it stands in the fact `http.cookies`."""
        return {
            "name": self.name,
            "secure": self.secure,
            "http_only": self.http_only,
            "same_site": self.same_site,
            "domain": self.domain,
            "path": self.path,
            "lifetime": self.lifetime,
            **({"refused": self.refused} if self.refused else {}),
        }


def cookies(
    headers: Sequence[tuple[str, str]], host: str, scheme: str, wall: float
) -> tuple[Cookie, ...]:
    """The cookies of an answer. wall: the wall clock's seconds, for Expires."""
    lines = [value for name, value in headers if name.lower() == "set-cookie"]
    return tuple(cookie(line, host, scheme, wall) for line in lines[:MOST])


def cookie(line: str, host: str, scheme: str, wall: float) -> Cookie:
    """Read one Set-Cookie field, as RFC 6265 §5.2 wants it of a browser."""
    pair, *rest = line.split(";")
    name, equals, _ = pair.partition("=")
    given: dict[str, str] = {}
    for part in rest:
        attribute, _, value = part.partition("=")
        given[attribute.strip().lower()] = value.strip()  # the last of two counts
    same_site = given.get("samesite", "").capitalize()
    found = Cookie(
        name=name.strip()[:256] if equals else "",
        secure="secure" in given,
        http_only="httponly" in given,
        same_site=same_site if same_site in ("Strict", "Lax", "None") else None,
        domain=given.get("domain", "").lstrip(".").lower() or None,
        path=given["path"] if given.get("path", "").startswith("/") else None,
        lifetime=_lifetime(given, wall),
    )
    why = refusal(found, host, scheme)
    return found if not why else _refused(found, why)


def refusal(cookie: Cookie, host: str, scheme: str) -> str:
    """Why a browser would not take it; empty when it would."""
    secure = scheme == "https"
    if cookie.domain is not None and not _covers(cookie.domain, host):
        return f"{cookie.domain} is not a domain that {host} belongs to"
    if cookie.secure and not secure:
        return "Secure, but it came over plain HTTP"
    if cookie.same_site == "None" and not cookie.secure:
        return "SameSite=None without Secure"
    prefix = cookie.name.lower()
    if prefix.startswith(("__secure-", "__host-")) and not cookie.secure:
        return "its prefix promises Secure, which is missing"
    if prefix.startswith("__host-") and (cookie.domain is not None or cookie.path != "/"):
        return "the prefix __Host- wants Path=/ and no Domain"
    return ""


def _refused(cookie: Cookie, why: str) -> Cookie:
    return Cookie(
        cookie.name, cookie.secure, cookie.http_only, cookie.same_site, cookie.domain, cookie.path,
        cookie.lifetime, why,
    )  # fmt: skip


def _covers(domain: str, host: str) -> bool:
    """RFC 6265 §5.1.3. Whether the domain is a public suffix cannot be told without their list."""
    return host == domain or (host.endswith("." + domain) and not host.replace(".", "").isdigit())


def _lifetime(given: dict[str, str], wall: float) -> float | None:
    """Max-Age wins over Expires (RFC 6265 §5.3); nonsense counts as not said."""
    age = given.get("max-age", "")
    if age.lstrip("-").isascii() and age.lstrip("-").isdigit() and len(age) < 16:
        return float(max(0, int(age)))
    return seconds_until(given.get("expires", ""), wall)


def seconds_until(date: str, wall: float) -> float | None:
    """From the wall clock's instant to this date; None when it is no date."""
    at = timestamp(date)
    return None if at is None else float(max(0, round(at - wall)))


def timestamp(date: str) -> float | None:
    """RFC 9110 §5.6.7, read leniently; None when it is no date."""
    try:
        return parsedate_to_datetime(date[:64]).timestamp()
    except (TypeError, ValueError, OverflowError, IndexError, OSError):
        return None
