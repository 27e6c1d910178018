"""Dynamic registration and pushed requests."""

from typing import Any

import pytest

from netlab.lab.oauth import clients
from tests.lab.oauth.party import CALLBACK, ISSUER, PKCE, VERIFIER, WEB, Party, query

HTTPS = {"redirect_uris": [CALLBACK]}


def test_a_client_learns_all_that_it_was_registered_with() -> None:
    answer = Party().machine.post("/register", json={**HTTPS, "client_name": "Mine"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert told["client_id"]
    assert len(told["client_secret"]) >= 43
    assert told["client_secret_expires_at"] == 0
    assert told["client_name"] == "Mine"
    assert told["token_endpoint_auth_method"] == "client_secret_basic"
    assert told["redirect_uris"] == [CALLBACK]
    assert told["response_types"] == ["code"]
    assert set(told["grant_types"]) == {
        "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
    }  # fmt: skip


def test_what_was_registered_works() -> None:
    party = Party()
    made = party.machine.post("/register", json=HTTPS).json()
    client = (made["client_id"], made["client_secret"])
    code = party.code(client_id=client[0])
    tokens = party.redeem(code, auth=client).json()
    assert party.refresh(tokens["refresh_token"], auth=client).status_code == 200


def test_a_public_client_has_no_secret() -> None:
    party = Party()
    wanted = {**HTTPS, "token_endpoint_auth_method": "none"}
    told = party.machine.post("/register", json=wanted).json()
    assert "client_secret" not in told
    code = party.code(client_id=told["client_id"])
    assert party.redeem(code, auth=None, client_id=told["client_id"]).status_code == 200


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1/cb", "http://[::1]:9/cb", "http://localhost:8080/cb",
        "http://app.localhost:8080/cb", "com.example.app:/cb", "https://a.example/cb?x=1",
    ],
)  # fmt: skip
def test_redirect_uris_that_can_be_registered(uri: str) -> None:
    assert Party().machine.post("/register", json={"redirect_uris": [uri]}).status_code == 201


WRONG: list[tuple[Any, str]] = [
    ([], "invalid_client_metadata"),
    ({"redirect_uris": "https://a.example/"}, "invalid_client_metadata"),
    ({"redirect_uris": [1]}, "invalid_client_metadata"),
    ({"redirect_uris": ["/cb"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://a.example/#x"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://a.example/#"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["http://a.example/"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https:///cb"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://a.example:x/"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://a.example/\n"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://한국.example/"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["data:text/html,x"]}, "invalid_redirect_uri"),
    ({"redirect_uris": ["https://a.example/" + "x" * 1000]}, "invalid_redirect_uri"),
    ({"redirect_uris": [f"https://a.example/{number}" for number in range(11)]},
     "invalid_redirect_uri"),
    ({"grant_types": ["authorization_code"]}, "invalid_redirect_uri"),
    ({**HTTPS, "grant_types": ["client_credentials"]}, "invalid_client_metadata"),
    ({**HTTPS, "grant_types": ["password"]}, "invalid_client_metadata"),
    ({**HTTPS, "grant_types": ["implicit"]}, "invalid_client_metadata"),
    ({**HTTPS, "response_types": ["token"]}, "invalid_client_metadata"),
    ({**HTTPS, "grant_types": ["refresh_token"], "response_types": ["code"]},
     "invalid_client_metadata"),
    ({**HTTPS, "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
    ({**HTTPS, "token_endpoint_auth_method": 1}, "invalid_client_metadata"),
    ({**HTTPS, "client_name": "x" * 101}, "invalid_client_metadata"),
    ({**HTTPS, "client_name": "a\x1b[2Jb"}, "invalid_client_metadata"),
    ({**HTTPS, "scope": '"'}, "invalid_client_metadata"),
    ({**HTTPS, "id_token_signed_response_alg": "none"}, "invalid_client_metadata"),
]  # fmt: skip


@pytest.mark.parametrize("wanted", WRONG, ids=lambda wanted: str(WRONG.index(wanted)))
def test_metadata_that_are_refused(wanted: tuple[Any, str]) -> None:
    party = Party()
    answer = party.machine.post("/register", json=wanted[0])
    assert (answer.status_code, answer.json()["error"]) == (400, wanted[1])
    assert answer.headers["cache-control"] == "no-store"
    assert party.events("oauth.registered") == []


def test_only_json() -> None:
    party = Party()
    for content, kind in [("{", "application/json"), ("a=b", "text/plain"), ("[" * 9000, None)]:
        headers = {"content-type": kind or "application/json"}
        answer = party.machine.post("/register", content=content, headers=headers)
        assert answer.json()["error"] == "invalid_client_metadata"


def test_there_is_room_for_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MOST", 1)
    party = Party()
    assert party.machine.post("/register", json=HTTPS).status_code == 201
    assert party.machine.post("/register", json=HTTPS).status_code == 503


def test_implicit_may_be_registered_where_it_is_offered() -> None:
    party = Party({"protections": {"no_implicit": False}})
    wanted = {**HTTPS, "grant_types": ["implicit"], "response_types": ["token"]}
    assert party.machine.post("/register", json=wanted).status_code == 201


PUSHED = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "photos.read",
          "state": "pushed", **PKCE}  # fmt: skip


def test_a_pushed_request_is_used_once() -> None:
    party = Party()
    answer = party.post("/par", **PUSHED)
    assert (answer.status_code, answer.json()["expires_in"]) == (201, 60)
    given = {"client_id": WEB[0], "request_uri": answer.json()["request_uri"]}
    assert given["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    page = party.browser.get("/authorize", params={**given, "scope": "openid photos.write"})
    told = query(party.approve(party.log_in(page)))
    assert (told["state"], told["iss"]) == ("pushed", ISSUER)
    tokens = party.redeem(told["code"], code_verifier=VERIFIER).json()
    assert tokens["scope"] == "photos.read"  # what was pushed, and nothing from the address
    assert party.browser.get("/authorize", params=given).status_code == 400


def test_a_pushed_request_is_its_client_s_and_expires() -> None:
    party = Party()
    uri = party.post("/par", **PUSHED).json()["request_uri"]
    answer = party.browser.get("/authorize", params={"client_id": "tv", "request_uri": uri})
    assert (answer.status_code, party.rule()) == (400, "RFC 9126 §4")
    uri = party.post("/par", **PUSHED).json()["request_uri"]
    party.now += 60
    answer = party.browser.get("/authorize", params={"client_id": WEB[0], "request_uri": uri})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"request_uri": "urn:x"}, 400, "invalid_request"),
        ({"redirect_uri": "https://evil.example/"}, 400, "invalid_request"),
        ({"scope": "no.such"}, 400, "invalid_scope"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, 400, "invalid_request"),
    ],
)
def test_a_push_is_refused_at_once(change: dict[str, str], status: int, error: str) -> None:
    answer = Party().post("/par", **{**PUSHED, **change})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_push_needs_its_client() -> None:
    party = Party()
    assert party.post("/par", auth=("web-app", "wrong"), **PUSHED).status_code == 401
    assert party.post("/par", auth=None, client_id="native-app", **PUSHED).status_code == 201
