"""A verifier that lets the token choose how it is verified: what RFC 8725 §2.1 warns of.

No library would do this, joserfc neither; it is written here to see the attacks work, and used
only where the protection `algorithms` has been taken away.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

from joserfc import jwk, jws
from joserfc.errors import JoseError

from netlab.lab.oauth.refusal import Refused

RULE = "RFC 8725 §2.1"


def signed(token: str, header: dict[str, Any], key: Callable[[], jwk.RSAKey]) -> None:
    """Takes `none` at its word, and the public key for a secret where the token says HS256."""
    match header.get("alg"):
        case "none":
            return
        case "HS256":
            right = by_secret(token, key().as_pem(private=False))
        case _:
            right = by_key(token, key())
    if not right:
        raise Refused("invalid_token", "the signature is wrong", RULE, 401)


def by_secret(token: str, secret: bytes) -> bool:
    text, _, signature = token.rpartition(".")
    try:
        given = urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.new(secret, text.encode(), hashlib.sha256).digest(), given)


def by_key(token: str, key: jwk.RSAKey) -> bool:
    try:
        jws.deserialize_compact(token.encode(), key, ["RS256"])
    except (JoseError, ValueError):
        return False
    return True
