"""Scopes, and the resource servers that tokens are for."""

import re
from collections.abc import Iterable, Mapping, Sequence

from netlab.lab.oauth.records import OPENID, Client
from netlab.lab.oauth.refusal import Refused

MEANING: Mapping[str, str] = {
    OPENID: "know who you are",
    "profile": "know your name",
    "email": "know your e-mail address",
    "offline_access": "go on while you are away",
    "photos.read": "see your photos",
    "photos.write": "add photos to yours",
}
"""Every scope that there is, and what it allows, as the consent page says it."""

OF_PERSONS = frozenset({OPENID, "profile", "email", "offline_access"})
DEFAULT = ("photos.read",)
TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def listed(text: str) -> tuple[str, ...]:
    """A scope parameter: names between single spaces, each counted once (RFC 6749 §3.3)."""
    names = text.split(" ") if text else []
    if any(not TOKEN.fullmatch(name) for name in names):
        raise Refused("invalid_scope", "the scope is malformed", "RFC 6749 §3.3")
    return tuple(dict.fromkeys(names))


def asked(text: str, client: Client) -> tuple[str, ...]:
    """What a client asks for: known scopes that it is registered for; without any, the default."""
    names = listed(text) or tuple(name for name in DEFAULT if name in client.scopes)
    if not names:
        raise Refused("invalid_scope", "no scope is asked for", "RFC 6749 §3.3")
    for name in names:
        if name not in MEANING:
            raise Refused("invalid_scope", f"there is no scope {name}", "RFC 6749 §3.3")
        if name not in client.scopes:
            what = f"this client may not ask for {name}"
            raise Refused("invalid_scope", what, "RFC 6749 §3.3")
    return names


def own(names: Sequence[str]) -> tuple[str, ...]:
    """What a client may have for itself: nothing that speaks of a person (RFC 6749 §4.4)."""
    for name in names:
        if name in OF_PERSONS:
            raise Refused("invalid_scope", f"{name} is for persons", "RFC 6749 §4.4")
    return tuple(names)


def narrowed(text: str, granted: Sequence[str]) -> tuple[str, ...]:
    """On refresh: no scope that was not granted in the first place (RFC 6749 §6)."""
    names = listed(text) or tuple(granted)
    for name in names:
        if name not in granted:
            raise Refused("invalid_scope", f"{name} was not granted", "RFC 6749 §6")
    return names


def resources(given: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """The resource servers asked for: absolute URIs without fragment, of known ones (RFC 8707 §2).

    Without any it is the first (RFC 9068 §3 asks for such a default).
    """
    wanted = tuple(dict.fromkeys(given))
    for uri in wanted:
        if uri not in known:
            what = "there is no such resource server"
            raise Refused("invalid_target", what, "RFC 8707 §2")
    return wanted or tuple(known[:1])


def subset(given: Sequence[str], granted: Sequence[str]) -> tuple[str, ...]:
    """At the token endpoint: of the resource servers granted, those asked for (RFC 8707 §2.2)."""
    for uri in given:
        if uri not in granted:
            what = "that resource server was not granted"
            raise Refused("invalid_target", what, "RFC 8707 §2.2")
    return tuple(dict.fromkeys(given)) or tuple(granted)
