"""The device grant: a television waits, its person decides on another device."""

from typing import Any

import httpx
import pytest

from tests.lab.oauth.party import ISSUER, Party, hidden

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
TV = {"client_id": "tv"}


def start(party: Party, **more: str) -> dict[str, Any]:
    answer = party.post("/device_authorization", auth=None, **TV, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def poll(party: Party, code: str) -> httpx.Response:
    return party.post("/token", auth=None, grant_type=GRANT, device_code=code, **TV)


def error(party: Party, code: str) -> str:
    answer = poll(party, code)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def enter(party: Party, typed: str, url: str = "/device") -> httpx.Response:
    """The person at the verification page: login where it is asked for, then the code."""
    page = party.browser.get(url)
    if 'action="/login"' in page.text:
        page = party.log_in(page)
    return party.browser.post("/device", data=hidden(page) | {"user_code": typed})


def test_the_answer_has_all_that_the_device_must_show() -> None:
    told = start(Party())
    assert told["verification_uri"] == f"{ISSUER}/device"
    assert told["verification_uri_complete"] == f"{ISSUER}/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (600, 5)
    assert len(told["user_code"]) == 9


def test_a_device_gets_what_its_person_approves() -> None:
    party = Party()
    told = start(party, scope="openid photos.read")
    assert error(party, told["device_code"]) == "authorization_pending"
    page = enter(party, told["user_code"].lower().replace("-", " "))
    assert told["user_code"] in page.text
    assert "Photos on TV" in page.text
    done = party.approve(page)
    assert (done.status_code, "may go on" in done.text) == (200, True)
    party.now += 5
    tokens = poll(party, told["device_code"]).json()
    assert tokens.keys() >= {"access_token", "refresh_token", "id_token"}
    assert party.active(tokens["access_token"])
    assert error(party, told["device_code"]) == "invalid_grant"  # once


def test_the_code_in_the_address_is_filled_in() -> None:
    party = Party()
    told = start(party)
    url = told["verification_uri_complete"]
    page = party.log_in(party.browser.get(url))
    assert f'value="{told["user_code"]}"' in page.text


def test_who_asks_too_fast_waits_longer_for_good() -> None:
    party = Party()
    code = start(party)["device_code"]
    assert error(party, code) == "authorization_pending"
    party.now += 4
    assert error(party, code) == "slow_down"
    party.now += 9  # ten are needed now
    assert error(party, code) == "slow_down"
    party.now += 15
    assert error(party, code) == "authorization_pending"
    party.now += 14
    assert error(party, code) == "slow_down"


def test_the_interval_is_a_setting() -> None:
    party = Party({"device_interval": 0.5})
    told = start(party)
    assert told["interval"] == 1
    assert error(party, told["device_code"]) == "authorization_pending"
    party.now += 0.5
    assert error(party, told["device_code"]) == "authorization_pending"


def test_deny_is_told_to_the_device() -> None:
    party = Party()
    told = start(party)
    done = party.approve(enter(party, told["user_code"]), decision="deny")
    assert "gets nothing" in done.text
    assert error(party, told["device_code"]) == "access_denied"
    assert party.rule() == "RFC 8628 §3.5"


def test_it_expires_for_the_device_and_for_the_person() -> None:
    party = Party()
    told = start(party)
    page = enter(party, told["user_code"])
    party.now += 600
    assert error(party, told["device_code"]) == "expired_token"
    assert enter(party, told["user_code"]).status_code == 403
    assert party.approve(page).status_code == 400
    party.now += 601
    assert error(party, told["device_code"]) == "invalid_grant"


def test_a_code_is_the_device_s_own() -> None:
    party = Party()
    code = start(party)["device_code"]
    made = party.machine.post("/register", json={"token_endpoint_auth_method": "none"}).json()
    answer = party.post("/token", auth=None, grant_type=GRANT, device_code=code,
                        client_id=made["client_id"])  # fmt: skip
    assert answer.json()["error"] == "invalid_grant"


def test_guessing_codes_ends_soon() -> None:
    party = Party()
    told = start(party)
    page = enter(party, "BBBB-BBBB")
    for _ in range(3):
        assert "No device waits" in page.text
        data = hidden(page) | {"user_code": "CCCC-CCCC"}
        page = party.browser.post("/device", data=data)
    data = hidden(page)
    assert party.browser.post("/device", data=data | {"user_code": "x"}).status_code == 403
    answer = party.browser.post("/device", data=data | {"user_code": told["user_code"]})
    assert answer.status_code == 400


def test_a_decided_code_is_not_asked_about_again() -> None:
    party = Party()
    told = start(party)
    one, two = enter(party, told["user_code"]), enter(party, told["user_code"])
    party.approve(one)
    assert party.approve(two, decision="deny").status_code == 400
    assert enter(party, told["user_code"]).status_code == 403
    assert poll(party, told["device_code"]).status_code == 200


def test_nothing_is_decided_before_the_code_is_typed() -> None:
    party = Party()
    page = party.log_in(party.browser.get("/device"))
    data = hidden(page) | {"decision": "approve", "scope": "photos.read"}
    assert party.browser.post("/consent", data=data).status_code == 400
    interaction = hidden(page)["interaction"]
    assert party.browser.get(f"/consent?interaction={interaction}").status_code == 400


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"client_id": "native-app"}, "unauthorized_client"),
        ({"client_id": "tv", "scope": "photos.write"}, "invalid_scope"),
        ({"client_id": "tv", "resource": "https://evil.example"}, "invalid_target"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
def test_who_may_not_start(given: dict[str, str], code: str) -> None:
    answer = Party().post("/device_authorization", auth=None, **given)
    assert answer.json()["error"] == code
