"""`netlab ws slow`: a reader that does not read, and where what was sent piles up meanwhile."""

import array
import asyncio
import socket
import sys
from collections import deque

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.websocket.breaking import UNRULY, connected
from netlab.network import websocket
from netlab.network.stream import TcpStream
from netlab.network.websocket import Declined, Wish
from netlab.network.websocket_octets import BINARY, FIN, frame

SIZE = 64 * 1024
MESSAGES = 256
"""16 MiB in all: more than the kernel takes, little enough for any machine."""
PATIENCE = 0.3
"""Seconds without any progress after which the line counts as stuck."""
SIOCOUTQ = 0x5411
"""Octets in the send queue, Linux (tcp(7))."""


async def run(bench: Bench) -> Exit:
    """Send without looking, then with looking, to a reader that is deaf."""
    recorder = bench.recorder
    recorder.actor("you", "you", "client")
    recorder.actor("server", UNRULY, "a server that does not read")
    step = bench.step("ws.slow.careless", "A sender that does not look")
    for note in bench.network.set_up():
        recorder.fact(step, "run.note", note, origin="configured")
    careless = await _open(bench)
    if careless is None:
        return Exit.HTTP
    await _careless(bench, step, careless)
    step = bench.step("ws.slow.careful", "A sender that waits")
    careful = await _open(bench)
    if careful is None:
        return Exit.HTTP
    await _careful(bench, step, careful)
    return Exit.OK


async def _open(bench: Bench) -> TcpStream | None:
    stream = await connected(bench, UNRULY)
    result = await websocket.open(stream, Wish(UNRULY, "/deaf", deflate=False), 5.0)
    if isinstance(result, Declined):
        await stream.close()
        return None
    return stream


async def _careless(bench: Bench, step: str, stream: TcpStream) -> None:
    """Every message is queued at once; a task writes as much as the kernel takes."""
    recorder, message = bench.recorder, frame(FIN | BINARY, bytes(SIZE), masked=True)
    queue: deque[bytes] = deque()
    queued: list[tuple[float, float]] = []
    kernel: list[tuple[float, float]] = []
    with recorder.phase(step, "sending to nobody", "far end"):
        writer = asyncio.create_task(_drain(stream, queue))
        for _ in range(MESSAGES):
            queue.append(message)
            await asyncio.sleep(0)
            queued.append((recorder.now(), float(sum(map(len, queue)))))
            kernel.append((recorder.now(), float(outgoing(stream.sock) or 0)))
        await _still(stream)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
    recorder.series(step, "waiting in the program", "B", "you", queued)
    if outgoing(stream.sock) is not None:
        recorder.series(step, "waiting in the kernel", "B", "you", kernel)
    fact, left = recorder.fact, sum(map(len, queue))
    fact(step, "ws.slow.messages", MESSAGES, origin="configured")
    fact(step, "ws.slow.given", MESSAGES * len(message), "B")
    grown = fact(step, "ws.slow.queued", left, "B", note="in the program's own memory, at the end")
    taken = MESSAGES * len(message) - left
    fact(step, "ws.slow.taken", taken, "B", note="whole messages that the kernels took, both ends")
    if (waiting := outgoing(stream.sock)) is not None:
        fact(step, "ws.slow.kernel", waiting, "B", "kernel", note="SIOCOUTQ, at the end")
    fact(
        step, "ws.slow.send_buffer",
        stream.sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF), "B", "kernel",
        note="SO_SNDBUF as it is now: the kernel lets it grow up to a limit",
    )  # fmt: skip
    recorder.finding(
        step, "warning", "A sender that never looks fills its own memory.",
        "Nothing in WebSocket bounds it: there is no flow control above TCP's. Look at "
        "bufferedAmount in a browser, await drain() or send() elsewhere, or drop the slow reader.",
        (grown,), "websocket",
    )  # fmt: skip
    await stream.close()


async def _drain(stream: TcpStream, queue: deque[bytes]) -> None:
    while True:
        if queue:
            await stream.write(queue[0])
            queue.popleft()
        else:
            await asyncio.sleep(0)


async def _still(stream: TcpStream) -> None:
    """Wait until the kernel has taken nothing more for a while."""
    before = -1
    while (total := stream.tape.total("sent")) != before:
        before = total
        await asyncio.sleep(PATIENCE)


async def _careful(bench: Bench, step: str, stream: TcpStream) -> None:
    """The next message is made only when the kernel has taken the last one."""
    recorder, message = bench.recorder, frame(FIN | BINARY, bytes(SIZE), masked=True)
    sent = 0
    with recorder.phase(step, "sending, and waiting", "far end"):
        try:
            while sent < MESSAGES:
                await stream.write(message, PATIENCE)
                sent += 1
        except TimeoutError:
            pass
    recorder.fact(step, "ws.slow.sent", sent)
    recorder.fact(step, "ws.slow.held", len(message), "B", "computed", note="one message")
    recorder.fact(step, "ws.slow.stopped", sent < MESSAGES)
    await stream.close()


def outgoing(sock: socket.socket) -> int | None:
    """Octets that the kernel holds for this socket, unsent or unacknowledged; Linux alone."""
    if sys.platform != "linux" or sock.fileno() == -1:
        return None
    import fcntl

    held = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), SIOCOUTQ, held)
    return held[0]
