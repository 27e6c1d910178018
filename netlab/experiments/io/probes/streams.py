"""A recv with nothing there, a connect that is under way, a send that takes a part, the end."""

import errno
import select
import socket
from time import perf_counter

from netlab.experiments.bench import Bench
from netlab.experiments.io.probes.log import Log, connected, name_of

LARGE = 64 * 1024 * 1024
"""Octets that no socket's buffer takes at once."""
WAIT = 2.0
"""Seconds after which loopback would have answered."""


def nothing_there(bench: Bench) -> None:
    """recv on a non-blocking socket: EAGAIN, and the buffer that was handed over is forgotten."""
    step, log = bench.step("io.calls.eagain", "recv, with nothing there"), Log()
    buffer = bytearray(5)
    with connected() as (near, far):
        near.setblocking(False)
        refused = log.refused("recv(5), non-blocking", near.recv_into, buffer)
        refusal = log.took
        log.call("the other end: send(b'hello')", far.send, b"hello")
        select.select([near], [], [], WAIT)
        untouched = buffer == bytearray(5)
        log.say("the buffer of the first recv", "still empty" if untouched else "filled")
        log.call("recv(5) once more", near.recv_into, buffer)
    fact = bench.recorder.fact
    fact(step, "io.errno", refused, note="errno of the first recv")
    fact(step, "io.refusal", refusal, "s", note="how long it took to say so")
    fact(step, "io.untouched", untouched, note="whether octets that came later left it empty")
    fact(step, "io.made", log.rows)


def under_way(bench: Bench) -> None:
    """A non-blocking connect: in progress, then writable, and SO_ERROR says how it went."""
    step, log = bench.step("io.calls.connect", "connect, without waiting"), Log()
    fact = bench.recorder.fact
    with socket.create_server(("127.0.0.1", 0)) as server:
        first = connect(log, server.getsockname(), "where somebody listens")
        address = server.getsockname()
    second = connect(log, address, "where nobody does any more")
    fact(step, "io.errno", first[0], note="errno of connect")
    fact(step, "io.so_error", first[1], note="0: the connection stands")
    fact(step, "io.so_error_refused", second[1], note="SO_ERROR of the second")
    fact(step, "io.made", log.rows)


def connect(log: Log, address: tuple[str, int], where: str) -> tuple[str, str]:
    """What connect said at once, and what SO_ERROR said when the socket was writable."""
    with socket.socket() as sock:
        sock.setblocking(False)
        said = log.refused(f"connect(), {where}", sock.connect, address)
        log.call("select(), until it is writable", _writable, sock)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        name = errno.errorcode.get(error, str(error))
        log.say("getsockopt(SO_ERROR)", name)
        return said, name


def _writable(sock: socket.socket) -> list[socket.socket]:
    # Windows tells a failed connect by the third list alone.
    _, writable, broken = select.select([], [sock], [sock], WAIT)
    return list({*writable, *broken})


def short_send(bench: Bench) -> None:
    """A send that takes only what the buffers have room for."""
    step, log = bench.step("io.calls.send", "send, more than fits"), Log()
    with connected() as (near, far):
        near.setblocking(False)
        first = log.call(f"send({LARGE} octets), non-blocking", near.send, bytes(LARGE))
        more, full, refusal = _fill(near)
        log.say("send(), as long as it takes some", f"{more} more")
        log.say("send() into full buffers", full, refusal)
        took = first + more
        far.settimeout(WAIT)
        read = 0
        while read < took:
            read += len(far.recv(1024 * 1024))
        log.say("the other end reads", f"{read} octets, all that had been taken")
        log.call("send(1024 octets), now that there is room", near.send, bytes(1024))
    fact = bench.recorder.fact
    fact(step, "io.given", LARGE, "B", "configured")
    fact(step, "io.taken", first, "B", note="by the first send")
    fact(step, "io.errno", full, note="errno of a send into full buffers")
    fact(step, "io.made", log.rows)


def _fill(near: socket.socket) -> tuple[int, str, float]:
    """Send until both ends' buffers are full, and the kernel has moved on what it could.

    Answers how much that took, the last refusal, and how long it took to say so.
    """
    taken = 0
    while True:
        start = perf_counter()
        try:
            taken += near.send(bytes(LARGE))
        except BlockingIOError as error:
            refused = name_of(error), perf_counter() - start
            if not select.select([], [near], [], 0.05)[1]:
                return taken, *refused


def the_end(bench: Bench) -> None:
    """Zero octets: on a stream the end, in a datagram just an empty one."""
    step, log = bench.step("io.calls.end", "recv, at the end of the stream"), Log()
    with connected() as (near, far):
        far.send(b"last")
        far.shutdown(socket.SHUT_WR)
        last = log.call("recv(64)", near.recv, 64)
        end = log.call("recv(64): the other end sends no more", near.recv, 64)
        log.call("recv(64) again", near.recv, 64)
        ready = log.call("select(), for reading", lambda: select.select([near], [], [], 0)[0])
        log.call("and the other way still goes: send(b'yes')", near.send, b"yes")
    empty = _empty_datagram(log)
    fact = bench.recorder.fact
    fact(step, "io.last", len(last), "B")
    fact(step, "io.end", len(end), "B", note="what recv brought after that")
    fact(step, "io.readable", bool(ready), note="whether select calls the ended stream readable")
    fact(step, "io.datagram", empty, "B", note="an empty datagram, over UDP")
    fact(step, "io.made", log.rows)


def _empty_datagram(log: Log) -> int:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        near.bind(("127.0.0.1", 0))
        near.settimeout(WAIT)
        far.sendto(b"", near.getsockname())
        far.sendto(b"next", near.getsockname())
        empty = log.call("over UDP, of an empty datagram: recv(64)", near.recv, 64)
        log.call("the next one: recv(64)", near.recv, 64)
        return len(empty)
