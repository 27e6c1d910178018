"""Whether a token's signature is its issuer's, and whether its claims hold (RFC 7515, RFC 7519)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwk, jws
from joserfc.errors import JoseError

from netlab.dissect.jwt import Jwt, opened

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "RS384", "RS512", "EdDSA", "Ed25519")
"""Which may be used: all of them asymmetric, and none that means no signature (RFC 8725 §3.1)."""
LEEWAY = 60.0
"""Seconds that two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the claims have to say. nonce None: not asked for. now: seconds since the epoch."""

    issuer: str
    audience: str
    now: float
    nonce: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """token: as it was decoded. why: the first thing that is wrong, with its rule; else empty."""

    token: Jwt
    why: str = ""
    rule: str = ""

    @property
    def verified(self) -> bool:
        return not self.why


def verify(text: str, keys: Mapping[str, Any], wanted: Wanted) -> Verdict:
    """Signature first, then issuer, audience, time and nonce. Raises nothing."""
    token = opened(text)
    if token.fault:
        return Verdict(token, f"it is no JWT: {token.fault}", "RFC 7519 §7.2")
    if token.algorithm not in ALGORITHMS:
        return Verdict(token, f"the algorithm {token.algorithm or 'of no name'} is not on the list",
                       "RFC 8725 §3.1")  # fmt: skip
    if why := _signature(text, token, keys):
        return Verdict(token, why, "RFC 7515 §5.2")
    return _claims(token, wanted)


def _signature(text: str, token: Jwt, keys: Mapping[str, Any]) -> str:
    key = _key(token, keys)
    if key is None:
        return "the issuer's key set has no such key"
    try:
        jws.deserialize_compact(text.encode(), jwk.import_key(key), list(ALGORITHMS))
    except (JoseError, ValueError, TypeError):
        return "the signature is wrong"
    except (LookupError, AttributeError, ArithmeticError, UnsupportedAlgorithm):
        return "the key of the issuer's set is none"  # whatever a stranger writes into it
    return ""


def _key(token: Jwt, keys: Mapping[str, Any]) -> Any:
    """By its kid; without one the only key there is."""
    listed = keys.get("keys")
    every = listed if isinstance(listed, list) else []
    found = [key for key in every if isinstance(key, dict) and "kty" in key]
    named = token.header.get("kid")
    if named is None:
        return found[0] if len(found) == 1 else None
    return next((key for key in found if key.get("kid") == named), None)


def _claims(token: Jwt, wanted: Wanted) -> Verdict:
    claims = token.claims
    audience = claims.get("aud")
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if claims.get("iss") != wanted.issuer:
        return Verdict(token, "another server has issued it", "RFC 7519 §4.1.1")
    if wanted.audience not in (audience if isinstance(audience, list) else [audience]):
        return Verdict(token, "it is meant for somebody else", "RFC 7519 §4.1.3")
    # Not by adding to what a stranger wrote: no float holds every number, and NaN is never over.
    if not (_number(expires) and expires > wanted.now - LEEWAY):
        return Verdict(token, "it has expired", "RFC 7519 §4.1.4")
    if not (_number(begins) and begins <= wanted.now + LEEWAY):
        return Verdict(token, "it is not valid yet", "RFC 7519 §4.1.5")
    if wanted.nonce is not None and claims.get("nonce") != wanted.nonce:
        return Verdict(token, "its nonce is not ours", "OpenID Connect Core §3.1.3.7")
    return Verdict(token)


def _number(value: object) -> TypeGuard[float]:
    """RFC 7519 §2: NumericDate."""
    return isinstance(value, int | float) and not isinstance(value, bool)
