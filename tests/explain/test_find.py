"""A page is found by whatever a learner types."""

import unicodedata

import pytest

from netlab.explain.find import find


@pytest.mark.parametrize(
    ("term", "topic"),
    [
        ("dns.lookup", "dns.lookup"),
        ("2/dns.delegation", "dns.delegation"),
        ("again/1/tls", "tls"),
        ("again/2/tls.certificate", "tls.certificate"),
        ("Happy Eyeballs", "happy-eyeballs"),
        ("  HAPPY_EYEBALLS ", "happy-eyeballs"),
        ("Where the time went", "journey"),
        ("도메인 네임 서버", "dns.lookup"),
        ("캐시", "caching"),
        ("인증서", "tls.certificate"),
        ("핸드셰이크", "tcp"),
        ("리다이렉트", "redirects"),
        ("쿠키", "cookies"),
        ("www.google.com 을 주소창에서 입력하면 일어나는 일", "journey"),
        (unicodedata.normalize("NFD", "인증서"), "tls.certificate"),
    ],
)
def test_found(term: str, topic: str) -> None:
    page = find(term).page
    assert page is not None
    assert page.topic == topic


@pytest.mark.parametrize(
    ("term", "topic"),
    [("happy eyebals", "happy-eyeballs"), ("쿠기", "cookies"), ("delegatoin", "dns.delegation")],
)
def test_a_slip_is_met_with_a_suggestion(term: str, topic: str) -> None:
    found = find(term)
    assert found.page is None
    assert found.suggestions[0] == topic


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("what is a CNAME?", "cname"),
        ("what are cookies", "cookies"),
        ("why is TTFB slow", "ttfb"),
        ("쿠키란", "cookies"),
        ("웹소켓이 뭐야", "websocket"),
        ("권한위임이란", "oauth"),
        ("해피아이볼", "happy-eyeballs"),
        ("소켓 아이오", "socketio"),
        (unicodedata.normalize("NFD", "인증서가 뭐예요"), "tls.certificate"),
    ],
)
def test_a_question_that_holds_one_term_leads_to_it(question: str, topic: str) -> None:
    page = find(question).page
    assert page is not None
    assert page.topic == topic


@pytest.mark.parametrize(
    ("word", "topic"),
    [
        ("인증", "oidc.identity"),
        ("implicit", "grant.implicit"),
        ("password", "grant.password"),
        ("refresh", "grant.rotation"),
        ("device", "grant.device"),
        ("async", "io.axes"),
        ("thread", "io.model.threads"),
        ("polling", "ws.cost"),
        ("fallback", "socketio.fallback"),
        ("HTML5", "websocket"),
    ],
)
def test_the_bare_word_of_a_newcomer_leads_to_what_is_meant(word: str, topic: str) -> None:
    page = find(word).page
    assert page is not None
    assert page.topic == topic


def test_a_question_that_holds_two_terms_offers_both() -> None:
    found = find("how is Socket.IO different from WebSocket?")
    assert found.page is None
    assert found.suggestions == ("socketio", "websocket")


def test_a_word_is_no_term_because_it_holds_one() -> None:
    """`ca` is a name of the trust anchor's, and no part of `cat` or `a.ca.b`."""
    assert find("ca").page is not None
    assert find("my cat").page is None
    assert find("my a.ca.b").page is None


@pytest.mark.parametrize("term", ["", "zzzzqqqq", "x" * 5000, "\x1b[31m", "../../errors", "2/"])
def test_nothing_is_found_for_nonsense(term: str) -> None:
    found = find(term)
    assert found.page is None


def test_an_unknown_language_has_no_pages() -> None:
    assert find("tcp", "xx").page is None
