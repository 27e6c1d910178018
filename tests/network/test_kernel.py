"""What the kernel says of routes and connections; nothing here sends beyond loopback."""

import shutil
import socket
import subprocess
import sys

import pytest

from netlab.network import kernel, kernel_linux

linux = pytest.mark.skipif(sys.platform != "linux", reason="netlink and TCP_INFO are Linux's")


@linux
def test_loopback_is_shown_as_what_it_is() -> None:
    route = kernel.route("127.0.0.1")

    assert route.kind == "loopback"
    assert route.source == "127.0.0.1"
    assert route.interface == "lo"
    assert route.gateway is None
    assert route.mtu == 65536
    assert route.unknown == ()


@linux
@pytest.mark.witness
@pytest.mark.parametrize("destination", ["127.0.0.1", "127.9.9.9", "::1"])
def test_the_route_is_what_ip_says(destination: str) -> None:
    ip = shutil.which("ip")
    if ip is None:
        pytest.skip("there is no `ip` here to compare with")
    told = subprocess.run(
        [ip, "route", "get", destination], capture_output=True, text=True, check=False
    ).stdout
    if not told:
        pytest.skip(f"this machine has no way to {destination}")
    route = kernel.route(destination)

    assert f" dev {route.interface} " in told
    assert f" src {route.source} " in told


NO_WAY = """
import errno
from netlab.network import kernel
for destination in ("203.0.113.1", "2001:db8::1"):
    try:
        print(kernel.route(destination))
    except OSError as error:
        print(errno.errorcode[error.errno])
"""


@linux
def test_no_route_is_an_error_that_names_the_reason() -> None:
    apart = [shutil.which("unshare") or "unshare", "--map-root-user", "--net"]
    if not apart[0].startswith("/") or subprocess.run([*apart, "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here")
    ran = subprocess.run(
        [*apart, sys.executable, "-c", NO_WAY], capture_output=True, text=True, check=True
    )

    assert ran.stdout.split() == ["ENETUNREACH", "ENETUNREACH"]


def test_without_netlink_the_source_is_known_and_the_rest_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(destination: str) -> None:
        raise kernel_linux.NotTold("a sandbox forbids it")

    monkeypatch.setattr(kernel_linux, "route", refuse)
    route = kernel.route("127.0.0.1")

    assert route.source == "127.0.0.1"
    assert route.kind == "loopback"
    assert route.unknown == ("interface", "mtu")


@linux
def test_a_connection_has_an_rtt_a_segment_size_and_a_window() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname()) as client,
    ):
        info = kernel.tcp_info(client)
        mtu = kernel.path_mtu(client)

    assert info is not None
    assert 0 < info.rtt < 1
    assert info.window > 0
    assert info.retransmits == 0
    assert mtu == info.path_mtu == 65535  # an IPv4 packet's length has 16 bits
    assert info.mss < mtu


@linux
def test_a_socket_that_is_not_connected_has_no_path_mtu() -> None:
    with socket.socket() as sock:
        assert kernel.path_mtu(sock) is None


def test_nothing_is_claimed_where_the_kernel_does_not_tell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with socket.socket() as sock:
        assert kernel.tcp_info(sock) is None
        assert kernel.path_mtu(sock) is None


@linux
@pytest.mark.parametrize("answer", [b"", b"\x00" * 10, b"\xff" * 12])
def test_a_short_answer_is_no_answer(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        def __enter__(self) -> "Deaf":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def settimeout(self, _: float) -> None:
            pass

        def sendto(self, *_: object) -> None:
            pass

        def recv(self, _: int) -> bytes:
            return answer

    monkeypatch.setattr(socket, "socket", lambda *_: Deaf())
    with pytest.raises(kernel_linux.NotTold):
        kernel_linux.route("127.0.0.1")
