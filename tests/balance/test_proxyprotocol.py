"""The PROXY protocol's octets, and whether HAProxy and nginx read them as we mean them."""

import pytest

from netlab.balance.proxyprotocol import LOCAL, SIGNATURE, header


def test_ipv4_by_hand() -> None:
    """§2.2: signature, version 2 and PROXY, TCP over IPv4, 12 octets, addresses, ports."""
    assert header(("192.0.2.1", 4660), ("198.51.100.2", 443)) == (
        b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x02\x12\x34\x01\xbb"
    )


def test_ipv6_has_the_family_and_length_of_ipv6() -> None:
    made = header(("2001:db8::1", 1), ("2001:db8::2", 2))
    assert made[12:16] == b"\x21\x21\x00\x24"
    assert len(made) == 16 + 36


def test_a_check_tells_of_nobody() -> None:
    """§2.2: version 2 and LOCAL, no family, no octets of addresses."""
    assert LOCAL == b"\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00"


def test_a_mapped_address_is_ipv4_all_the_same() -> None:
    plain = header(("192.0.2.1", 5), ("198.51.100.2", 6))
    assert header(("::ffff:192.0.2.1", 5), ("::ffff:198.51.100.2", 6)) == plain


def test_two_families_become_the_wider_one() -> None:
    made = header(("192.0.2.1", 5), ("2001:db8::2%eth0", 6))
    assert made[13:14] == b"\x21"
    assert made[16:32] == bytes(10) + b"\xff\xff\xc0\x00\x02\x01"
    assert made.startswith(SIGNATURE)


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError):
        header(("localhost", 1), ("127.0.0.1", 2))
