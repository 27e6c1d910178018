"""Refresh: rotation, reuse, and what a refresh token cannot be stretched to."""

import pytest

from netlab.lab.oauth.clients import SECRETS
from tests.lab.oauth.party import Party


def test_each_refresh_token_serves_once() -> None:
    party = Party()
    first = party.tokens()
    second = party.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    third = party.refresh(second["refresh_token"]).json()
    assert party.active(third["access_token"])


def test_one_used_again_ends_the_family_for_both() -> None:
    party = Party()
    first = party.tokens()
    other = party.tokens(scope="openid photos.read photos.write")
    second = party.refresh(first["refresh_token"]).json()
    answer = party.refresh(first["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert party.rule() == "RFC 9700 §4.14.2"
    assert party.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert not party.active(first["access_token"])
    assert not party.active(second["access_token"])
    assert party.active(other["access_token"])  # of another grant
    assert party.events("oauth.revoked")[0]["tokens"] == 3


def test_without_rotation_it_serves_for_ever() -> None:
    party = Party({"protections": {"rotation": False}})
    first = party.tokens()
    for _ in range(2):
        again = party.refresh(first["refresh_token"]).json()
        assert again["refresh_token"] == first["refresh_token"]
        assert party.active(again["access_token"])


def test_it_belongs_to_its_client() -> None:
    party = Party()
    token = party.tokens()["refresh_token"]
    stolen = party.refresh(token, auth=("opaque-app", SECRETS["opaque-app"]))
    assert stolen.json()["error"] == "invalid_grant"
    assert party.refresh(token, auth=None, client_id="native-app").status_code == 400
    assert party.refresh(token).status_code == 200  # and that was no reuse


def test_it_expires() -> None:
    party = Party({"refresh_lifetime": 100})
    token = party.tokens()["refresh_token"]
    party.now += 100
    assert party.refresh(token).json()["error"] == "invalid_grant"


def test_less_may_be_asked_for_and_later_all_again() -> None:
    party = Party()
    first = party.tokens(scope="openid photos.read photos.write")
    less = party.refresh(first["refresh_token"], scope="photos.read").json()
    assert (less["scope"], "id_token" in less) == ("photos.read", False)
    again = party.refresh(less["refresh_token"]).json()
    assert again["scope"] == "openid photos.read photos.write"


@pytest.mark.parametrize("scope", ["photos.read photos.write", "no.such"])
def test_more_may_not(scope: str) -> None:
    party = Party()
    token = party.tokens(scope="photos.read")["refresh_token"]
    answer = party.refresh(token, scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert party.rule() == "RFC 6749 §6"
    assert party.refresh(token).status_code == 200


def test_the_id_token_of_a_refresh_tells_of_the_first_login() -> None:
    from tests.lab.oauth.test_token import claims

    party = Party()
    first = party.tokens(nonce="n")
    party.now += 50
    second = party.refresh(first["refresh_token"]).json()
    was, now = claims(first["id_token"]), claims(second["id_token"])
    assert (now["sub"], now["auth_time"]) == (was["sub"], was["auth_time"])
    assert now["iat"] == was["iat"] + 50
