"""Login and consent: what a person sees, and what nobody can do in their name."""

import re

import httpx
import pytest

from tests.lab.oauth.party import CALLBACK, Party, hidden, query


def test_pages_load_nothing_and_are_framed_by_nobody() -> None:
    party = Party()
    page = party.ask()
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "<script" not in page.text
    assert page.text.count("<label>") == 2
    assert '<html lang="en">' in page.text


def test_the_cookie_is_of_this_host_alone_and_hidden_from_scripts() -> None:
    cookie = Party().ask().headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


def test_a_login_ends_in_303_and_a_session_of_a_new_name() -> None:
    party = Party()
    page = party.ask()
    before = dict(party.browser.cookies)
    words = {"username": "Alice ", "password": "correct horse"}
    answer = party.browser.post("/login", data=hidden(page) | words)
    assert answer.status_code == 303
    assert dict(party.browser.cookies) != before
    party.browser.cookies.clear()
    party.browser.cookies.update(before)
    assert party.browser.get(answer.headers["location"]).status_code == 400
    assert party.rule() == "RFC 6749 §10.12"


@pytest.mark.parametrize(("user", "password"), [("alice", "wrong"), ("nobody", "correct horse")])
def test_nobody_is_told_which_half_was_wrong(user: str, password: str) -> None:
    party = Party()
    answer = party.log_in(party.ask(), user, password)
    assert answer.status_code == 403
    assert "The name or the password is wrong." in answer.text
    assert 'role="alert"' in answer.text
    assert user not in answer.text.replace("lab", "")
    assert party.events("oauth.login") == [{"outcome": "wrong", "user": "", "by": "person"}]


def test_after_some_wrong_passwords_one_has_to_start_anew() -> None:
    party = Party()
    page = party.ask()
    for _ in range(4):
        page = party.log_in(page, "alice", "wrong")
        assert 'action="/login"' in page.text
    page = party.log_in(page, "alice", "wrong")
    assert (page.status_code, "/login" in page.text) == (403, False)


def test_a_wrong_password_may_be_put_right() -> None:
    party = Party()
    page = party.log_in(party.ask(), "alice", "wrong")
    assert "code" in query(party.approve(party.log_in(page)))


@pytest.mark.parametrize("change", [{"csrf": "0" * 64}, {"csrf": ""}, {"csrf": "é"}])
def test_a_form_that_is_not_ours_is_refused(change: dict[str, str]) -> None:
    party = Party()
    data = hidden(party.ask()) | {"username": "alice", "password": "correct horse"}
    answer = party.browser.post("/login", data=data | change)
    assert answer.status_code == 403
    assert party.events("oauth.login") == []


def test_a_form_of_another_browser_is_refused() -> None:
    party = Party()
    data = hidden(party.ask()) | {"username": "alice", "password": "correct horse"}
    assert party.client().post("/login", data=data).status_code == 400
    other = party.client()
    other.get("/device")  # it has a session of its own
    assert other.post("/login", data=data).status_code == 400


def test_consent_cannot_be_had_without_a_login() -> None:
    party = Party()
    page = party.ask()
    interaction = hidden(page)["interaction"]
    assert party.browser.get(f"/consent?interaction={interaction}").status_code == 400
    data = hidden(page) | {"decision": "approve", "scope": "photos.read"}
    assert party.browser.post("/consent", data=data).status_code == 400
    assert party.events("oauth.consent") == []


def test_deny_goes_back_to_the_client() -> None:
    party = Party()
    answer = party.approve(party.log_in(party.ask()), decision="deny")
    assert answer.status_code == 303
    assert query(answer)["error"] == "access_denied"
    assert party.events("oauth.consent")[0]["decision"] == "denied"


def test_less_can_be_granted_than_was_asked_for_and_never_more() -> None:
    party = Party()
    page = party.log_in(party.ask(scope="openid photos.read"))
    answer = party.approve(page, "photos.read", "photos.write")
    assert party.redeem(query(answer)["code"]).json()["scope"] == "photos.read"


def test_to_approve_of_nothing_is_to_deny() -> None:
    party = Party()
    answer = party.approve(party.log_in(party.ask()), "none.of.these")
    assert query(answer)["error"] == "access_denied"


def test_a_decision_is_made_once() -> None:
    party = Party()
    page = party.log_in(party.ask())
    party.approve(page)
    assert party.approve(page).status_code == 400


def test_a_confidential_client_is_remembered_and_a_public_one_is_not() -> None:
    party = Party()
    party.code()
    assert party.ask().status_code == 302  # an answer at once
    assert 'action="/consent"' in party.ask(scope="openid photos.read photos.write").text
    assert 'action="/consent"' in party.ask(prompt="consent").text
    party.code(client_id="native-app")
    assert 'action="/consent"' in party.ask(client_id="native-app").text
    refused = query(party.ask(client_id="native-app", prompt="none"))
    assert refused["error"] == "consent_required"
    assert "code" in query(party.ask(prompt="none"))


def test_a_login_may_be_asked_for_again() -> None:
    party = Party()
    party.code()
    assert 'action="/login"' in party.ask(prompt="login").text
    party.now += 100
    assert 'action="/login"' in party.ask(max_age="99").text
    assert party.ask(max_age="101").status_code == 302
    page = party.ask(prompt="login")
    answer = party.log_in(page)
    assert "code" in query(answer)  # consented before, and not asked again


def test_the_hint_is_filled_in_and_harmless() -> None:
    page = Party().ask(login_hint='"><b>bob')
    assert 'value="&quot;&gt;&lt;b&gt;bob"' in page.text


def test_a_client_s_name_is_only_a_name() -> None:
    party = Party()
    wanted = {"redirect_uris": [CALLBACK], "client_name": "<img src=x>"}
    id = party.machine.post("/register", json=wanted).json()["client_id"]
    page = party.ask(client_id=id)
    assert "&lt;img src=x&gt; asks for access" in page.text
    assert "&lt;img src=x&gt;" in party.log_in(page).text


def test_pages_expire() -> None:
    party = Party()
    page = party.ask()
    party.now += 601
    assert party.log_in(page).status_code == 400


def test_a_consent_page_shows_where_the_answer_goes() -> None:
    party = Party()
    page = party.log_in(party.ask())
    assert f"<code>{CALLBACK}</code>" in page.text
    assert re.findall(r"<legend>(.*?)</legend>", page.text) == ["It may"]


def test_too_large_a_form_is_refused() -> None:
    party = Party()
    answer: httpx.Response = party.browser.post("/login", data={"username": "x" * 70_000})
    assert answer.status_code == 413
