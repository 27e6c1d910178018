"""The same news in five ways. Message n is due at start + n × every, by this machine's clock.

start is `time.perf_counter()` of whoever asks: all processes of a machine share it here, so that
the one who waits can tell how long after it was due a message came.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import parse_qs

from netlab.lab import websocket
from netlab.lab.webmessage import Request, Response, text
from netlab.lab.webstream import Stream
from netlab.lab.wsendpoint import Endpoint

MOST_MESSAGES, MOST_SIZE, MOST_EVERY = 200, 4096, 1.0
LONGEST_AHEAD = 5.0
"""Seconds that a start may lie in the future."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent: count messages of size octets, one every so many seconds."""

    start: float
    count: int
    size: int
    every: float
    first: int = 0

    def due(self, number: int) -> float:
        return self.start + number * self.every

    def message(self, number: int) -> str:
        """JSON of exactly `size` octets, or a few more where the number alone needs them."""
        bare = json.dumps({"n": number, "pad": ""})
        return json.dumps({"n": number, "pad": padding(number, self.size - len(bare))})

    async def until(self, number: int) -> None:
        await asyncio.sleep(max(0.0, self.due(number) - perf_counter()))

    def news(self) -> list[str]:
        """All from `first` on that are due by now."""
        now = perf_counter()
        return [self.message(n) for n in range(self.first, self.count) if self.due(n) <= now]


def plan_of(request: Request) -> Plan | None:
    """What the query asks for, within bounds; None where it makes no sense."""
    asked = {k: v[-1] for k, v in parse_qs(request.target.partition("?")[2]).items()}
    try:
        plan = Plan(
            float(asked.get("start", "nan")), int(asked.get("count", 20)),
            int(asked.get("size", 64)), float(asked.get("every", 0.02)), int(asked.get("n", 0)),
        )  # fmt: skip
    except ValueError:
        return None
    fits = (
        abs(plan.start - perf_counter()) < LONGEST_AHEAD + MOST_MESSAGES * MOST_EVERY
        and 0 < plan.count <= MOST_MESSAGES
        and 0 < plan.size <= MOST_SIZE
        and 0 < plan.every <= MOST_EVERY
        and 0 <= plan.first <= plan.count
    )
    return plan if fits else None


def padding(number: int, size: int) -> str:
    """Text that says nothing and packs as badly as keys and numbers do."""
    pad = ""
    while len(pad) < size:
        pad += hashlib.sha256(f"{number} {len(pad)}".encode()).hexdigest()
    return pad[: max(0, size)]


async def answer(request: Request) -> Response:
    if request.path == "/":
        return text(200, "The same news in five ways: /ws, /sse, /long, /short, /say.\n")
    if request.path == "/say":
        return text(200, parse_qs(request.target.partition("?")[2]).get("what", [""])[-1])
    plan = plan_of(request)
    if request.path not in ("/ws", "/sse", "/long", "/short"):
        return text(404, "There is no such way here.\n")
    if plan is None:
        return text(400, "count, size, every and start are wanted, within bounds.\n")
    match request.path:
        case "/ws":
            return websocket.refused(request) or by_websocket(request, plan)
        case "/sse":
            head = ((b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"))
            return Response(200, head, events(plan))
        case "/long":
            await plan.until(min(plan.first, plan.count - 1))
    body = "[" + ",".join(plan.news()) + "]"
    return Response(200, ((b"content-type", b"application/json"),), body.encode())


async def events(plan: Plan) -> AsyncIterator[bytes]:
    """Server-sent events (WHATWG HTML §9.2)."""
    for number in range(plan.first, plan.count):
        await plan.until(number)
        yield f"data: {plan.message(number)}\n\n".encode()


def by_websocket(request: Request, plan: Plan) -> Response:
    async def push(endpoint: Endpoint, stream: Stream) -> None:
        for number in range(plan.first, plan.count):
            await plan.until(number)
            endpoint.send(plan.message(number))
            octets, _ = endpoint.outgoing()
            await stream.send(octets)

    return websocket.switch(request, websocket.echo, push)
