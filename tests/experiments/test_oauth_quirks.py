"""What providers answer that the RFCs do not know, and what nobody should believe."""

import time

import pytest

from netlab.dissect.jwt import opened
from netlab.experiments.oauth.application import well_known
from netlab.experiments.oauth.presets import PRESETS
from netlab.experiments.oauth.refusing import refused
from netlab.experiments.oauth.speaking import fragment_of, query_of, said, told
from netlab.network import jose
from netlab.network.http1 import Reply
from netlab.network.jose import Wanted


def reply(body: str, kind: str = "application/json", status: int = 200) -> Reply:
    return Reply(status, "", (("Content-Type", kind),), body.encode())


def test_github_answers_with_a_form_and_errors_with_200() -> None:
    form = "application/x-www-form-urlencoded; charset=utf-8"
    good = said(reply("access_token=gho_x&scope=&token_type=bearer", form))
    assert (good["access_token"], good["token_type"]) == ("gho_x", "bearer")
    bad = reply("error=bad_verification_code&error_description=expired", form)
    stopped = refused("token endpoint", bad, said(bad))
    assert (stopped.error, stopped.why) == ("bad_verification_code", "expired")
    assert told(bad, "https://github.com/x") == "200 bad_verification_code"


def test_naver_writes_its_numbers_as_text() -> None:
    assert said(reply('{"access_token": "x", "expires_in": "3600"}'))["expires_in"] == "3600"


@pytest.mark.parametrize("body", ["", "[]", "null", "{", "<p>", "[" * 100_000, '"x"'])
def test_what_is_no_object_says_nothing(body: str) -> None:
    assert said(reply(body)) == {}
    assert "no answer of OAuth" in refused("token endpoint", reply(body), {}).why


def test_parameters_come_once_and_are_bounded() -> None:
    assert query_of("https://a.example/?code=1&code=2") == {"code": "1"}
    assert query_of("https://a.example/?" + "a=1&" * 1000) == {}
    assert fragment_of("https://a.example/#access_token=x&y=") == {"access_token": "x", "y": ""}


def test_descriptions_are_looked_for_in_two_places() -> None:
    assert well_known("https://a.example/tenant/") == (
        "https://a.example/.well-known/oauth-authorization-server/tenant",
        "https://a.example/tenant/.well-known/openid-configuration",
    )


def test_every_preset_has_a_way_in() -> None:
    for preset in PRESETS.values():
        assert preset.issuer.startswith("https://")
        found = preset.metadata
        assert not found or {"authorization_endpoint", "token_endpoint", "issuer"} <= set(found)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ("abc", "no JWT"),
        ("e30.e30.", "of no name"),
        ("eyJhbGciOiJub25lIn0.e30.", "none"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.AAAA", "HS256"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "no such key"),
        (f"{'a' * 70_000}.e30.e30", "no JWT"),
        ("W10.e30.e30", "no JWT"),
    ],
)
def test_a_token_that_cannot_be_verified_is_not(token: str, why: str) -> None:
    verdict = jose.verify(token, {"keys": []}, Wanted("https://a.example", "me", time.time()))
    assert (verdict.verified, why in verdict.why) == (False, True), verdict.why
    opened(token)  # and raises nothing
