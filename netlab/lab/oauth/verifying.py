"""A JWT access token at a resource server: every check of RFC 9068 §4, each by itself.

What a token says can be read by anyone. What makes it true is its signature, by a key of the
issuer's, with an algorithm that the resource server has chosen itself.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import JoseError

from netlab.lab.oauth import lax
from netlab.lab.oauth.protections import Protections
from netlab.lab.oauth.refusal import Refused

Json = dict[str, Any]

ALGORITHMS = ("RS256",)
TYPES = ("at+jwt", "application/at+jwt")
LONGEST = 8192
RULE = "RFC 9068 §4"


class UnknownKey(Exception):
    """The token names a key that is not in the set at hand: there may be a newer one."""


def invalid(what: str, rule: str = RULE) -> Refused:
    return Refused("invalid_token", what, rule, 401)


def opened(token: str) -> tuple[Json, Json]:
    """Header and claims, as they stand there, with nothing verified (RFC 7519 §7.2)."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST or not token.isascii():
        raise invalid("the token is no JWT", "RFC 7519 §7.2")
    header, claims = part(parts[0]), part(parts[1])
    return header, claims


def part(text: str) -> Json:
    try:
        value = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid("the token is no JWT", "RFC 7519 §7.2")
    return value


def claims_of(
    token: str, key_set: Mapping[str, Any], issuer: str, now: float, protections: Protections
) -> Json:
    """The claims, once they are known to be the issuer's and in force. Audience and scope are
    looked at apart, for they also matter where a token is introspected. Raises Refused, UnknownKey.
    """
    header, claims = opened(token)
    typed(header)
    if protections.algorithms:
        allowed(header)
        signed(token, key(header, key_set))
    else:
        lax.signed(token, header, lambda: key(header, key_set))
    issued_by(claims, issuer)
    in_force(claims, now)
    return claims


def typed(header: Json) -> None:
    """An access token says that it is one, so that no id_token passes for it (RFC 9068 §4)."""
    typ = header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in TYPES:
        raise invalid("the token is not of type at+jwt")


def allowed(header: Json) -> None:
    """The algorithm is on our list, whatever the token would like: none is no signature, and with
    HS256 our public key would be taken for a shared secret (RFC 9068 §4, RFC 8725 §3.1).
    """
    algorithm = header.get("alg")
    if algorithm not in ALGORITHMS:
        raise invalid(f"the algorithm {str(algorithm)[:20]} is not on the list")


def key(header: Json, key_set: Mapping[str, Any]) -> jwk.RSAKey:
    """The issuer's key that the header names (RFC 7515 §4.1.4)."""
    for each in key_set.get("keys", ()):
        if isinstance(each, dict) and each.get("kty") == "RSA" and "d" not in each:
            named = header.get("kid")
            if named is None or each.get("kid") == named:
                return jwk.RSAKey.import_key(each)
    raise UnknownKey


def signed(token: str, key: jwk.RSAKey) -> None:
    try:
        jws.deserialize_compact(token.encode(), key, list(ALGORITHMS))
    except (JoseError, ValueError):
        raise invalid("the signature is wrong", "RFC 7515 §5.2") from None


def issued_by(claims: Json, issuer: str) -> None:
    if claims.get("iss") != issuer:
        raise invalid("another server has issued it")


def in_force(claims: Json, now: float) -> None:
    """The current time is before exp (RFC 9068 §4), to the second."""
    expires = claims.get("exp")
    if not isinstance(expires, int | float) or isinstance(expires, bool) or now >= expires:
        raise invalid("the token has expired")


def meant_for(claims: Json, identifier: str, protections: Protections) -> None:
    """A token for another resource server is no token here, or that one could use ours with it
    (RFC 9068 §4, RFC 9700 §2.3).
    """
    if not protections.audience:
        return
    audience = claims.get("aud")
    if identifier not in (audience if isinstance(audience, list) else [audience]):
        raise invalid("the token is for another resource server")


def allows(claims: Json, scope: str, protections: Protections) -> None:
    """What is asked for lies within the token's scope (RFC 6750 §3.1)."""
    granted = claims.get("scope")
    if protections.scope and scope not in (granted.split() if isinstance(granted, str) else ()):
        what = f"the token has not the scope {scope}"
        raise Refused("insufficient_scope", what, "RFC 6750 §3.1", 403)
