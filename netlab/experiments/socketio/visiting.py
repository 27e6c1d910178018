"""`netlab socketio connect`: a server of somebody's own, met by a real client."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio.adding import round_trip
from netlab.experiments.socketio.clients import BROKEN, PATIENCE, Client, Transport, Wanted
from netlab.experiments.socketio.connecting import namespaces, session_facts
from netlab.experiments.socketio.failing import failed
from netlab.experiments.socketio.place import Place
from netlab.experiments.socketio.told import timeline
from netlab.experiments.trace import totals
from netlab.experiments.websocket.handshake import set_up
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, Reached, reach
from netlab.experiments.websocket.target import Target
from netlab.network.relay import Tls
from netlab.recording.records import Value

SHOWN = 2000
"""Characters of an event's arguments that are kept."""
GRACE = 0.3
"""Seconds in which events that follow a connection by themselves may come."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What a person asks for. emit: an event's name and arguments. max_time: seconds, or None.

    patience: seconds that an acknowledgement is waited for.
    """

    place: Place
    transport: Transport | None = None
    emit: tuple[str, tuple[Any, ...]] | None = None
    listen: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    insecure: bool = False
    max_time: float = 30.0
    patience: float = 2.0


async def run(bench: Bench, visit: Visit) -> Exit:
    set_up(bench)
    typed = visit.place.typed
    options = Options(Target(typed), insecure=visit.insecure, max_time=visit.max_time)
    clock = Clock.of(bench, options)
    try:
        reached = await reach(bench, options, clock, "Socket.IO server")
        if isinstance(reached, Exit):
            return reached
        await reached.stream.close()  # it has shown the way; the library makes its own ones
        return await _meet(bench, visit, reached, clock)
    finally:
        totals.run(bench)


async def _meet(bench: Bench, visit: Visit, reached: Reached, clock: Clock) -> Exit:
    place, address = visit.place, reached.connected.address
    typed, anchors = place.typed, reached.anchors
    wanted = Wanted(
        path=place.path, transports=(visit.transport,) if visit.transport else None,
        namespaces=(place.namespace,), query=typed.query or "", fields=visit.fields,
    )  # fmt: skip
    client = Client(
        bench, "you", wanted, typed.authority,
        lambda: bench.network.dialled(address, typed.port, "tcp"),
        Tls(anchors.trust.context, typed.host.rstrip(".")) if anchors else None,
    )  # fmt: skip
    async with client:
        step = bench.step("socketio.visit", "The session")
        bench.recorder.fact(step, "socketio.url", place.url, origin="configured")
        bench.recorder.fact(step, "socketio.namespace", place.namespace, origin="configured")
        try:
            with bench.recorder.phase(step, "session, and namespace", "far end"):
                await client.connect(min(clock.left, PATIENCE))
        except BROKEN as error:
            return failed(bench, step, client, error, visit.transport)
        _session(bench, step, client)
        if visit.emit is not None:
            await _emit(bench, visit, client)
        if not visit.listen:
            with contextlib.suppress(TimeoutError):
                await client.until(lambda: bool(client.heard), GRACE)
        return await _listen(bench, visit, client, clock)


def _session(bench: Bench, step: str, client: Client) -> None:
    told = client.told.tell(step)
    fact = bench.recorder.fact
    fact(step, "socketio.transport", client.transport, origin="captured", note="what it ends with")
    fact(step, "socketio.upgraded", any(item.holds("upgrade") for item in told), origin="captured")
    opened = next((item for item in told if item.holds("open")), None)
    if opened is not None:
        session_facts(bench, step, opened)
    fact(step, "socketio.namespaces", namespaces(told), origin="captured")
    fact(step, "socketio.timeline", timeline(told), origin="captured")


async def _emit(bench: Bench, visit: Visit, client: Client) -> None:
    """One event, and its acknowledgement if there is one."""
    assert visit.emit is not None
    event, given = visit.emit
    step, fact = bench.step("socketio.visit-event", "An event"), bench.recorder.fact
    answer: object = None
    acknowledged = False
    with bench.recorder.phase(step, "event and acknowledgement", "far end") as phase:
        try:
            answer = await client.call(
                event, *given, namespace=visit.place.namespace, timeout=visit.patience
            )
            acknowledged = True
        except BROKEN:
            phase.outcome = "failed"
    told = client.told.tell(step)
    fact(step, "socketio.event", event, origin="configured")
    fact(step, "socketio.arguments", written(given), origin="configured")
    fact(step, "socketio.acknowledged", acknowledged)
    if acknowledged:
        fact(step, "socketio.answer", written(answer), origin="captured")
        fact(step, "socketio.rtt", round_trip(told), "s", note="on the wire")
    else:
        fact(step, "socketio.timeout", visit.patience, "s", "configured")
    fact(step, "socketio.lost", client.lost.is_set())


async def _listen(bench: Bench, visit: Visit, client: Client, clock: Clock) -> Exit:
    """What the server says of itself: until now, or for as long as the person listens."""
    step = bench.step("socketio.visit-heard", "What the server says")
    try:
        with bench.recorder.phase(step, "listening", "netlab", path="aside"):
            while visit.listen and clock.left > 0.001 and not client.lost.is_set():
                client.told.tell(step)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(clock.left):
                        await client.relay.change()
    finally:
        client.told.tell(step)
        _heard(bench, step, visit, client)
    if client.lost.is_set():
        bench.recorder.finding(
            step, "note", "The server ended the session, or the line broke.",
            "Its logs say why. netlab does not connect again by itself here, so that what happened "
            "stands at the end.", (), "socketio.reconnect",
        )  # fmt: skip
    return Exit.OK


def _heard(bench: Bench, step: str, visit: Visit, client: Client) -> None:
    rows: list[Value] = [
        {"at": one.at, "event": one.event, "arguments": written(one.arguments)}
        for one in client.heard
    ]
    bench.recorder.fact(step, "socketio.listened", visit.listen, origin="configured")
    bench.recorder.fact(step, "socketio.heard", rows, origin="captured")
    if rows:
        bench.recorder.fact(step, "socketio.heard_count", len(rows), origin="captured")


def written(value: object) -> str:
    """Arguments as JSON; octets by their number."""

    def told(octets: object) -> str:
        return f"<{len(octets)} octets>" if isinstance(octets, bytes) else str(octets)[:SHOWN]

    return json.dumps(value, default=told, ensure_ascii=False)[:SHOWN]
