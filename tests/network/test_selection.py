"""Address selection, held to the examples of RFC 6724 §10.2 and to this machine's kernel."""

import pytest

from netlab.network.selection import deciding, kernel_source, mapped, ordered, scope

# Each: the candidate sources are reduced to the one that goes with each destination, as §10.2
# itself does before it sorts.
EXAMPLES = [
    # destinations with their sources, in the order that §10.2 expects; the rule that decides
    ([("2001:db8:1::1", "2001:db8:1::2"), ("198.51.100.121", "169.254.13.78")], 2),
    ([("198.51.100.121", "198.51.100.117"), ("2001:db8:1::1", "fe80::1")], 2),
    ([("2001:db8:1::1", "2001:db8:1::2"), ("10.1.2.3", "10.1.2.4")], 6),
    ([("fe80::1", "fe80::2"), ("2001:db8:1::1", "2001:db8:1::2")], 8),
    ([("2002:c633:6401::1", "2002:c633:6401::2"), ("2001:db8:1::1", "fe80::2")], 2),
    ([("2001:db8:1::1", "2001:db8:1::2"), ("2002:c633:6401::1", "2002:c633:6401::2")], 6),
    # not of §10.2: what a machine with nothing but a local IPv6 address does
    ([("203.0.113.7", "192.168.7.20"), ("2001:db8::1", "fd77::20")], 5),
    ([("203.0.113.7", "192.168.7.20"), ("2001:db8::1", None)], 1),
    ([("2001:db8:1::1", "2001:db8:1::2"), ("2001:db8:3ffe::1", "2001:db8:1::2")], 9),
]


@pytest.mark.parametrize(("expected", "rule"), EXAMPLES)
def test_the_standards_own_examples(expected: list[tuple[str, str | None]], rule: int) -> None:
    sources = dict(expected)
    for given in (list(sources), list(sources)[::-1]):
        assert ordered(given, sources.get) == tuple(sources)
        assert deciding(given[0], given[1], sources.get).number == rule


def test_equals_stay_as_they_were_given() -> None:
    """Rule 10; among IPv4 addresses a resolver's turns are kept, whatever their bits are."""
    given = ("203.0.113.200", "192.0.2.1", "203.0.113.7")
    assert ordered(given, lambda _: "203.0.113.6") == given
    assert deciding(given[0], given[2], lambda _: "203.0.113.6").number == 10


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", 2), ("169.254.1.1", 2), ("10.1.2.3", 14), ("::1", 2), ("fe80::1%eth0", 2),
     ("fec0::1", 5), ("fd00::1", 14), ("ff05::1", 5), ("2001:db8::1", 14)],
)  # fmt: skip
def test_how_far_an_address_reaches(address: str, expected: int) -> None:
    assert scope(mapped(address)) == expected


def test_the_kernel_sends_to_loopback_from_loopback() -> None:
    assert kernel_source("127.0.0.1") == "127.0.0.1"


def test_where_no_way_leads_there_is_no_source() -> None:
    assert kernel_source("fe80::1%no-such-interface") is None
