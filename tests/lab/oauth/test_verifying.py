"""JWT access tokens at a resource server: the strict verifier, and the lax one."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwk, jwt

from netlab.lab.oauth import verifying
from netlab.lab.oauth.keys import Keys
from netlab.lab.oauth.protections import Protections
from netlab.lab.oauth.refusal import Refused
from tests.lab.oauth.party import API, DISK, FILES, ISSUER

NOW = 1_800_000_000.0
KEYS = DISK[0]
STRANGER = Keys()
STRICT, LAX = Protections(), Protections(algorithms=False)
GOOD = {"iss": ISSUER, "aud": API, "sub": "alice", "exp": NOW + 1, "scope": "photos.read"}


def b64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def by_hand(header: Mapping[str, Any], claims: Mapping[str, Any], secret: bytes | None) -> str:
    """As an attacker writes it: joserfc would not."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    if secret is None:
        return f"{text}."
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def check(token: str, protections: Protections = STRICT) -> dict[str, Any]:
    return verifying.claims_of(token, KEYS.public(), ISSUER, NOW, protections)


def rule_of(token: str, protections: Protections = STRICT) -> str:
    with pytest.raises(Refused) as refused:
        check(token, protections)
    assert (refused.value.error, refused.value.status) == ("invalid_token", 401)
    return refused.value.rule


@pytest.mark.parametrize("protections", [STRICT, LAX])
def test_a_good_token(protections: Protections) -> None:
    assert check(KEYS.sign(GOOD, "at+jwt"), protections) == GOOD
    assert check(KEYS.sign(GOOD, "application/AT+JWT"), protections) == GOOD


@pytest.mark.parametrize(
    ("change", "typ", "rule"),
    [
        ({}, "JWT", "RFC 9068 §4"),  # an id_token, say
        ({"iss": "https://evil.example"}, "at+jwt", "RFC 9068 §4"),
        ({"iss": None}, "at+jwt", "RFC 9068 §4"),
        ({"exp": NOW}, "at+jwt", "RFC 9068 §4"),
        ({"exp": "never"}, "at+jwt", "RFC 9068 §4"),
        ({"exp": None}, "at+jwt", "RFC 9068 §4"),
        ({"exp": True}, "at+jwt", "RFC 9068 §4"),
    ],
)
@pytest.mark.parametrize("protections", [STRICT, LAX])
def test_refused_by_both(
    change: dict[str, Any], typ: str, rule: str, protections: Protections
) -> None:
    assert rule_of(KEYS.sign({**GOOD, **change}, typ), protections) == rule


@pytest.mark.parametrize(
    "token",
    ["", "a", "a.b", "a.b.c", "...", "e30.e30", "e30.e30.e30.e30.e30", "W10.e30.x", "e30.W10.x",
     "é.e30.e30", "x" * 9000, "e30." + b64(b"[" * 5000) + ".x", "e30.e30."],
)  # fmt: skip
@pytest.mark.parametrize("protections", [STRICT, LAX])
def test_what_is_no_token(token: str, protections: Protections) -> None:
    assert rule_of(token, protections) in {"RFC 7519 §7.2", "RFC 9068 §4"}


def test_a_signature_of_another_s() -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": KEYS.key.kid}
    forged = jwt.encode(header, dict(GOOD), STRANGER.key, ["RS256"])
    assert rule_of(forged) == "RFC 7515 §5.2"
    assert rule_of(forged, LAX) == "RFC 8725 §2.1"
    good = KEYS.sign(GOOD, "at+jwt")
    changed = good.replace(good.split(".")[1], b64(json.dumps({**GOOD, "sub": "bob"}).encode()))
    assert rule_of(changed) == "RFC 7515 §5.2"
    assert rule_of(changed, LAX) == "RFC 8725 §2.1"


def test_a_key_that_nobody_knows() -> None:
    with pytest.raises(verifying.UnknownKey):
        check(STRANGER.sign(GOOD, "at+jwt"))


def test_none_is_no_algorithm_but_to_the_lax() -> None:
    token = by_hand({"alg": "none", "typ": "at+jwt"}, GOOD, None)
    assert rule_of(token) == "RFC 9068 §4"
    assert check(token, LAX) == GOOD


def test_a_public_key_is_no_secret_but_to_the_lax() -> None:
    """The attacker makes the PEM from the key set that everyone may read."""
    public = jwk.RSAKey.import_key(KEYS.public()["keys"][0]).as_pem(private=False)
    header = {"alg": "HS256", "typ": "at+jwt", "kid": KEYS.key.kid}
    assert rule_of(by_hand(header, GOOD, public)) == "RFC 9068 §4"
    assert check(by_hand(header, GOOD, public), LAX) == GOOD
    assert rule_of(by_hand(header, GOOD, b"guess"), LAX) == "RFC 8725 §2.1"
    assert rule_of(by_hand(header, GOOD, None), LAX) == "RFC 8725 §2.1"


@pytest.mark.parametrize("alg", ["HS512", "RS384", "PS256", "ES256", None, 7, ["RS256"]])
def test_other_algorithms_are_on_no_list(alg: object) -> None:
    assert rule_of(by_hand({"alg": alg, "typ": "at+jwt"}, GOOD, b"x")) == "RFC 9068 §4"


@pytest.mark.parametrize(
    ("audience", "fits"),
    [(API, True), ([FILES, API], True), (FILES, False), ([], False), (None, False), (7, False)],
)
def test_the_audience(audience: object, fits: bool) -> None:
    claims = {"aud": audience}
    verifying.meant_for(claims, API, Protections(audience=False))
    if fits:
        verifying.meant_for(claims, API, STRICT)
        return
    with pytest.raises(Refused) as refused:
        verifying.meant_for(claims, API, STRICT)
    assert (refused.value.status, refused.value.rule) == (401, "RFC 9068 §4")


@pytest.mark.parametrize("scope", ["photos", "photos.write", "", None, ["photos.read"]])
def test_the_scope(scope: object) -> None:
    verifying.allows({"scope": scope}, "photos.read", Protections(scope=False))
    with pytest.raises(Refused) as refused:
        verifying.allows({"scope": scope}, "photos.read", STRICT)
    assert (refused.value.error, refused.value.status) == ("insufficient_scope", 403)
    verifying.allows({"scope": "openid photos.read"}, "photos.read", STRICT)
