"""HOST:PORT written, read, and listened on."""

import socket

import pytest

from netlab.addresses import address_of, endpoint, opened, parted
from netlab.errors import NetlabError


def test_ipv6_addresses_are_written_in_brackets() -> None:
    assert endpoint("192.0.2.53", 53) == "192.0.2.53:53"
    assert endpoint("2001:db8::53", 53) == "[2001:db8::53]:53"


@pytest.mark.parametrize(
    "text", ["", "9001", "127.0.0.1", "a:x", ":1", "a:²", "[]:1", "::1:9", "a:65536"]
)
def test_what_is_not_of_the_form(text: str) -> None:
    assert parted(text) is None


@pytest.mark.parametrize("text", ["", "9001", "127.0.0.1", "127.0.0.1:x", ":1", "[::1]:70000"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(NetlabError, match="not an address"):
        address_of(text)


def test_addresses_are_read() -> None:
    assert address_of("127.0.0.1:9001") == ("127.0.0.1", 9001)
    assert address_of("[::1]:0") == ("::1", 0)


def test_a_port_that_is_taken_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(NetlabError, match="Nobody can listen"),
    ):
        opened("127.0.0.1", taken.getsockname()[1])
