"""Dynamic client registration, open to everybody (RFC 7591)."""

from collections.abc import Mapping
from typing import Any

from netlab.lab.oauth import redirects, scopes
from netlab.lab.oauth.clients import EVERY_SCOPE, hashed
from netlab.lab.oauth.keys import ALGORITHM
from netlab.lab.oauth.records import (
    AUTHORIZATION_CODE,
    DEVICE_CODE,
    IMPLICIT,
    REFRESH_TOKEN,
    Client,
)  # fmt: skip
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer, fresh

Json = Mapping[str, Any]

RULE = "RFC 7591 §3.2.2"
METHODS = ("none", "client_secret_basic", "client_secret_post")
MOST_URIS = 10
LONGEST_NAME = 100


def registered(wanted: object, server: AuthorizationServer) -> tuple[Client, dict[str, Any]]:
    """A new client, and the answer that tells it all it has been registered with (§3.2.1)."""
    if not isinstance(wanted, dict):
        raise wrong("the metadata are a JSON object")
    secret = fresh() if method(wanted) != "none" else ""
    uris = redirect_uris(wanted)
    client = Client(
        f"client-{fresh()[:16]}",
        name(wanted),
        hashed(secret) if secret else "",
        method(wanted),
        uris,
        grants(wanted, uris, server),
        scopes_of(wanted),
    )
    algorithm(wanted)
    types = response_types(wanted, client)
    if not server.clients.add(client):
        what = "no more clients can be registered"
        raise Refused("temporarily_unavailable", what, "RFC 7591 §5", 503)
    return client, told(client, secret, types, server)


def told(
    client: Client, secret: str, types: list[str], server: AuthorizationServer
) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "client_id": client.id,
        "client_id_issued_at": int(server.clock()),
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(client.grants),
        "response_types": types,
        "token_endpoint_auth_method": client.auth_method,
        "scope": " ".join(client.scopes),
        "id_token_signed_response_alg": ALGORITHM,
    }
    if secret:  # it never expires: 0
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer


def wrong(what: str) -> Refused:
    return Refused("invalid_client_metadata", what, RULE)


def texts(wanted: Json, name: str) -> tuple[str, ...] | None:
    """A list of strings; None where the client leaves it to the server."""
    value = wanted.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise wrong(f"{name} is a list of strings")
    return tuple(dict.fromkeys(value))


def text(wanted: Json, name: str, otherwise: str) -> str:
    value = wanted.get(name, otherwise)
    if not isinstance(value, str):
        raise wrong(f"{name} is a string")
    return value


def name(wanted: Json) -> str:
    """What persons are shown: anyone can call themselves anything, so it is bounded and escaped."""
    value = text(wanted, "client_name", "An application without a name")
    if not value.isprintable() or not 0 < len(value) <= LONGEST_NAME:
        raise wrong(f"client_name has 1 to {LONGEST_NAME} printable characters")
    return value


def method(wanted: Json) -> str:
    """client_secret_basic where nothing is said (§2)."""
    value = text(wanted, "token_endpoint_auth_method", METHODS[1])
    if value not in METHODS:
        raise wrong(f"token_endpoint_auth_method is one of {', '.join(METHODS)}")
    return value


def redirect_uris(wanted: Json) -> tuple[str, ...]:
    uris = texts(wanted, "redirect_uris") or ()
    if len(uris) > MOST_URIS:
        what = f"{MOST_URIS} redirect URIs are the most"
        raise Refused("invalid_redirect_uri", what, RULE)
    for uri in uris:
        if why := redirects.fault(uri):
            raise Refused("invalid_redirect_uri", f"{uri[:80]}: {why}", RULE)
    return uris


def grants(wanted: Json, uris: tuple[str, ...], server: AuthorizationServer) -> tuple[str, ...]:
    """Those that act for a person, who is asked; where nothing is said, all that can work (§2)."""
    protections = server.settings.protections
    offered: tuple[str, ...] = (AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE)
    if not protections.no_implicit:
        offered = (*offered, IMPLICIT)
    named = texts(wanted, "grant_types")
    if named is None:
        return offered if uris else (REFRESH_TOKEN, DEVICE_CODE)
    for each in named:
        if each not in offered:
            raise wrong(f"the grant {each[:80]} is not for clients that register themselves")
    if not uris and {AUTHORIZATION_CODE, IMPLICIT} & set(named):
        what = "grants that redirect need redirect_uris"
        raise Refused("invalid_redirect_uri", what, "RFC 7591 §2")
    return named


def response_types(wanted: Json, client: Client) -> list[str]:
    """They must go with the grant types (§2.1)."""
    fitting = {"code": AUTHORIZATION_CODE, "token": IMPLICIT}
    default = tuple(kind for kind, grant in fitting.items() if grant in client.grants)
    named = texts(wanted, "response_types")
    for each in named or ():
        if fitting.get(each) not in client.grants:
            raise wrong(f"the response type {each[:80]} does not go with the grant types")
    return list(default if named is None else named)


def scopes_of(wanted: Json) -> tuple[str, ...]:
    """Those asked for, as far as there are such; without any, all."""
    try:
        named = scopes.listed(text(wanted, "scope", ""))
    except Refused as refusal:
        raise wrong(refusal.description) from None
    return tuple(each for each in named if each in EVERY_SCOPE) or EVERY_SCOPE


def algorithm(wanted: Json) -> None:
    value = text(wanted, "id_token_signed_response_alg", ALGORITHM)
    if value != ALGORITHM:
        raise wrong(f"id_token_signed_response_alg is {ALGORITHM}")
