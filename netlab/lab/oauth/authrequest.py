"""The authorization endpoint's rules: first whom an answer may go to at all, then the rest."""

import math
from collections.abc import Sequence

from netlab.lab.oauth import pkce, redirects, scopes
from netlab.lab.oauth.parameters import Parameters
from netlab.lab.oauth.records import AUTHORIZATION_CODE, IMPLICIT, OPENID, Asked, Client
from netlab.lab.oauth.refusal import Refused
from netlab.lab.oauth.server import AuthorizationServer

RULE = "RFC 6749 §4.1.2.1"
PROMPTS = frozenset({"none", "login", "consent", "select_account"})
LONGEST = 1000
GRANT_OF = {"code": AUTHORIZATION_CODE, "token": IMPLICIT}


def destination(given: Parameters, server: AuthorizationServer) -> tuple[Client, str]:
    """The client and its redirect URI. Refused here goes to the person and never redirects: the
    URI may be an attacker's, and the server would be an open redirector (RFC 6749 §4.1.2.1).
    """
    for name in ("client_id", "redirect_uri"):
        if given.is_repeated(name):
            raise Refused("invalid_request", f"{name} is given more than once", RULE)
    client = server.clients.get(given.need("client_id"))
    if client is None:
        raise Refused("invalid_request", "there is no such client", RULE)
    return client, redirect_uri(given.get("redirect_uri"), client, server)


def redirect_uri(given: str, client: Client, server: AuthorizationServer) -> str:
    """The one asked for, if it is registered; the only one registered, if none is asked for."""
    if not given:
        return only(client.redirect_uris)
    if not given.isascii() or not given.isprintable():
        raise Refused("invalid_request", "redirect_uri is malformed", RULE)
    if server.settings.protections.exact_redirect:
        exact(given, client)
    elif not redirects.begins(given, client.redirect_uris):
        raise Refused("invalid_request", "redirect_uri is not registered", RULE)
    return given


def exact(given: str, client: Client) -> None:
    """Compared whole: whatever else a pattern lets through, someone may own (RFC 9700 §4.1)."""
    if not redirects.matches(given, client.redirect_uris):
        raise Refused("invalid_request", "redirect_uri is not registered", "RFC 9700 §4.1.3")


def only(registered: Sequence[str]) -> str:
    if len(registered) != 1:
        raise Refused("invalid_request", "redirect_uri is missing", "RFC 6749 §3.1.2.3")
    return registered[0]


def asked(given: Parameters, client: Client, uri: str, server: AuthorizationServer) -> Asked:
    """The request, checked. Refused here goes back to the client, by redirection."""
    given.once()
    unsupported(given)
    response_type = kind(given, client, server)
    scope = scopes.asked(given.get("scope"), client)
    if OPENID in scope and not given.get("redirect_uri"):
        what = "redirect_uri is required"
        raise Refused("invalid_request", what, "OpenID Connect Core §3.1.2.1")
    code = response_type == "code"
    return Asked(
        client,
        uri,
        bool(given.get("redirect_uri")),
        response_type,
        scope,
        scopes.resources(given.all("resource"), server.resources),
        bounded(given, "state"),
        pkce.challenge(given, client, server.settings.protections) if code else "",
        bounded(given, "nonce"),
        prompt(given.get("prompt")),
        max_age(given.get("max_age")),
        bounded(given, "login_hint"),
    )


def unsupported(given: Parameters) -> None:
    """Requests as signed objects (RFC 9101) are not for this server; it says so (OIDC §6)."""
    if given.get("request"):
        what = "no request objects here"
        raise Refused("request_not_supported", what, "OpenID Connect Core §3.1.2.6")


def kind(given: Parameters, client: Client, server: AuthorizationServer) -> str:
    """The response type; `token`, the implicit grant, only where that is allowed for show."""
    name = given.need("response_type")
    refused = name == "token" and server.settings.protections.no_implicit
    if name not in GRANT_OF or refused:
        rule = "RFC 9700 §2.1.2" if refused else RULE
        raise Refused("unsupported_response_type", "only code is offered here", rule)
    if GRANT_OF[name] not in client.grants:
        raise Refused("unauthorized_client", "this client may not ask for that", RULE)
    mode = given.get("response_mode")
    if mode not in ("", "query" if name == "code" else "fragment"):
        what = "that response_mode is not offered here"
        raise Refused("invalid_request", what, "OAuth 2.0 Multiple Response Types §2.1")
    return name


def bounded(given: Parameters, name: str) -> str:
    value = given.get(name)
    if len(value) > LONGEST:
        raise Refused("invalid_request", f"{name} is longer than {LONGEST} characters", RULE)
    return value


def prompt(text: str) -> frozenset[str]:
    """What the person is to be asked, or that nothing may be (OIDC Core §3.1.2.1)."""
    values = frozenset(text.split())
    if values - PROMPTS or ("none" in values and len(values) > 1):
        what = "that prompt is not understood"
        raise Refused("invalid_request", what, "OpenID Connect Core §3.1.2.1")
    return values


def max_age(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not math.isfinite(value) or value < 0:
        what = "max_age is a number of seconds"
        raise Refused("invalid_request", what, "OpenID Connect Core §3.1.2.1")
    return value


def response(asked: Asked, values: dict[str, str], server: AuthorizationServer) -> str:
    """Where the browser goes with the answer: query for a code, fragment for a token.

    iss says whose answer it is, so that no client takes one server's code to another (RFC 9207).
    """
    return located(asked.redirect_uri, asked.response_type, asked.state, values, server)


def located(
    uri: str, response_type: str, state: str, values: dict[str, str], server: AuthorizationServer
) -> str:
    pairs = list(values.items())
    if state:
        pairs.append(("state", state))
    if server.settings.protections.iss:
        pairs.append(("iss", server.issuer))
    # What asks for a token looks for its answer in the fragment, an error too (OAuth 2.0 Multiple
    # Response Type Encoding Practices §5).
    if {"token", "id_token"} & set(response_type.split()):
        return redirects.with_fragment(uri, pairs)
    return redirects.with_query(uri, pairs)
