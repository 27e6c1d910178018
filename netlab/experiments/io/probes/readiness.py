"""What may be waited for, how many, and what a wait tells again or only once."""

import os
import select
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from netlab.experiments.bench import Bench
from netlab.experiments.io.probes.log import Log, connected

SET = 1024
"""FD_SETSIZE: the descriptors 0 to 1,023 that an fd_set has room for (select(2))."""
MOMENT = 0.05
"""Seconds in which loopback would long have told."""
NO_EPOLL = f"this system ({sys.platform}) has no epoll"


def regular_file(bench: Bench) -> None:
    """Files of a disk are always ready, so there is nothing to wait for; epoll says so."""
    step, log = bench.step("io.calls.file", "Waiting for a file of a disk"), Log()
    fact = bench.recorder.fact
    with tempfile.TemporaryFile() as file:
        file.write(b"words")
        file.flush()
        ready = log.call("select(), for reading", lambda: select.select([file], [], [], 0)[0])
        if hasattr(select, "poll"):
            poller = select.poll()
            poller.register(file, select.POLLIN)
            log.call("poll()", poller.poll, 0)
        if sys.platform == "linux":
            with select.epoll() as epoll:
                said = log.refused("epoll_ctl(ADD)", epoll.register, file.fileno())
            fact(step, "io.errno", said, note="errno of epoll_ctl")
        else:
            fact(step, "io.missing", NO_EPOLL)
    fact(step, "io.readable", bool(ready), note="by select")
    fact(step, "io.made", log.rows)


def beyond_select(bench: Bench) -> None:
    """A descriptor past the size of an fd_set."""
    step, log = bench.step("io.calls.select", "select, beyond descriptor 1,023"), Log()
    fact = bench.recorder.fact
    fact(step, "io.fd_setsize", SET, origin="standard", note="select(2)")
    if sys.platform == "win32":
        fact(step, "io.missing", "Windows' select counts sockets, not descriptors: 512 of them")
        return
    with room(SET + 1) as limit:
        if limit is not None:
            fact(step, "io.missing", f"this process may open only {limit} files (ulimit -n)")
            return
        with connected() as (near, far):
            far.send(b"x")
            high = _high(near)
            try:
                _try(bench, step, log, high)
            finally:
                os.close(high)
    fact(step, "io.made", log.rows)


def _high(sock: socket.socket) -> int:
    """The same socket under a descriptor that is too high for select, and in use by nobody."""
    import fcntl

    return fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, SET)


def _try(bench: Bench, step: str, log: Log, high: int) -> None:
    fact = bench.recorder.fact
    try:
        log.call(f"select(), of descriptor {high}", lambda: select.select([high], [], [], 0)[0])
    except ValueError as error:  # CPython looks first: FD_SET would write beyond the set
        log.say(f"select(), of descriptor {high}", f"ValueError: {error}")
        fact(step, "io.refused", str(error), note="by Python; C would write beyond the fd_set")
    fact(step, "io.descriptor", high)
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(high, select.POLLIN)
        fact(step, "io.poll", len(log.call("poll(), of the same", poller.poll, 0)))


@contextmanager
def room(files: int) -> Iterator[int | None]:
    """Let this process open so many files for a while; yields the limit where it may not."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files + 64
    if soft != resource.RLIM_INFINITY and soft < wanted:
        if hard != resource.RLIM_INFINITY and hard < wanted:
            yield hard
            return
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        yield None
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def level_and_edge(bench: Bench) -> None:
    """Two octets come, one is read: level tells of the other again, edge does not."""
    step, log = bench.step("io.calls.edge", "Level and edge"), Log()
    fact = bench.recorder.fact
    if sys.platform != "linux":
        fact(step, "io.missing", NO_EPOLL)
        return
    level = told(log, "level", 0)
    edge = told(log, "edge", select.EPOLLET)
    fact(step, "io.level", level[0], note="events while an octet is left, level-triggered")
    fact(step, "io.edge", edge[0], note="events while an octet is left, edge-triggered")
    fact(step, "io.forgotten", 1 - edge[0], "B", note="the octet that lies there untold")
    fact(step, "io.woken", edge[1], note="events once another octet had come, edge-triggered")
    fact(step, "io.made", log.rows)


def told(log: Log, name: str, flag: int) -> tuple[int, int]:
    """Events after one of two octets was read, and after another one came."""
    assert sys.platform == "linux"
    with connected() as (near, far), select.epoll() as epoll:
        near.setblocking(False)
        epoll.register(near.fileno(), select.EPOLLIN | flag)
        far.send(b"ab")
        log.call(f"{name}: epoll_wait(), two octets have come", epoll.poll, MOMENT)
        log.call("recv(1)", near.recv, 1)
        again = log.call(f"{name}: epoll_wait() again", epoll.poll, MOMENT)
        far.send(b"c")
        after = log.call(f"{name}: epoll_wait(), a third octet has come", epoll.poll, MOMENT)
        log.call("recv(64)", near.recv, 64)
        return len(again), len(after)
