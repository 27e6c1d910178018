"""Introspection, revocation, userinfo, and what the server says of itself."""

import pytest

from netlab.lab.oauth.clients import SECRETS
from tests.lab.oauth.party import API, ISSUER, WEB, Party

SERVER = ("files-server", SECRETS["files-server"])


def test_a_resource_server_may_ask_about_any_access_token() -> None:
    party = Party()
    tokens = party.tokens()
    answer = party.post("/introspect", auth=SERVER, token=tokens["access_token"])
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told | {"sub": "", "jti": ""} == {
        "active": True, "client_id": "web-app", "sub": "", "scope": "openid photos.read",
        "exp": int(party.now) + 300, "iat": int(party.now), "iss": ISSUER, "username": "alice",
        "token_type": "Bearer", "jti": "", "aud": API,
    }  # fmt: skip
    refresh = party.post("/introspect", auth=SERVER, token=tokens["refresh_token"])
    assert refresh.json() == {"active": False}


def test_a_client_may_ask_about_its_own_alone() -> None:
    party = Party()
    tokens = party.tokens()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert party.active(token, WEB)
        assert not party.active(token, ("opaque-app", SECRETS["opaque-app"]))


def test_of_a_dead_token_nothing_else_is_said() -> None:
    party = Party()
    token = party.tokens()["access_token"]
    party.now += 300
    answer = party.post("/introspect", auth=SERVER, token=token)
    assert (answer.status_code, answer.json()) == (200, {"active": False})
    assert party.post("/introspect", auth=SERVER, token="guessed").json() == {"active": False}


@pytest.mark.parametrize(
    ("who", "given", "status", "error"),
    [
        (("files-server", "wrong"), {"token": "x"}, 401, "invalid_client"),
        (None, {"token": "x"}, 401, "invalid_client"),
        (None, {"token": "x", "client_id": "native-app"}, 401, "invalid_client"),
        (SERVER, {}, 400, "invalid_request"),
    ],
)
def test_who_may_not_ask(who: object, given: dict[str, str], status: int, error: str) -> None:
    answer = Party().post("/introspect", auth=who, **given)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_revoked_access_token_ends_alone() -> None:
    party = Party()
    tokens = party.tokens()
    answer = party.post("/revoke", token=tokens["access_token"], token_type_hint="refresh_token")
    assert (answer.status_code, answer.content) == (200, b"")
    assert not party.active(tokens["access_token"])
    assert party.refresh(tokens["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_takes_all_along() -> None:
    party = Party()
    tokens = party.tokens()
    assert party.post("/revoke", token=tokens["refresh_token"]).status_code == 200
    assert not party.active(tokens["access_token"])
    answer = party.refresh(tokens["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"
    assert party.post("/revoke", token=tokens["refresh_token"]).status_code == 200


def test_revocation_of_nothing_and_of_others_tokens() -> None:
    party = Party()
    token = party.tokens()["access_token"]
    assert party.post("/revoke", token="guessed").status_code == 200
    other = ("opaque-app", SECRETS["opaque-app"])
    assert party.post("/revoke", auth=other, token=token).json()["error"] == "invalid_grant"
    assert party.active(token)
    assert party.post("/revoke").json()["error"] == "invalid_request"
    assert party.post("/revoke", auth=None, token=token).status_code == 401


def test_a_public_client_may_revoke_its_own() -> None:
    party = Party()
    code = party.code(client_id="native-app")
    tokens = party.redeem(code, auth=None, client_id="native-app").json()
    answer = party.post(
        "/revoke", auth=None, client_id="native-app", token=tokens["access_token"]
    )  # fmt: skip
    assert answer.status_code == 200
    assert not party.active(tokens["access_token"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_goes_as_far_as_the_scope(method: str) -> None:
    party = Party()
    token = party.tokens(scope="openid email photos.read")["access_token"]
    answer = party.machine.request(
        method, "/userinfo", headers={"authorization": f"Bearer {token}"}
    )  # fmt: skip
    told = answer.json()
    assert told | {"sub": ""} == {"sub": "", "email": "alice@example.com", "email_verified": True}
    assert answer.headers["cache-control"] == "no-store"
    token = party.tokens(scope="openid profile")["access_token"]
    told = party.machine.get("/userinfo", headers={"authorization": f"bearer {token}"}).json()
    assert (told["name"], told["preferred_username"]) == ("Alice Liddell", "alice")


def test_userinfo_refuses_as_rfc_6750_says() -> None:
    party = Party()
    answer = party.machine.get("/userinfo")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (
        401, 'Bearer realm="netlab lab"',
    )  # fmt: skip
    query = party.machine.get("/userinfo?access_token=x")
    assert "error" not in query.headers["www-authenticate"]
    wrong = party.machine.get("/userinfo", headers={"authorization": "Bearer x"})
    assert 'error="invalid_token"' in wrong.headers["www-authenticate"]
    token = party.tokens(scope="photos.read")["access_token"]
    narrow = party.machine.get("/userinfo", headers={"authorization": f"Bearer {token}"})
    assert narrow.status_code == 403
    assert 'error="insufficient_scope"' in narrow.headers["www-authenticate"]
    assert 'scope="openid"' in narrow.headers["www-authenticate"]


def test_metadata_at_both_places() -> None:
    party = Party()
    one = party.machine.get("/.well-known/oauth-authorization-server").json()
    two = party.machine.get("/.well-known/openid-configuration").json()
    assert one == two
    assert one["issuer"] == ISSUER
    assert one["code_challenge_methods_supported"] == ["S256"]
    assert one["authorization_response_iss_parameter_supported"] is True
    assert "implicit" not in one["grant_types_supported"]
    assert one["response_types_supported"] == ["code"]
    endpoints = [value for name, value in one.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 9
    for url in endpoints:
        assert party.machine.get(url).status_code != 404


def test_metadata_promise_no_protection_that_is_off() -> None:
    party = Party({"protections": {"pkce": False, "iss": False, "no_implicit": False}})
    told = party.machine.get("/.well-known/oauth-authorization-server").json()
    assert "code_challenge_methods_supported" not in told
    assert told["authorization_response_iss_parameter_supported"] is False
    assert "implicit" in told["grant_types_supported"]


def test_the_key_set_holds_nothing_private() -> None:
    (key,) = Party().machine.get("/jwks").json()["keys"]
    assert key.keys() == {"kty", "n", "e", "use", "alg", "kid"}


def test_the_first_page_says_what_it_is() -> None:
    page = Party().browser.get("/")
    assert "authorization server" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
