"""The server's signing key, and what it signs: RS256 by joserfc.

RS256 is what every implementation of RFC 9068 (§2.1) and OpenID Connect (Core §15.1) can verify.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from joserfc import jwk, jwt

ALGORITHM = "RS256"
BITS = 2048

Json = dict[str, Any]


class Keys:
    """One key, made with the server and kept as long as it: what it signed stays verifiable."""

    def __init__(self) -> None:
        use: Any = {"use": "sig", "alg": ALGORITHM}
        self.key = jwk.RSAKey.generate_key(BITS, use, auto_kid=True)

    def public(self) -> Json:
        """The key set that anyone may have (RFC 7517 §5); private parts stay here."""
        return {"keys": [dict(self.key.as_dict(private=False))]}

    def sign(self, claims: Mapping[str, Any], typ: str) -> str:
        header = {"alg": ALGORITHM, "typ": typ, "kid": self.key.kid}
        return jwt.encode(header, dict(claims), self.key, [ALGORITHM])


def at_hash(token: str) -> str:
    """The left half of the access token's hash, in base64url (OpenID Connect Core §3.1.3.6)."""
    digest = hashlib.sha256(token.encode("ascii")).digest()
    return urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
