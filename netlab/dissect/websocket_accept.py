"""How Sec-WebSocket-Accept comes from the key, step by step (RFC 6455 §4.2.2)."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
NONCE = 16


@dataclass(frozen=True, slots=True)
class Accept:
    """key: as it stands in the header, never decoded. digest: SHA-1 of joined, 20 octets."""

    key: str
    joined: str
    digest: bytes
    value: str


def accept(key: str) -> Accept:
    """What a server has to answer to this key."""
    joined = key + GUID
    digest = hashlib.sha1(joined.encode("utf-8"), usedforsecurity=False).digest()
    return Accept(key, joined, digest, base64.b64encode(digest).decode("ascii"))


def key_fault(key: str) -> str:
    """Why a server must refuse this key: it is the base64 of 16 octets (RFC 6455 §4.1)."""
    try:
        nonce = base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return "the key is not base64"
    return "" if len(nonce) == NONCE else f"the key holds {len(nonce)} octets, not {NONCE}"
