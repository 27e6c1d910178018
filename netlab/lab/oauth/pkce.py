"""Proof Key for Code Exchange (RFC 7636): whoever asked for the code is who redeems it."""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

from netlab.lab.oauth.parameters import Parameters
from netlab.lab.oauth.protections import Protections
from netlab.lab.oauth.records import Client
from netlab.lab.oauth.refusal import Refused

S256 = re.compile(r"[A-Za-z0-9_-]{43}")
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """S256: BASE64URL(SHA256(ASCII(verifier))) without padding (RFC 7636 §4.2)."""
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def challenge(given: Parameters, client: Client, protections: Protections) -> str:
    """The authorization request's challenge; empty where none is needed.

    The method is S256 alone: `plain`, which is meant where none is named, shows the verifier to
    whoever sees the request (RFC 7636 §4.4.1, RFC 9700 §2.1.1).
    """
    if not protections.pkce:
        return ""
    value, method = given.get("code_challenge"), given.get("code_challenge_method")
    if value and method != "S256":
        raise Refused("invalid_request", "transform algorithm not supported", "RFC 7636 §4.4.1")
    if value and not S256.fullmatch(value):
        raise Refused("invalid_request", "the code challenge is malformed", "RFC 7636 §4.2")
    if method and not value:
        raise Refused("invalid_request", "code_challenge is missing", "RFC 7636 §4.3")
    if not value and client.public and protections.require_pkce:
        raise Refused("invalid_request", "code challenge required", "RFC 9700 §2.1.1")
    return value


def prove(verifier: str, challenge: str, protections: Protections) -> None:
    """The token request's verifier against the code's challenge."""
    if protections.pkce and challenge:
        fits(verifier, challenge)
    if protections.refuse_verifier_without_challenge and verifier and not challenge:
        # Someone on the way took the challenge out of the authorization request, so that this
        # code is bound to nobody.
        what = "a verifier came, but no challenge had come"
        raise Refused("invalid_grant", what, "RFC 9700 §4.8.2")


def fits(verifier: str, challenge: str) -> None:
    """Raises Refused unless the verifier is the one whose hash the challenge is (RFC 7636 §4.6)."""
    if not verifier:
        raise Refused("invalid_grant", "code_verifier is missing", "RFC 7636 §4.6")
    if not VERIFIER.fullmatch(verifier):
        raise Refused("invalid_grant", "the code verifier is malformed", "RFC 7636 §4.1")
    if not hmac.compare_digest(challenge_of(verifier), challenge):
        raise Refused("invalid_grant", "the code verifier does not fit", "RFC 7636 §4.6")
