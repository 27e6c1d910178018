"""What this machine allows, held against what it lets us do."""

import select
import socket
import ssl
import sys

import pytest

from netlab.network import abilities
from netlab.network.choose import FAR
from tests.witness import output

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


def test_loopback_is_bound_and_an_address_of_nobody_is_not() -> None:
    assert abilities.binds("127.0.0.1")
    assert not abilities.binds("192.0.2.1")


def test_families_ask_for_a_route_and_send_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def reachable(address: object) -> bool:
        asked.append(address)
        return address == FAR[0]

    monkeypatch.setattr(abilities, "reachable", reachable)
    found = abilities.families()
    assert (found.ipv4_out, found.ipv6_out) == (True, False)
    assert asked == list(FAR)


@linux
def test_the_kernel_is_really_asked() -> None:
    found = abilities.asked()
    assert found.tcp_info
    assert found.path_mtu
    assert found.error_queue, "an ICMP error of loopback comes with its sender"
    assert found.ttl


def test_a_connection_is_closed_at_both_ends() -> None:
    with abilities.connection() as sock:
        assert sock.getpeername()[0] == "127.0.0.1"
        sock.settimeout(1)
    assert sock.fileno() == -1


@pytest.mark.parametrize(
    ("error", "told"),
    [(PermissionError(13, "no"), False), (OSError(1, "no"), False), (OSError(93, "no"), None)],
)
def test_what_may_not_be_is_told_from_what_is_not(error: OSError, told: bool | None) -> None:
    def make() -> socket.socket:
        raise error

    assert abilities.opened(make) is told


def test_what_can_be_opened_is_closed_again() -> None:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    assert abilities.opened(lambda: made) is True
    assert made.fileno() == -1


def test_ways_to_wait_are_those_of_this_python() -> None:
    found = abilities.waiting()
    assert found.epoll == hasattr(select, "epoll")
    assert found.kqueue == hasattr(select, "kqueue")
    if found.files is not None:
        soft, hard = found.files
        assert soft <= hard or hard < 0


@linux
def test_file_limits_are_the_shells() -> None:
    assert abilities.files() is not None
    soft = (abilities.files() or (0, 0))[0]
    assert output(["sh", "-c", "ulimit -n"]).strip() in (str(soft), "unlimited")


def test_groups_are_those_of_the_library() -> None:
    found = abilities.groups()
    assert "x25519" in found
    assert "secp256r1" in found
    # The hybrid is offered since OpenSSL 3.5, and by no older one.
    assert ("X25519MLKEM768" in found) == (ssl.OPENSSL_VERSION_INFO >= (3, 5))
