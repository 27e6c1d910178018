"""A JSON Web Token in its compact form (RFC 7519, RFC 7515 §3.1): what stands there, unverified.

Whoever holds a token can read it. Reading proves nothing: the signature is for that.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 64 * 1024
MOST_CLAIMS = 200


@dataclass(frozen=True, slots=True)
class Jwt:
    """The three parts. fault: why it is none; header and claims are empty then."""

    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    signature: bytes = b""
    fault: str = ""

    @property
    def algorithm(self) -> str:
        return str(self.header.get("alg", ""))[:40]


def opened(token: str) -> Jwt:
    """Decode; raises nothing."""
    parts = token.split(".")
    if len(token) > LONGEST:
        return Jwt(fault=f"longer than {LONGEST:,} characters")
    if len(parts) != 3:
        return Jwt(fault="not three parts between dots: an opaque token")
    try:
        header, claims = _object(parts[0]), _object(parts[1])
        signature = _octets(parts[2])
    except (ValueError, RecursionError) as error:
        return Jwt(fault=str(error)[:200])
    return Jwt(header, claims, signature)


def _object(part: str) -> Mapping[str, Any]:
    value = json.loads(_octets(part))
    if not isinstance(value, dict) or len(value) > MOST_CLAIMS:
        raise ValueError("a part is no JSON object")
    return value


def _octets(part: str) -> bytes:
    """Base64url without padding (RFC 7515 §2)."""
    if not part.isascii() or "=" in part:
        raise ValueError("a part is no base64url")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
