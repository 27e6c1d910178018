"""The authorization endpoint: what it refuses, where the refusal goes, and what it grants."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from netlab.lab.oauth.pkce import challenge_of
from tests.lab.oauth.party import (
    API,
    CALLBACK,
    FILES,
    ISSUER,
    PKCE,
    VERIFIER,
    Party,
    fragment,
    query,
)  # fmt: skip


def test_the_challenge_is_that_of_the_standard_s_example() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"client_id": ""}, "RFC 6749 §3.1"),
        ({"client_id": "nobody"}, "RFC 6749 §4.1.2.1"),
        ({"redirect_uri": ""}, "RFC 6749 §3.1.2.3"),
        ({"redirect_uri": "https://evil.example/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": CALLBACK + "/"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": CALLBACK + "?x=1"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": CALLBACK + "#x"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": CALLBACK.upper()}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "https://client.example.org:443/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "http://127.0.0.1:99999/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "http://localhost/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "http://x@127.0.0.1:80/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "http://127.0.0.1:80/callback/x"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "http://127.0.0.1.evil.example/callback"}, "RFC 9700 §4.1.3"),
        ({"redirect_uri": "\r\nx"}, "RFC 6749 §4.1.2.1"),
        ({"redirect_uri": "https://[::1/"}, "RFC 9700 §4.1.3"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:guessed"}, "RFC 9126 §4"),
    ],
)
def test_nobody_is_redirected_who_may_be_an_attacker(change: dict[str, str], rule: str) -> None:
    party = Party()
    answer = party.ask(**change)
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert answer.headers["content-type"].startswith("text/html")
    assert party.rule() == rule


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_who_is_to_be_told_stands_once(name: str) -> None:
    party = Party()
    pairs = [("response_type", "code"), ("client_id", "web-app"), ("redirect_uri", CALLBACK)]
    value = dict(pairs)[name]
    answer = party.browser.get("/authorize", params=[*pairs, (name, value)])
    assert (answer.status_code, "location" in answer.headers) == (400, False)


REFUSED: list[tuple[dict[str, str], str, str]] = [
    ({"response_type": ""}, "invalid_request", "RFC 6749 §3.1"),
    ({"response_type": "token"}, "unsupported_response_type", "RFC 9700 §2.1.2"),
    ({"response_type": "code token"}, "unsupported_response_type", "RFC 6749 §4.1.2.1"),
    ({"response_type": "id_token"}, "unsupported_response_type", "RFC 6749 §4.1.2.1"),
    ({"response_mode": "fragment"}, "invalid_request",
     "OAuth 2.0 Multiple Response Types §2.1"),
    ({"scope": "photos.read no.such"}, "invalid_scope", "RFC 6749 §3.3"),
    ({"scope": 'photos.read "'}, "invalid_scope", "RFC 6749 §3.3"),
    ({"scope": "photos.read  openid"}, "invalid_scope", "RFC 6749 §3.3"),
    ({"code_challenge_method": "plain"}, "invalid_request", "RFC 7636 §4.4.1"),
    ({"code_challenge_method": ""}, "invalid_request", "RFC 7636 §4.4.1"),
    ({"code_challenge_method": "S512"}, "invalid_request", "RFC 7636 §4.4.1"),
    ({"code_challenge": "short"}, "invalid_request", "RFC 7636 §4.2"),
    ({"code_challenge": ""}, "invalid_request", "RFC 7636 §4.3"),
    ({"client_id": "native-app", "code_challenge": "", "code_challenge_method": ""},
     "invalid_request", "RFC 9700 §2.1.1"),
    ({"resource": "https://evil.example"}, "invalid_target", "RFC 8707 §2"),
    ({"resource": f"{API}#x"}, "invalid_target", "RFC 8707 §2"),
    ({"prompt": "none login"}, "invalid_request", "OpenID Connect Core §3.1.2.1"),
    ({"prompt": "dance"}, "invalid_request", "OpenID Connect Core §3.1.2.1"),
    ({"prompt": "none"}, "login_required", "OpenID Connect Core §3.1.2.6"),
    ({"max_age": "soon"}, "invalid_request", "OpenID Connect Core §3.1.2.1"),
    ({"max_age": "-1"}, "invalid_request", "OpenID Connect Core §3.1.2.1"),
    ({"max_age": "nan"}, "invalid_request", "OpenID Connect Core §3.1.2.1"),
    ({"request": "e30.e30."}, "request_not_supported", "OpenID Connect Core §3.1.2.6"),
    ({"nonce": "n" * 1001}, "invalid_request", "RFC 6749 §4.1.2.1"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "error", "rule"), REFUSED)
def test_everything_else_the_client_is_told(change: Any, error: str, rule: str) -> None:
    party = Party()
    answer = party.ask(**change)
    assert answer.status_code == 302
    told = fragment(answer) if "token" in change.get("response_type", "") else query(answer)
    assert answer.headers["location"][len(CALLBACK)] in "?#"
    assert answer.headers["location"].startswith(CALLBACK)
    assert (told["error"], told["state"], told["iss"]) == (error, "xyz", ISSUER)
    assert party.rule() == rule


@pytest.mark.parametrize("name", ["state", "scope", "code_challenge"])
def test_a_parameter_that_stands_twice_is_refused(name: str) -> None:
    party = Party()
    pairs = {"response_type": "code", "client_id": "web-app", "redirect_uri": CALLBACK,
             "state": "xyz", "scope": "openid", **PKCE}  # fmt: skip
    answer = party.browser.get("/authorize", params=[*pairs.items(), (name, "again")])
    assert query(answer)["error"] == "invalid_request"


def test_a_client_asks_for_nothing_that_it_is_not_registered_for() -> None:
    party = Party()
    given = {"response_type": "code", "client_id": "tv"}
    assert party.browser.get("/authorize", params=given).status_code == 400
    wanted = {"redirect_uris": [CALLBACK], "scope": "photos.read",
              "token_endpoint_auth_method": "none", "grant_types": ["refresh_token"]}  # fmt: skip
    id = party.machine.post("/register", json=wanted).json()["client_id"]
    assert query(party.ask(client_id=id))["error"] == "unauthorized_client"
    wanted["grant_types"] = ["authorization_code"]
    id = party.machine.post("/register", json=wanted).json()["client_id"]
    refused = query(party.ask(client_id=id, scope="photos.write"))
    assert refused["error"] == "invalid_scope"


@pytest.mark.parametrize("port", ["", ":1", ":65535"])
def test_a_native_app_takes_any_port_on_loopback(port: str) -> None:
    party = Party()
    for host in ("127.0.0.1", "[::1]"):
        uri = f"http://{host}{port}/callback"
        answer = party.ask(client_id="native-app", redirect_uri=uri)
        assert answer.status_code == 200
        assert 'action="/login"' in answer.text


def test_a_request_may_come_by_post() -> None:
    party = Party()
    given = {"response_type": "code", "client_id": "web-app", "redirect_uri": CALLBACK, **PKCE}
    assert 'action="/login"' in party.browser.post("/authorize", data=given).text
    answer = party.browser.post("/authorize", data={**given, "scope": "no.such"})
    assert answer.status_code == 303
    assert query(answer)["error"] == "invalid_scope"


def test_the_redirect_uri_keeps_its_own_query() -> None:
    party = Party()
    uri = "https://client.example.org/cb?from=lab"
    made = party.machine.post("/register", json={"redirect_uris": [uri]}).json()
    location = party.ask(
        client_id=made["client_id"], redirect_uri=uri, scope="no.such"
    ).headers["location"]  # fmt: skip
    assert parse_qsl(urlsplit(location).query)[0] == ("from", "lab")
    assert location.count("?") == 1


def test_a_redirect_uri_that_goes_without_saying_need_not_be_said_again() -> None:
    party = Party()
    made = party.machine.post("/register", json={"redirect_uris": [CALLBACK]}).json()
    client = (made["client_id"], made["client_secret"])
    code = party.code(client_id=client[0], redirect_uri="", scope="photos.read")
    answer = party.redeem(code, auth=client, redirect_uri="")
    assert answer.status_code == 200
    refused = query(
        party.browser.get("/authorize", params={
            "response_type": "code", "client_id": client[0], "scope": "openid",
        })
    )  # fmt: skip
    assert refused["error"] == "invalid_request"


def test_the_answer_says_who_gives_it() -> None:
    party = Party()
    page = party.log_in(party.ask())
    answer = party.approve(page)
    assert answer.status_code == 303
    told = query(answer)
    assert (told["state"], told["iss"]) == ("xyz", ISSUER)
    assert len(told["code"]) >= 43


def test_resources_and_the_default_scope() -> None:
    party = Party()
    answer = party.tokens(scope="", resource=FILES)
    assert answer["scope"] == "photos.read"
    issued = [e for e in party.events("oauth.issued") if e["what"] == "access_token"]
    assert [each["audience"] for each in issued] == [FILES]


def test_the_implicit_grant_is_for_show() -> None:
    party = Party({"protections": {"no_implicit": False}})
    given = {"response_type": "token", "client_id": "native-app"}
    page = party.log_in(party.ask(**given))
    answer = party.approve(page)
    told = fragment(answer)
    assert urlsplit(answer.headers["location"]).query == ""
    assert told.keys() == {"access_token", "token_type", "expires_in", "scope", "state", "iss"}
    assert party.active(told["access_token"])
    refused = party.ask(**given, scope="no.such")
    assert fragment(refused)["error"] == "invalid_scope"


def test_who_may_not_use_the_implicit_grant_is_told_in_the_fragment() -> None:
    party = Party({"protections": {"no_implicit": False}})
    answer = party.ask(response_type="token")
    assert fragment(answer)["error"] == "unauthorized_client"


def test_the_verifier_of_the_tests_is_one() -> None:
    assert 43 <= len(VERIFIER) <= 128
