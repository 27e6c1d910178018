"""`netlab oauth walkthrough`, whole commands in the lab."""

import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab

STEPS = [
    "oauth.register", "oauth.ask", "oauth.redirect", "oauth.login", "oauth.consent", "oauth.code",
    "oauth.token", "oauth.obtained", "oauth.use",
]  # fmt: skip


@pytest.fixture(scope="module")
def walked() -> Ran:
    return netlab("oauth", "walkthrough", "--json")


def facts(ran: Ran, step: str) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in ran.records("fact") if f["step"] == step}


def parameters(ran: Ran, step: str) -> dict[str, str]:
    return {row["name"]: row["value"] for row in facts(ran, step)["oauth.parameters"]}


def test_its_nine_steps_are_chapters_and_end_with_the_photos(walked: Ran) -> None:
    assert walked.code == Exit.OK, walked.err
    assert [step["id"] for step in walked.records("step")] == STEPS
    assert "Han river at dusk" in facts(walked, "oauth.use")["oauth.photos"]


def right(ran: Ran, step: str) -> str:
    """The choice that is right for this chapter's question, in this run."""
    (asked,) = [one for one in ran.records("question") if one["step"] == step]
    return str(asked["choices"][asked["answer"]])


def test_each_chapter_can_be_predicted(walked: Ran) -> None:
    assert [one["step"] for one in walked.records("question")] == STEPS
    assert right(walked, "oauth.code").startswith("a code")
    assert right(walked, "oauth.token") == "the code_verifier and the secret"


def test_what_was_sent_off_comes_back_and_fits(walked: Ran) -> None:
    asked, back = parameters(walked, "oauth.redirect"), parameters(walked, "oauth.code")
    redeemed = parameters(walked, "oauth.token")
    assert asked["response_type"] == "code"
    assert (back["state"], back["iss"]) == (asked["state"], "https://auth.example.com")
    assert redeemed["code"] == back["code"]
    digest = hashlib.sha256(redeemed["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]


def test_who_speaks_with_whom_is_who_should(walked: Ran) -> None:
    """Password and code go through the browser, token and secret never do."""
    messages = walked.records("message")
    token = parameters(walked, "oauth.obtained")["access_token"]
    seen: dict[str, set[str]] = {"password": set(), "token": set(), "code": set()}
    words = {"password": "correct+horse", "token": token,
             "code": parameters(walked, "oauth.code")["code"]}  # fmt: skip
    for one in messages:
        wire = base64.b64decode(one["wire"]).decode("utf-8", "replace")
        for name, word in words.items():
            if word in wire:
                seen[name] |= {one["sender"], one["receiver"]}
    assert seen == {
        "password": {"browser", "as"},
        "token": {"client", "as", "rs"},
        "code": {"browser", "as", "client"},
    }


def test_the_token_is_opened_and_its_signature_checked(walked: Ran) -> None:
    found = facts(walked, "oauth.obtained")
    assert (found["jwt.alg"], found["jwt.verified"]) == ("RS256", True)
    claims = {row["name"]: row["value"] for row in found["jwt.claims"]}
    assert (claims["aud"], claims["scope"]) == ("https://api.example.com", "photos.read")
    assert (found["oauth.expires_in"], found["oauth.scope"]) == (300, "photos.read")


def test_every_role_says_what_it_has(walked: Ran) -> None:
    rows = {row["role"]: row["holds"] for row in facts(walked, "oauth.use")["oauth.holds"]}
    assert "an access token" in rows["the application"]
    assert "1 access token" in rows["the authorization server"]
    assert "token" not in rows["the browser"]
    assert rows["the owner"] == "a password"


def test_openid_connect_says_who_it_is() -> None:
    ran = netlab("oauth", "walkthrough", "--oidc", "--user", "bob", "--json")
    assert ran.code == Exit.OK, ran.err
    found = facts(ran, "oidc.identity")
    assert (found["jwt.verified"], found["oidc.nonce_matches"]) == (True, True)
    assert found["oidc.same_sub"] is True
    assert found["oidc.sub"].startswith("bob-")


def test_without_pkce_no_challenge_goes_out() -> None:
    ran = netlab("oauth", "walkthrough", "--no-pkce", "--json")
    assert ran.code == Exit.OK, ran.err
    assert "code_challenge" not in parameters(ran, "oauth.redirect")
    assert "code_verifier" not in parameters(ran, "oauth.token")
    assert right(ran, "oauth.token") == "the application's secret"


def test_an_owner_who_says_no() -> None:
    ran = netlab("oauth", "walkthrough", "--deny", "--json")
    assert (ran.code, facts(ran, "oauth.code")["oauth.error"]) == (Exit.HTTP, "access_denied")
    assert [step["id"] for step in ran.records("step")][-1] == "oauth.code"
    assert right(ran, "oauth.code").startswith("an error")
    plain = netlab("oauth", "walkthrough", "--deny")
    assert "The owner said no." in plain.out


@pytest.mark.parametrize(
    ("words", "error", "step"),
    [
        (("--scope", "photos.eat"), "invalid_scope", "oauth.code"),
        (("--user", "mallory"), "refused", "oauth.login"),
    ],
)
def test_what_cannot_be_is_told_where_it_ends(
    words: tuple[str, ...], error: str, step: str
) -> None:
    ran = netlab("oauth", "walkthrough", *words, "--json")
    assert ran.code == Exit.HTTP, ran.out
    assert error in (json.dumps(facts(ran, step)) + json.dumps(ran.records("finding")))
    assert [one["severity"] for one in ran.records("finding")] == ["fault"]


def test_an_owner_may_allow_less_than_was_asked() -> None:
    ran = netlab("oauth", "walkthrough", "--scope", "photos.read photos.write", "--allow",
                 "photos.read", "--json")  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert facts(ran, "oauth.obtained")["oauth.scope"] == "photos.read"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("typed", "code", "scope"),
    [("\n", Exit.OK, "photos.read photos.write"), ("n\n", Exit.HTTP, None),
     ("photos.read\n", Exit.OK, "photos.read")],
)  # fmt: skip
def test_at_a_terminal_the_person_decides(
    typed: str, code: Exit, scope: str | None, tmp_path: Path
) -> None:
    import pty

    kept = tmp_path / "kept.json"
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "netlab", "oauth", "walkthrough", "--scope",
         "photos.read photos.write", "--save", str(kept)],
        stdin=follower, stderr=follower, stdout=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        os.close(follower)
        told = b""
        while b"scopes to allow: " not in told:
            told += os.read(leader, 4096)
        os.write(leader, typed.encode())
        with contextlib.suppress(OSError):  # the other end is closed
            while os.read(leader, 4096):
                pass
        assert process.wait(20) == code
    os.close(leader)
    records = json.loads(kept.read_text(encoding="utf-8"))["records"]
    found = [one["value"] for one in records if one.get("name") == "oauth.scope"]
    assert found == ([] if scope is None else [scope])
