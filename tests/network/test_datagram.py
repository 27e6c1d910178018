"""One datagram there, one back: stamped, matched, and given up in time."""

import asyncio
import itertools
import socket
import sys
from collections.abc import Callable

import pytest

from netlab.network.datagram import Datagram, exchange, hop_limit
from tests.nameserver import Reply, closed_port, name_server


def ticking() -> Callable[[], float]:
    count = itertools.count()
    return lambda: float(next(count))


def talk(
    answer: Callable[[bytes, str], Reply], accept: bytes = b"pong", timeout: float = 5.0,
    host: str = "127.0.0.1",
) -> Datagram:  # fmt: skip
    async def run() -> Datagram:
        async with name_server(answer, host) as address:
            return await exchange(address, b"ping", ticking(), timeout, lambda data: data == accept)

    return asyncio.run(run())


def test_instants_are_taken_at_the_socket() -> None:
    got = talk(lambda data, _: b"pong" if data == b"ping" else None)
    assert (got.data, got.fault) == (b"pong", None)
    assert (got.sent_at, got.ended_at) == (1, 2)
    assert got.local_port


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback's 64 is Linux's default")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_kernel_tells_the_hop_limit(host: str) -> None:
    if host == "::1" and not has_ipv6():
        pytest.skip("no IPv6 loopback here")
    assert talk(lambda *_: b"pong", host=host).ttl == 64


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_what_is_not_the_answer_is_ignored_and_counted() -> None:
    got = talk(lambda *_: [b"spoof", b"other", b"pong"])
    assert (got.data, got.ignored) == (b"pong", 2)


def test_silence_ends_in_time() -> None:
    got = talk(lambda *_: None, timeout=0.02)
    assert (got.data, got.fault, got.ttl) == (None, "timeout", None)


def test_only_wrong_answers_are_a_time_out() -> None:
    got = talk(lambda *_: [b"spoof"], timeout=0.05)
    assert (got.fault, got.ignored) == ("timeout", 1)


def test_nothing_listens_there() -> None:
    got = asyncio.run(exchange(closed_port(), b"ping", ticking(), 5.0, lambda _: True))
    assert got.fault == "unreachable"


def test_an_address_that_is_none_is_unreachable() -> None:
    got = asyncio.run(exchange(("localhost.invalid:", 53), b"", ticking(), 5.0, lambda _: True))
    assert (got.fault, got.local_port) == ("unreachable", None)


def test_whoever_asks_may_give_up() -> None:
    async def run() -> Datagram:
        give_up = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(give_up.set_result, None)
        async with name_server(lambda *_: None) as address:
            return await exchange(address, b"ping", ticking(), 60.0, lambda _: True, give_up)

    assert asyncio.run(run()).fault == "timeout"


def test_a_loop_that_cannot_watch_sockets_still_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows' Proactor: no add_reader, so no hop limit."""

    async def run() -> Datagram:
        loop = asyncio.get_running_loop()
        replies: list[bytes] = [b"spoof", b"pong"]

        def cannot(*_: object) -> None:
            raise NotImplementedError

        async def sock_recv(sock: socket.socket, size: int) -> bytes:
            return replies.pop(0)

        async with name_server(lambda *_: None) as address:
            monkeypatch.setattr(loop, "add_reader", cannot)
            monkeypatch.setattr(loop, "sock_recv", sock_recv)
            try:
                return await exchange(address, b"ping", ticking(), 5.0, lambda d: d == b"pong")
            finally:
                monkeypatch.undo()

    got = asyncio.run(run())
    assert (got.data, got.ttl, got.ignored) == (b"pong", None, 1)


@pytest.mark.parametrize(
    ("ancillary", "limit"),
    [
        ([], None),
        ([(socket.IPPROTO_IP, socket.IP_TTL, (57).to_bytes(4, sys.byteorder))], 57),
        ([(socket.IPPROTO_IP, socket.IP_TTL, b"\x39")], 57),
        ([(socket.IPPROTO_IP, socket.IP_TTL, b"")], None),
        ([(socket.SOL_SOCKET, 1, b"\0\0\0\0")], None),
    ],
)
def test_hop_limits_come_in_two_widths(
    ancillary: list[tuple[int, int, bytes]], limit: int | None
) -> None:
    assert hop_limit(ancillary) == limit
