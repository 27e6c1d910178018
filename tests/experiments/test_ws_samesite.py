"""Which cookies go along, by draft-ietf-httpbis-rfc6265bis §5.8.3."""

import pytest

from netlab.experiments.websocket.samesite import Cookie, SameSite, goes_along, read, site

APP = "https://app.example.com"


@pytest.mark.parametrize(
    ("kind", "initiator", "along"),
    [
        ("Strict", APP, True),
        ("Strict", "https://evil.app.example.com", True),
        ("Strict", "https://app.example.com:8443", True),
        ("Strict", "http://app.example.com", False),
        ("Strict", "https://evil.example.net", False),
        ("Lax", "https://other.example.com", True),
        ("Lax", "https://evil.example.net", False),
        ("None", "https://evil.example.net", True),
    ],
)
def test_a_site_is_scheme_and_domain(kind: SameSite, initiator: str, along: bool) -> None:
    assert goes_along(Cookie("a=b", "app.example.com", True, kind), initiator, APP) is along


def test_a_cookie_goes_to_its_own_host_over_its_own_scheme() -> None:
    cookie = Cookie("a=b", "app.example.com", True, "None")
    assert not goes_along(cookie, APP, "https://other.example.com")
    assert not goes_along(cookie, APP, "http://app.example.com")
    assert not goes_along(Cookie("a=b", "app.example.com", False, "None"), "https://x.example", APP)


def test_set_cookie_is_read_and_lax_when_nothing_is_said() -> None:
    cookie = read("a=b; Path=/; Secure; HttpOnly; SameSite=strict", "h")
    assert cookie == Cookie("a=b", "h", True, "Strict")
    assert read("a=b", "h") == Cookie("a=b", "h", False, "Lax")
    assert read("a=b; SameSite=odd", "h").same_site == "Lax"


def test_browsers_that_block_third_party_cookies_send_none_across_sites() -> None:
    cookie = Cookie("a=b", "app.example.com", True, "None")
    assert not goes_along(cookie, "https://evil.example.net", APP, third_party=False)
    assert goes_along(cookie, "https://evil.app.example.com", APP, third_party=False)


def test_a_port_is_no_part_of_a_site() -> None:
    assert site("https://a.example.com:8443") == ("https", "example.com")
