"""The token endpoint: every error as RFC 6749 §5.2 has it, and what is given for what."""

import json
from base64 import b64encode, urlsafe_b64decode
from typing import Any
from urllib.parse import quote

import pytest
from joserfc import jwk, jwt

from netlab.lab.oauth.clients import SECRETS
from netlab.lab.oauth.keys import at_hash
from tests.lab.oauth.party import (
    API,
    CALLBACK,
    DISK,
    FILES,
    ISSUER,
    VERIFIER,
    WEB,
    Party,
    query,
)  # fmt: skip

TV, NATIVE = {"client_id": "tv"}, {"client_id": "native-app"}


def claims(token: str) -> dict[str, Any]:
    """Verified against the key set, by the library itself."""
    key_set: Any = DISK[0].public()
    return dict(jwt.decode(token, jwk.KeySet.import_key_set(key_set), ["RS256"]).claims)


def header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    return dict(json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))))


REFUSED: list[tuple[dict[str, Any], dict[str, str], int, str, str]] = [
    # who asks, what, status, error, rule
    ({}, {}, 401, "invalid_client", "RFC 6749 §3.2.1"),
    ({"auth": ("nobody", "x")}, {}, 401, "invalid_client", "RFC 6749 §5.2"),
    ({"auth": ("web-app", "wrong")}, {}, 401, "invalid_client", "RFC 6749 §2.3.1"),
    ({"auth": ("web-app", "")}, {}, 401, "invalid_client", "RFC 6749 §5.2"),
    ({"auth": ("native-app", "x")}, {}, 401, "invalid_client", "RFC 6749 §5.2"),
    ({}, {"client_id": "web-app"}, 401, "invalid_client", "RFC 6749 §5.2"),
    ({}, {"client_id": "web-app", "client_secret": "wrong"}, 401, "invalid_client",
     "RFC 6749 §2.3.1"),
    ({"auth": WEB}, {"client_secret": WEB[1]}, 400, "invalid_request", "RFC 6749 §2.3"),
    ({"auth": WEB}, {"client_id": "native-app"}, 400, "invalid_request", "RFC 6749 §2.3.1"),
    ({"headers": {"authorization": "Bearer x"}}, {}, 401, "invalid_client", "RFC 6749 §2.3.1"),
    ({"headers": {"authorization": "Basic *"}}, {}, 401, "invalid_client", "RFC 7617 §2"),
    ({"headers": {"authorization": "Basic eHh4"}}, {}, 401, "invalid_client", "RFC 7617 §2"),
    ({"auth": WEB}, {}, 400, "invalid_request", "RFC 6749 §3.2"),
    ({"auth": WEB}, {"grant_type": ""}, 400, "invalid_request", "RFC 6749 §3.2"),
    ({"auth": WEB}, {"grant_type": "magic"}, 400, "unsupported_grant_type", "RFC 6749 §5.2"),
    ({"auth": WEB}, {"grant_type": "password"}, 400, "unsupported_grant_type",
     "RFC 9700 §2.4"),
    ({"auth": WEB}, {"grant_type": "implicit"}, 400, "unsupported_grant_type",
     "RFC 6749 §5.2"),
    ({}, {**NATIVE, "grant_type": "client_credentials"}, 400, "unauthorized_client",
     "RFC 6749 §5.2"),
    ({}, {**TV, "grant_type": "authorization_code"}, 400, "unauthorized_client",
     "RFC 6749 §5.2"),
    ({"auth": WEB}, {"grant_type": "authorization_code"}, 400, "invalid_request",
     "RFC 6749 §3.2"),
    ({"auth": WEB}, {"grant_type": "authorization_code", "code": "guessed"}, 400,
     "invalid_grant", "RFC 6749 §5.2"),
    ({"auth": WEB}, {"grant_type": "refresh_token"}, 400, "invalid_request", "RFC 6749 §3.2"),
    ({"auth": WEB}, {"grant_type": "refresh_token", "refresh_token": "x"}, 400,
     "invalid_grant", "RFC 6749 §5.2"),
    ({"auth": WEB}, {"grant_type": "client_credentials", "scope": "no.such"}, 400,
     "invalid_scope", "RFC 6749 §3.3"),
    ({"auth": WEB}, {"grant_type": "client_credentials", "scope": "openid"}, 400,
     "invalid_scope", "RFC 6749 §4.4"),
    ({"auth": WEB}, {"grant_type": "client_credentials", "resource": "https://evil.example"},
     400, "invalid_target", "RFC 8707 §2"),
    ({}, {**TV, "grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 400,
     "invalid_request", "RFC 6749 §3.2"),
    ({}, {**TV, "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
          "device_code": "x"}, 400, "invalid_grant", "RFC 8628 §3.5"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "what", "status", "error", "rule"), REFUSED)
def test_refusals(who: Any, what: dict[str, str], status: int, error: str, rule: str) -> None:
    party = Party()
    answer = party.machine.post("/token", data=what, **who)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert party.rule() == rule
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    if status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic realm=")


def test_only_post_and_only_forms() -> None:
    party = Party()
    refused = party.machine.get("/token")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    answer = party.machine.post("/token", json={"grant_type": "authorization_code"}, auth=WEB)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    twice = party.machine.post(
        "/token", content="grant_type=password&grant_type=password", auth=WEB,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert twice.json()["error"] == "invalid_request"
    many = party.post("/token", **{f"p{number}": "x" for number in range(70)})
    assert many.json()["error"] == "invalid_request"
    huge = party.post("/token", code="x" * 70_000)
    assert (huge.status_code, huge.json()["error"]) == (413, "invalid_request")


def test_parameters_in_the_query_count_for_nothing() -> None:
    party = Party()
    answer = party.machine.post("/token?grant_type=client_credentials", auth=WEB)
    assert answer.json()["error"] == "invalid_request"


def test_descriptions_hold_what_the_standard_lets_them_hold() -> None:
    answer = Party().post("/token", grant_type='"\\\n€')
    assert answer.json()["error_description"] == "???? is not offered here"


def test_a_code_becomes_tokens() -> None:
    party = Party()
    answer = party.redeem(party.code(scope="openid profile photos.read", nonce="n-1"))
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"
    tokens = answer.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 300)
    access = claims(tokens["access_token"])
    assert header(tokens["access_token"])["typ"] == "at+jwt"
    assert access | {"jti": "", "sub": ""} == {
        "iss": ISSUER, "aud": API, "client_id": "web-app", "scope": "openid profile photos.read",
        "iat": int(party.now), "exp": int(party.now) + 300, "auth_time": int(party.now),
        "jti": "", "sub": "",
    }  # fmt: skip
    person = claims(tokens["id_token"])
    assert header(tokens["id_token"])["typ"] == "JWT"
    assert (person["aud"], person["nonce"]) == ("web-app", "n-1")
    assert person["sub"] == access["sub"]
    assert person["at_hash"] == at_hash(tokens["access_token"])


def test_without_openid_there_is_no_id_token() -> None:
    assert "id_token" not in Party().tokens(scope="photos.read")


MISMATCHES: list[tuple[dict[str, str], str]] = [
    ({"redirect_uri": ""}, "RFC 6749 §4.1.3"),
    ({"redirect_uri": CALLBACK + "/"}, "RFC 6749 §4.1.3"),
    ({"code_verifier": ""}, "RFC 7636 §4.6"),
    ({"code_verifier": "short"}, "RFC 7636 §4.1"),
    ({"code_verifier": "é" * 43}, "RFC 7636 §4.1"),
    ({"code_verifier": VERIFIER[:-1] + "x"}, "RFC 7636 §4.6"),
]


@pytest.mark.parametrize(("change", "rule"), MISMATCHES)
def test_a_code_is_bound_to_its_request(change: dict[str, str], rule: str) -> None:
    party = Party()
    code = party.code()
    answer = party.redeem(code, **change)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert party.rule() == rule
    assert party.redeem(code).status_code == 200  # whoever guessed has not used it up


def test_a_code_is_bound_to_its_client() -> None:
    party = Party()
    code = party.code()
    other = ("opaque-app", SECRETS["opaque-app"])
    assert party.redeem(code, auth=other).json()["error"] == "invalid_grant"
    assert party.rule() == "RFC 6749 §4.1.3"
    assert party.redeem(code, auth=None, client_id="native-app").json()["error"] == "invalid_grant"


def test_a_code_expires() -> None:
    party = Party()
    code = party.code()
    party.now += 60
    assert party.redeem(code).json()["error"] == "invalid_grant"


def test_a_code_used_twice_takes_its_tokens_back() -> None:
    party = Party()
    code = party.code()
    tokens = party.redeem(code).json()
    assert party.active(tokens["access_token"])
    assert party.redeem(code).json()["error"] == "invalid_grant"
    assert party.rule() == "RFC 6749 §4.1.2"
    assert not party.active(tokens["access_token"])
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert party.events("oauth.revoked")[0]["tokens"] == 2


def test_a_verifier_without_a_challenge_tells_of_a_downgrade() -> None:
    party = Party()
    code = party.code(code_challenge="", code_challenge_method="")
    assert party.redeem(code).json()["error"] == "invalid_grant"
    assert party.rule() == "RFC 9700 §4.8.2"
    assert party.redeem(code, code_verifier="").status_code == 200


def test_resources_are_those_of_the_request_or_fewer() -> None:
    party = Party()
    given = {"response_type": "code", "client_id": "web-app", "redirect_uri": CALLBACK,
             "scope": "photos.read"}  # fmt: skip
    page = party.browser.get("/authorize", params=[*given.items(), ("resource", API),
                                                   ("resource", FILES)])  # fmt: skip
    code = query(party.approve(party.log_in(page)))["code"]
    refused = party.redeem(code, code_verifier="", resource="https://evil.example")
    assert refused.json()["error"] == "invalid_target"
    tokens = party.redeem(code, code_verifier="", resource=FILES).json()
    assert claims(tokens["access_token"])["aud"] == FILES
    both = party.refresh(tokens["refresh_token"]).json()
    assert claims(both["access_token"])["aud"] == [API, FILES]
    again = party.refresh(both["refresh_token"], resource="https://evil.example")
    assert again.json()["error"] == "invalid_target"


def test_basic_credentials_are_form_encoded_first() -> None:
    party = Party()
    id, secret = (quote(each, safe="").replace("-", "%2D") for each in WEB)
    pair = b64encode(f"{id}:{secret}".encode()).decode()
    answer = party.machine.post(
        "/token", data={"grant_type": "client_credentials"},
        headers={"authorization": f"basic {pair}"},
    )  # fmt: skip
    assert answer.status_code == 200


def test_a_secret_may_come_in_the_form() -> None:
    party = Party()
    data = {"grant_type": "client_credentials", "client_id": WEB[0], "client_secret": WEB[1]}
    assert party.machine.post("/token", data=data).status_code == 200


def test_a_client_for_itself() -> None:
    party = Party()
    tokens = party.post("/token", grant_type="client_credentials", scope="photos.write").json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope"}
    told = claims(tokens["access_token"])
    assert (told["sub"], told["client_id"]) == ("web-app", "web-app")
    assert "auth_time" not in told


def test_opaque_tokens_by_client_and_by_setting() -> None:
    party = Party()
    other = ("opaque-app", SECRETS["opaque-app"])
    token = party.post("/token", auth=other, grant_type="client_credentials").json()
    assert "." not in token["access_token"]
    party = Party({"access_tokens": "opaque"})
    token = party.post("/token", grant_type="client_credentials").json()
    assert "." not in token["access_token"]
    assert party.active(token["access_token"])


def test_the_password_grant_is_for_show() -> None:
    party = Party({"protections": {"no_password": False}})

    def ask(**more: str) -> Any:
        return party.post("/token", grant_type="password", **more).json()

    tokens = ask(username="bob", password="correct horse", scope="openid photos.read")
    assert tokens.keys() >= {"access_token", "refresh_token", "id_token"}
    assert ask(username="bob", password="wrong")["error"] == "invalid_grant"
    assert party.rule() == "RFC 6749 §4.3.2"
    assert ask(username="bob")["error"] == "invalid_request"


def test_no_token_stands_in_the_journal() -> None:
    party = Party()
    tokens = party.tokens(nonce="a nonce that is rather long")
    party.refresh(tokens["refresh_token"])
    party.active(tokens["access_token"])
    told = json.dumps(party.told)
    secrets = [tokens["access_token"], tokens["refresh_token"], tokens["id_token"], VERIFIER,
               WEB[1], "correct horse"]  # fmt: skip
    assert [secret for secret in secrets if secret in told] == []


def test_the_journal_says_what_the_server_holds() -> None:
    party = Party()
    party.code()
    assert party.events("oauth.holds")[-1]["codes"] == 1
    party.tokens(scope="openid photos.read photos.write")
    holds = party.events("oauth.holds")[-1]
    assert (holds["codes"], holds["access_tokens"], holds["refresh_tokens"]) == (1, 1, 1)
    party.now += 301
    party.post("/revoke", token="nothing")
    holds = party.events("oauth.holds")[-1]
    assert (holds["codes"], holds["access_tokens"], holds["refresh_tokens"]) == (0, 0, 1)
