"""What the address bar makes of what is typed, rule by rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import Exit, NetlabError
from netlab.experiments.trace.typed import fallen_back, list_date, parse, redirected


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("weather", "single-word"),
        ("how does dns work", "has-space"),
        ("what is tcp/ip", "has-space"),
        ("tcp/ip model", "has-space"),
        ("note: buy milk", "has-space"),
        ("?www.example.com", "question-mark"),
        ("someone@example.com", "mail-address"),
        ("3.14", "number"),
        ("42", "number"),
        ("a,b.c", "not-a-host"),
        ("/etc/hosts", "single-word"),
    ],
)
def test_a_search_and_the_rule_that_says_so(text: str, rule: str) -> None:
    typed = parse(text)
    assert (typed.kind, typed.rule) == ("search", rule)


@pytest.mark.parametrize(
    ("text", "rule", "url", "source"),
    [
        ("www.google.com", "dotted-name", "https://www.google.com/", "https-first"),
        ("  www.google.com\n", "dotted-name", "https://www.google.com/", "https-first"),
        ("http://www.google.com", "scheme-typed", "http://www.google.com/", "typed"),
        ("HTTPS://Example.COM", "scheme-typed", "https://example.com/", "typed"),
        ("https:example.com", "scheme-typed", "https://example.com/", "typed"),
        ("https:\\\\example.com\\a", "scheme-typed", "https://example.com/a", "typed"),
        ("localhost", "localhost", "http://localhost/", "plain-by-rule"),
        ("localhost:3000", "localhost", "http://localhost:3000/", "plain-by-rule"),
        ("app.localhost/x", "dotted-name", "http://app.localhost/x", "plain-by-rule"),
        ("intranet:8080", "port-typed", "http://intranet:8080/", "plain-by-rule"),
        ("intranet/", "path-typed", "http://intranet/", "plain-by-rule"),
        ("example.com:8443/a", "port-typed", "http://example.com:8443/a", "plain-by-rule"),
        ("example.com:443", "port-typed", "https://example.com/", "https-first"),
        ("127.0.0.1", "ip-literal", "http://127.0.0.1/", "plain-by-rule"),
        ("127.0.0.1:8000/x", "ip-literal", "http://127.0.0.1:8000/x", "plain-by-rule"),
        ("[::1]", "ip-literal", "http://[::1]/", "plain-by-rule"),
        ("[2001:db8::1]:8080/a", "ip-literal", "http://[2001:db8::1]:8080/a", "plain-by-rule"),
        ("2001:db8::1", "ip-literal", "http://[2001:db8::1]/", "plain-by-rule"),
        ("https://[::1]:8443/", "scheme-typed", "https://[::1]:8443/", "typed"),
        ("paypal.com", "dotted-name", "https://paypal.com/", "hsts-preload"),
        ("http://paypal.com", "scheme-typed", "https://paypal.com/", "hsts-preload"),
        ("http://paypal.com:80/", "scheme-typed", "https://paypal.com/", "hsts-preload"),
        ("http://paypal.com:81/", "scheme-typed", "https://paypal.com:81/", "hsts-preload"),
        ("example.com?q=1", "dotted-name", "https://example.com/?q=1", "https-first"),
        ("example.com/a b", "dotted-name", "https://example.com/a%20b", "https-first"),
        ("http://example.com/ä/%C3%A4?ö#ü", "scheme-typed",
         "http://example.com/%C3%A4/%C3%A4?%C3%B6#%C3%BC", "typed"),
        ("http://example.com/a/../b/./c/..", "scheme-typed", "http://example.com/b/", "typed"),
        ("http://example.com/%2e%2E/x", "scheme-typed", "http://example.com/x", "typed"),
        ("http://example.com:", "scheme-typed", "http://example.com/", "typed"),
        ("http://example.com:080/", "scheme-typed", "http://example.com/", "typed"),
    ],
)  # fmt: skip
def test_a_url_its_rule_and_its_scheme(text: str, rule: str, url: str, source: str) -> None:
    typed = parse(text)
    assert (typed.kind, typed.rule, typed.url, typed.scheme_source) == ("url", rule, url, source)
    assert parse(typed.url).url == typed.url


@pytest.mark.parametrize(
    "text",
    ["", "   ", "file:///etc/passwd", "mailto:a@example.com", "ftp://example.com/", "wss://a.b/",
     "javascript:alert(1)", "about:blank", "http://", "http://:80", "https:///", "www..example.com",
     "example.com:0", "example.com:65536", "example.com:99999999999", "http://a b/",
     "http://a:b:c/", "exa\x1bmple.com", "example.com/\x00", "a\nb.com", "\ud800.com",
     "a" * 100_000, "http://" + "a." * 3000, "http://[::1", "http://[::1]x/", "http://256.1.1.1/"],
)  # fmt: skip
def test_what_nothing_can_be_made_of_is_a_usage_error(text: str) -> None:
    with pytest.raises(NetlabError) as caught:
        parse(text)
    assert caught.value.exit is Exit.USAGE
    assert caught.value.where == "Address bar"
    assert len(caught.value.what) < 300


def test_the_fragment_is_never_sent() -> None:
    typed = parse("https://example.com/a?b#c")
    assert typed.fragment == "c"
    assert typed.request_target == "/a?b"


def test_the_authority_names_the_port_only_where_it_is_not_the_schemes_own() -> None:
    assert parse("https://example.com:443/").authority == "example.com"
    assert parse("http://example.com:443/").authority == "example.com:443"
    assert parse("http://[::1]:81/").authority == "[::1]:81"


def test_what_was_defaulted_is_listed() -> None:
    assert parse("example.com").defaulted == ("scheme", "port", "path")
    assert parse("https://example.com:443/").defaulted == ()


def test_only_an_unforced_https_may_fall_back() -> None:
    assert parse("example.com").may_fall_back
    for text in ("https://example.com", "paypal.com", "example.com:443", "http://example.com"):
        assert not parse(text).may_fall_back
    plain = fallen_back(parse("example.com/a"))
    assert plain.url == "http://example.com/a"
    assert (plain.scheme_source, plain.may_fall_back) == ("fallback", False)


def test_the_preload_list_is_dated_by_its_package() -> None:
    year, month = list_date().split("-")
    assert int(year) >= 2025
    assert 1 <= int(month) <= 12


@pytest.mark.parametrize(
    ("base", "location", "url"),
    [
        ("http://a.example/b/c?q", "https://d.example/", "https://d.example/"),
        ("http://a.example/b/c?q", "/x", "http://a.example/x"),
        ("http://a.example/b/c?q", "x", "http://a.example/b/x"),
        ("http://a.example/b/c?q", "../x", "http://a.example/x"),
        ("http://a.example/b/c?q", "?y", "http://a.example/b/c?y"),
        ("https://a.example/b", "//c.example/d", "https://c.example/d"),
        ("https://a.example/b#f", "/c", "https://a.example/c#f"),
        ("https://a.example/b#f", "/c#g", "https://a.example/c#g"),
        ("http://a.example:81/b", "/c", "http://a.example:81/c"),
        ("https://a.example/", "HTTP://B.example", "http://b.example/"),
        ("https://a.example/", "/ä b", "https://a.example/%C3%A4%20b"),
        ("https://a.example/b", "", "https://a.example/b"),
        ("https://a.example/", "http://intranet", "http://intranet/"),
    ],
)
def test_a_location_is_read_against_the_url_that_gave_it(
    base: str, location: str, url: str
) -> None:
    target = redirected(parse(base), location)
    assert (target.url, target.rule, target.scheme_source) == (url, "redirect", "redirect")


def test_a_redirect_to_a_preloaded_host_is_made_https_by_the_browser() -> None:
    target = redirected(parse("http://a.example"), "http://paypal.com/x")
    assert (target.url, target.scheme_source) == ("https://paypal.com/x", "hsts-preload")


@pytest.mark.parametrize(
    "location", ["javascript:alert(1)", "ftp://a/", "http://[::1", "http://", "\x1b[2J", "a" * 9000]
)
def test_a_location_that_leads_nowhere_is_the_servers_fault(location: str) -> None:
    with pytest.raises(NetlabError) as caught:
        redirected(parse("https://a.example/"), location)
    assert caught.value.exit is Exit.HTTP


@given(st.text(max_size=200))
def test_no_text_makes_the_parser_fall_over(text: str) -> None:
    try:
        typed = parse(text)
    except NetlabError:
        return
    if typed.kind == "url":
        assert typed.url.isascii()
        assert parse(typed.url).url == typed.url


@given(st.text(alphabet="abc.:/?#@[]%\\ 01xäж。", max_size=30), st.text(max_size=30))
def test_nor_does_what_looks_like_a_url(start: str, end: str) -> None:
    base = parse("https://a.example/b")
    for redirect in (False, True):
        try:
            typed = redirected(base, start + end) if redirect else parse(start + end)
        except NetlabError:
            continue
        if typed.kind == "url":
            assert 0 < typed.port < 65536
            assert parse(typed.url).url == typed.url
