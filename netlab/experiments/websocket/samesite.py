"""Which cookies go along, as browsers decide it (draft-ietf-httpbis-rfc6265bis §5.8.3)."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

SameSite = Literal["Lax", "Strict", "None"]


@dataclass(frozen=True, slots=True)
class Cookie:
    """host: who set it. It has no Domain, so that it goes back to that host alone."""

    pair: str
    host: str
    secure: bool
    same_site: SameSite


def read(header: str, host: str) -> Cookie:
    """A Set-Cookie field. Without SameSite it counts as Lax, as browsers have it since 2020."""
    pair, *rest = (part.strip() for part in header.split(";"))
    attributes = {name.lower(): value for name, _, value in (part.partition("=") for part in rest)}
    named = attributes.get("samesite", "lax").lower()
    kinds: dict[str, SameSite] = {"strict": "Strict", "none": "None"}
    return Cookie(pair, host, "secure" in attributes, kinds.get(named, "Lax"))


def site(origin: str) -> tuple[str, str]:
    """Scheme and registrable domain: the last two labels, which holds for the lab's names.

    Browsers look the suffix up in the Public Suffix List. A port is no part of a site.
    """
    parts = urlsplit(origin)
    return parts.scheme, ".".join((parts.hostname or "").split(".")[-2:])


def goes_along(cookie: Cookie, initiator: str, target: str, third_party: bool = True) -> bool:
    """Whether a script of a page of initiator sends it with a subresource request to target.

    target: an https: origin; wss counts as https. A cookie knows no port (RFC 6265 §8.5).
    third_party: whether the browser sends cookies across sites at all, which SameSite=None asks
    for: a setting of the person's, and more and more browsers come with it switched off.
    """
    parts = urlsplit(target)
    if parts.hostname != cookie.host or (cookie.secure and parts.scheme != "https"):
        return False
    if site(initiator) == site(target):
        return cookie.secure or cookie.same_site != "None"
    return third_party and cookie.secure and cookie.same_site == "None"
