"""Every protection: what it stops, and that without it the attack works, the others standing."""

from typing import Any

import pytest

from netlab.lab.oauth.protections import NAMES, RULES, Protections
from netlab.lab.oauth.settings import Settings, legacy
from tests.lab.oauth.party import CALLBACK, VERIFIER, WEB, Party, query

NATIVE = {"client_id": "native-app"}
NO_CHALLENGE = {"code_challenge": "", "code_challenge_method": ""}


def without(*names: str, **more: Any) -> Party:
    return Party({"protections": dict.fromkeys(names, False), **more})


def test_each_has_a_rule() -> None:
    assert set(RULES) == set(NAMES)
    assert all(getattr(Protections(), name) for name in NAMES)


def test_an_intercepted_code_is_worth_nothing_with_pkce() -> None:
    party = Party()
    code = party.code(**NATIVE)
    stolen = party.redeem(code, auth=None, code_verifier="", **NATIVE)
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    assert party.rule() == "RFC 7636 §4.6"


def test_an_intercepted_code_is_worth_all_without() -> None:
    party = without("pkce", "require_pkce")
    code = party.code(**NATIVE, **NO_CHALLENGE)
    assert party.redeem(code, auth=None, code_verifier="", **NATIVE).status_code == 200
    party = without("pkce")  # a challenge is then a parameter that nobody knows
    code = party.code(**NATIVE)
    assert party.redeem(code, auth=None, code_verifier="", **NATIVE).status_code == 200


def test_pkce_must_be_used_by_public_clients() -> None:
    refused = Party().ask(**NATIVE, **NO_CHALLENGE)
    assert query(refused)["error"] == "invalid_request"
    party = without("require_pkce")
    code = party.code(**NATIVE, **NO_CHALLENGE)
    assert party.redeem(code, auth=None, code_verifier="", **NATIVE).status_code == 200


def test_the_downgrade_of_a_challenge_that_was_stripped_on_the_way() -> None:
    party = without("require_pkce", "refuse_verifier_without_challenge")
    code = party.code(**NATIVE, **NO_CHALLENGE)
    assert party.redeem(code, auth=None, code_verifier=VERIFIER, **NATIVE).status_code == 200
    party = without("require_pkce")
    code = party.code(**NATIVE, **NO_CHALLENGE)
    assert party.redeem(code, auth=None, **NATIVE).json()["error"] == "invalid_grant"
    assert party.rule() == "RFC 9700 §4.8.2"


def test_a_redirect_uri_that_only_begins_like_a_registered_one() -> None:
    evil = "https://client.example.org.evil.example/callback"
    for party, status in ((Party(), 400), (without("exact_redirect"), 200)):
        wanted = {"redirect_uris": ["https://client.example.org"]}
        id = party.machine.post("/register", json=wanted).json()["client_id"]
        page = party.ask(client_id=id, redirect_uri=evil)
        assert page.status_code == status
        if status == 200:
            answer = party.approve(party.log_in(page))
            assert answer.headers["location"].startswith(f"{evil}?code=")


def test_prefixes_do_not_split_the_answer() -> None:
    party = without("exact_redirect")
    answer = party.ask(redirect_uri=f"{CALLBACK}\r\nset-cookie: a=b")
    assert (answer.status_code, "location" in answer.headers) == (400, False)
    assert party.ask(redirect_uri="https://evil.example/").status_code == 400


def test_a_code_that_serves_for_ever() -> None:
    party = without("single_use_code")
    code = party.code()
    first = party.redeem(code).json()
    assert party.redeem(code).status_code == 200
    assert party.active(first["access_token"])
    party.now += 60
    assert party.redeem(code).json()["error"] == "invalid_grant"  # for its lifetime


def test_a_wider_scope_on_refresh() -> None:
    party = without("scope")
    token = party.tokens(scope="photos.read")["refresh_token"]
    assert party.refresh(token, scope="photos.write").json()["scope"] == "photos.write"


def test_without_iss_the_answer_could_be_anyone_s() -> None:
    party = without("iss")
    assert "iss" not in query(party.approve(party.log_in(party.ask())))
    assert "iss" not in query(party.ask(scope="no.such"))


def test_legacy_offers_what_should_not_be_used_any_more() -> None:
    off = [name for name in NAMES if not getattr(legacy().protections, name)]
    assert off == ["no_implicit", "no_password"]


def test_to_set_is_to_forget_but_for_keys_and_people() -> None:
    party = Party()
    tokens = party.tokens()
    kid = party.machine.get("/jwks").json()
    party.site.set({"protections": {"rotation": False}})
    assert party.machine.get("/jwks").json() == kid
    assert party.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert 'action="/login"' in party.ask().text
    again = party.tokens()
    assert party.refresh(again["refresh_token"]).json()["refresh_token"] == again["refresh_token"]
    told = party.site.set({"protections": {}, "access_lifetime": 5})
    assert (told["off"], told["access_lifetime"]) == ("", 5.0)
    assert party.tokens()["expires_in"] == 5
    assert party.post("/token", auth=WEB, grant_type="client_credentials").status_code == 200


@pytest.mark.parametrize(
    "wanted",
    [
        {"protections": {"magic": False}}, {"protections": {"pkce": 0}}, {"protections": "pkce"},
        {"mode": "guess"}, {"access_tokens": "paper"}, {"access_lifetime": 0},
        {"access_lifetime": "5"}, {"access_lifetime": float("nan")}, {"code_lifetime": True},
        {"device_interval": 1e9}, {"colour": "red"}, {"mode": ["jwt"]},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"is|there|one by one|lies"):
        Settings().with_(wanted)
