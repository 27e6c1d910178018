"""A host in every spelling that people, and those who would deceive them, type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.errors import Exit, NetlabError
from netlab.experiments.trace.hostname import hostname, ipv4


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.0.0.1", "127.0.0.1"),
        ("0X7F000001", "127.0.0.1"),
        ("0177.0.0.01", "127.0.0.1"),
        ("0x.0", "0.0.0.0"),
        ("1.2.3.4.", "1.2.3.4"),
        ("www.example.com", None),
        ("1.example", None),
        ("0xg", None),
    ],
)
def test_numbers_are_addresses_as_in_the_whatwg_standard(typed: str, address: str | None) -> None:
    assert ipv4(typed) == address


@pytest.mark.parametrize("typed", ["256.1.1.1", "1.2.3.4.5", "4294967296", "08.1", "foo.1", "1..1"])
def test_what_ends_in_a_number_and_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(NetlabError) as caught:
        hostname(typed)
    assert caught.value.exit is Exit.USAGE


@pytest.mark.parametrize(
    ("typed", "host", "unicode"),
    [
        ("WWW.Example.COM", "www.example.com", None),
        ("bücher.example", "xn--bcher-kva.example", "bücher.example"),
        ("faß.de", "xn--fa-hia.de", "faß.de"),
        ("한국.kr", "xn--3e0b707e.kr", "한국.kr"),
        ("ｇｏｏｇｌｅ.com", "google.com", None),
        ("www。example。com", "www.example.com", None),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", "bücher.example"),
        ("b%C3%BCcher.example", "xn--bcher-kva.example", "bücher.example"),
        ("i❤.ws", "xn--i-7iq.ws", "i❤.ws"),
        ("xn--i-7iq.ws", "xn--i-7iq.ws", "i❤.ws"),
        ("a_b.example", "a_b.example", None),
        ("example.com.", "example.com.", None),
    ],
)
def test_both_spellings(typed: str, host: str, unicode: str | None) -> None:
    found = hostname(typed)
    assert (found.host, found.unicode) == (host, unicode)


@pytest.mark.parametrize(
    ("typed", "warnings"),
    [
        ("gооgle.com", ("mixed-script",)),  # two Cyrillic letters
        ("аррӏе.com", ("lookalike",)),  # all of them
        ("xn--80ak6aa92e.com", ("lookalike",)),
        ("яндекс.рф", ()),
        ("東京タワー.jp", ()),
        ("bücher.example", ()),
        ("한국han.kr", ()),
    ],
)
def test_names_made_to_deceive_are_told(typed: str, warnings: tuple[str, ...]) -> None:
    assert hostname(typed).warnings == warnings


@pytest.mark.parametrize(
    ("typed", "address"),
    [("[::1]", "::1"), ("[2001:DB8:0:0::1]", "2001:db8::1"), ("[::ffff:1.2.3.4]", None)],
)
def test_an_ipv6_address_stands_in_brackets(typed: str, address: str | None) -> None:
    found = hostname(typed)
    assert found.literal == found.host
    assert address in (None, found.host)


@pytest.mark.parametrize(
    "typed",
    ["", ".", "a..b", ".a", "a b", "a<b", "a%2Fb", "[::1", "[::g]", "[fe80::1%eth0]", "%ff.com",
     "a" * 64, ".".join(["a" * 60] * 5), "\u200b", "é" * 300, "a\x00b", "xn--\u00fc"],
)  # fmt: skip
def test_what_can_be_no_host_is_refused_in_words(typed: str) -> None:
    with pytest.raises(NetlabError) as caught:
        hostname(typed)
    assert caught.value.exit is Exit.USAGE
    assert len(caught.value.what) < 300


@given(st.text(max_size=80))
def test_no_text_makes_it_fall_over(text: str) -> None:
    try:
        found = hostname(text)
    except NetlabError:
        return
    assert found.host.isascii()
    assert found.host == found.host.lower()
    # What came out is stable: it means itself.
    again = hostname(f"[{found.host}]" if ":" in found.host else found.host)
    assert again.host == found.host
