"""Counting our calls, and reading the kernel's count from what strace writes."""

import socket

import pytest

from netlab.experiments.io.calls import Calls, Socket
from netlab.experiments.io.witness import counted

TRACE = """\
10 sendto(5, ""..., 76, 0, NULL, 0) = 76
10 sendto(3, ""..., 76, 0, NULL, 0) = 76
10 recvfrom(5, 0x7f, 64, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
10 epoll_wait(8, [], 2, 0) = 0
10 epoll_ctl(8, EPOLL_CTL_ADD, 6, {events=EPOLLIN, data={u32=6}}) = 0
10 epoll_ctl(8, EPOLL_CTL_ADD, 9, {events=EPOLLIN, data={u32=9}}) = 0
10 epoll_wait(9, [], 2, 0) = 0
11 recvfrom(6, <unfinished ...>
12 recvfrom(5, <unfinished ...>
11 <... recvfrom resumed>""..., 64, 0, NULL, NULL) = 64
12 <... recvfrom resumed>0x7f, 64, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)
13 recvfrom(5, 0x7f, 64, 0, NULL, NULL) = ? ERESTARTSYS (To be restarted)
10 poll([{fd=3, events=POLLIN}], 1, -1) = 1 ([{fd=3, revents=POLLIN}])
10 poll([{fd=5, events=POLLIN}, {fd=3, events=POLLIN}], 2, -1) = 1 ([{fd=5, revents=POLLIN}])
10 pselect6(7, [5 6], [], [], NULL, NULL) = 1 (in [5])
10 select(57, [56], [], [], NULL) = 1 (in [56])
10 recvfrom(
"""


def test_only_calls_about_the_runs_sockets_count() -> None:
    kernel = counted(TRACE.splitlines(), {5, 6})
    assert dict(kernel.calls) == {
        "send": 1, "recv": 3, "epoll_wait": 1, "epoll_ctl": 1, "poll": 1, "select": 1,
    }  # fmt: skip
    assert kernel.eagain == 2


@pytest.fixture
def pair() -> tuple[Socket, socket.socket, Calls]:
    near, far = socket.socketpair()
    counting, calls = Socket(near.family, near.type, near.proto, near.detach()), Calls()
    counting.calls = calls
    return counting, far, calls


def test_a_socket_counts_what_it_does(pair: tuple[Socket, socket.socket, Calls]) -> None:
    near, far, calls = pair
    with near, far:
        near.setblocking(False)
        with pytest.raises(BlockingIOError):
            near.recv(5)
        far.send(b"hello")
        assert near.recv(5) == b"hello"
        near.setblocking(True)
        assert near.send(b"x") == 1
        calls.counted("recv", 1000)
    assert dict(calls.counts) == {"recv": 1002, "send": 1}
    assert calls.eagain == calls.wasted("recv") == 1001
    assert calls.wasted("send") == 0
    whats = [call.what for call in calls.made]
    assert whats == ["polling for nothing", "running", "blocked"]


def test_measuring_costs_what_its_calls_cost() -> None:
    calls = Calls()
    none = calls.cost(1e-8)
    for _ in range(1000):
        calls.tell("probe", len, ())
    calls.counted("recv", 1_000_000)
    assert none == 0
    assert calls.cost(1e-8) >= 0.01
