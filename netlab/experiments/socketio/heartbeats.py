"""Heartbeats: the library's own ping and pong, and what becomes of a client that keeps silent."""

import asyncio
from collections.abc import Sequence

from netlab.dissect.websocket_rules import PING, PONG, TEXT
from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import CHAT, QUICK, Client, Raw, Wanted, endpoint
from netlab.experiments.socketio.connecting import session_facts
from netlab.experiments.socketio.wire import Item
from netlab.network.websocket import Connection

LONGEST = 5.0
"""Seconds: beyond the quick server's interval and time-out together."""


async def run(bench: Bench) -> None:
    """One client answers the server's ping, the other one does not know what it is."""
    step = bench.step("socketio.heartbeat", "Heartbeats")
    wanted = Wanted(path=QUICK, transports=("websocket",))
    async with Raw(bench, "raw") as silent, Client(bench, "you", wanted) as client:
        with bench.recorder.phase(step, "until the server pings", "configured delay") as phase:
            phase.note = "the lab's quick variant pings after 1 s instead of 25"
            line = await silent.open(CHAT, endpoint(QUICK))
            await client.connect()
            await client.told.until(lambda item: item.holds("pong", sent=True), LONGEST)
        _beaten(bench, step, client)
        if isinstance(line, Connection):
            await _silence(bench, silent, line)


def _beaten(bench: Bench, step: str, client: Client) -> None:
    told = client.told.tell(step)
    fact = bench.recorder.fact
    opened = next(item for item in told if item.holds("open"))
    session_facts(bench, step, opened)
    ping = next(item for item in told if item.holds("ping"))
    pong = next(item for item in told if item.holds("pong"))
    fact(step, "socketio.ping_after", ping.at - opened.at, "s")
    fact(step, "socketio.pong_after", pong.at - ping.at, "s")
    if ping.frame is not None:
        fact(step, "socketio.ping_opcode", ping.frame.opcode, origin="captured",
             note=f"{TEXT} is text, {PING} would be WebSocket's own ping")  # fmt: skip
    own = [item for item in told if item.frame and item.frame.opcode in (PING, PONG)]
    fact(step, "socketio.websocket_pings", len(own), origin="captured",
         note="frames of opcode 9 or 10")  # fmt: skip


async def _silence(bench: Bench, silent: Raw, line: Connection) -> None:
    """Read on, answer nothing, and see the end."""
    step = bench.step("socketio.silence", "Who answers no ping")
    with bench.recorder.phase(step, "until the server gives up", "configured delay"):
        try:
            async with asyncio.timeout(LONGEST):
                while await line.receive() is not None:
                    pass
        except (TimeoutError, OSError):
            pass
    told = silent.told.tell(step)
    fact = bench.recorder.fact
    beats = [item for item in told if item.holds("ping")]
    ended = last(told)
    if beats and ended is not None:
        fact(step, "socketio.given_up_after", ended.at - beats[0].at, "s",
             note="from the ping that was not answered")  # fmt: skip
    fact(step, "socketio.close_code", line.close_code, origin="captured")


def last(items: Sequence[Item]) -> Item | None:
    """The last thing that the server sent."""
    return next((item for item in reversed(items) if item.direction == "received"), None)
