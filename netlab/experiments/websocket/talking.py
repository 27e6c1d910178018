"""A conversation over one WebSocket: lines come in, frames are written down as they pass."""

import asyncio
from typing import TypeAlias

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.websocket.handshake import begin, broken, close, set_up
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, reach
from netlab.experiments.websocket.told import Teller

Lines: TypeAlias = asyncio.Queue[str | None]
"""What the person says; None when nothing more will come."""


async def run(bench: Bench, options: Options, lines: Lines) -> Exit:
    """Talk until `/close`, the end of the lines, or the other side's close."""
    set_up(bench)
    clock = Clock.of(bench, options)
    reached = await reach(bench, options, clock)
    if isinstance(reached, Exit):
        return reached
    opened = await begin(bench, options, reached, clock)
    if isinstance(opened, Exit):
        return opened
    connection, teller = opened
    step = bench.step("ws.chat", "The conversation")
    talk = Talk(bench, step, teller, options.patience)
    try:
        with bench.recorder.phase(step, "conversation", "netlab", path="aside"):
            await talk.until_over(lines)
    except OSError as error:
        return await broken(bench, teller, connection, error)
    return await close(bench, teller, connection)


class Talk:
    """Both directions at once. waiting: messages sent that nothing has come back for yet."""

    def __init__(self, bench: Bench, step: str, teller: Teller, patience: float) -> None:
        self.bench, self.step, self.teller = bench, step, teller
        self.patience = patience
        self.pinged: float | None = None
        self.sent = self.received = 0

    async def until_over(self, lines: Lines) -> None:
        reading = asyncio.ensure_future(self.listen())
        speaking = asyncio.ensure_future(self.speak(lines))
        try:
            done, _ = await asyncio.wait({reading, speaking}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            if not reading.done() and self.received < self.sent:  # a pipe: hear the answers out
                await asyncio.wait({reading}, timeout=self.patience)
        finally:
            for task in (reading, speaking):
                task.cancel()
            await asyncio.gather(reading, speaking, return_exceptions=True)
            self.tell()

    async def speak(self, lines: Lines) -> None:
        connection = self.teller.connection
        while (line := await lines.get()) is not None and line != "/close":
            if line == "/ping":
                self.pinged = self.bench.recorder.now()
                await connection.ping(b"netlab")
            else:
                self.sent += 1
                await connection.send(line)
            self.tell()

    async def listen(self) -> None:
        connection = self.teller.connection
        while (event := await connection.receive()) is not None:
            self.tell()
            if event.kind in ("text", "binary"):
                self.received += 1
            if event.kind == "pong" and self.pinged is not None:
                took = self.bench.recorder.now() - self.pinged
                self.bench.recorder.fact(self.step, "ws.ping_time", took, "s")
                self.pinged = None
            if event.kind == "close":
                return

    def tell(self) -> None:
        self.teller.frames(self.step)
