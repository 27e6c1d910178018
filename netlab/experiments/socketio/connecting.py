"""From the first GET to the namespaces: a session by polling, the upgrade, and what `40` is."""

from collections.abc import Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import PATIENCE, Client
from netlab.experiments.socketio.told import timeline
from netlab.experiments.socketio.wire import Item
from netlab.recording.records import Value

NOWHERE = "/nowhere"
"""A namespace that nobody serves."""


async def run(bench: Bench, client: Client) -> None:
    """Connect, and tell it in three chapters."""
    recorder = bench.recorder
    start = recorder.now()
    await client.connect()
    end = recorder.now()
    client.told.read()
    items = client.told.items
    opened = next((item for item in items if item.holds("open")), None)
    upgraded = next((item for item in items if item.holds("upgrade")), None)
    between = opened.at if opened else end
    switched = upgraded.at if upgraded else between
    step = bench.step("socketio.connect", "A session, by polling")
    recorder.span(step, "session by polling", start, between, "far end")
    _opened(bench, step, client, opened)
    step = bench.step("socketio.upgrade", "The probe, and the upgrade")
    recorder.span(step, "probe and upgrade", between, switched, "far end")
    _upgraded(bench, step, client, upgraded)
    step = bench.step("socketio.namespaces", "What 40 is")
    recorder.span(step, "into the namespaces", switched, end, "far end")
    with recorder.phase(step, "a namespace that nobody serves", "far end"):
        since = len(client.told.items)
        await client.sio.eio.send(f"0{NOWHERE},")
        await client.told.until(lambda item: item.holds("CONNECT_ERROR"), PATIENCE, since)
    _namespaces(bench, step, client)


def session_facts(bench: Bench, step: str, opened: Item) -> None:
    """What the open packet says, wherever it came."""
    fact = bench.recorder.fact
    said = opened.packets[0].engine.opened
    if said is None:
        return
    fact(step, "socketio.sid", said.sid, origin="captured", note="the Engine.IO session's")
    fact(step, "socketio.upgrades", [*said.upgrades], origin="captured")
    fact(step, "socketio.ping_interval", _whole(said.ping_interval), "s", "captured")
    fact(step, "socketio.ping_timeout", _whole(said.ping_timeout), "s", "captured")
    if said.max_payload is not None:
        fact(step, "socketio.max_payload", said.max_payload, "B", "captured")


def _whole(seconds: float) -> float | int:
    return int(seconds) if seconds == int(seconds) else seconds


def _opened(bench: Bench, step: str, client: Client, opened: Item | None) -> None:
    fact = bench.recorder.fact
    told = client.told.tell(step, lambda item: item is opened)
    fact(step, "socketio.url", f"http://{client.authority}/{client.wanted.path}/",
         origin="configured")  # fmt: skip
    fact(step, "socketio.transport", "polling", origin="captured", note="what it begins with")
    if opened is not None:
        session_facts(bench, step, opened)
        fact(step, "socketio.open_time", opened.at - told[0].started, "s")
    fact(step, "socketio.timeline", timeline(told), origin="captured")


def _upgraded(bench: Bench, step: str, client: Client, upgraded: Item | None) -> None:
    fact = bench.recorder.fact
    told = client.told.tell(step, lambda item: item is upgraded)
    fact(step, "socketio.upgraded", upgraded is not None, origin="captured")
    fact(step, "socketio.transport", client.transport, origin="captured", note="what it ends with")
    probes = [item for item in told if any(packet.engine.probe for packet in item.packets)]
    if len(probes) == 2:
        fact(step, "socketio.probe_rtt", probes[1].at - probes[0].at, "s", note="2probe to 3probe")
    if told:
        fact(step, "socketio.upgrade_time", told[-1].at - told[0].started, "s")
    fact(step, "socketio.timeline", timeline(told), origin="captured")


def _namespaces(bench: Bench, step: str, client: Client) -> None:
    fact = bench.recorder.fact
    told = client.told.tell(step)
    fact(step, "socketio.namespaces", namespaces(told), origin="captured")
    fact(step, "socketio.timeline", timeline(told), origin="captured")


def namespaces(items: Sequence[Item]) -> list[Value]:
    """Each namespace that answered: what it said, and the id that it gave."""
    rows: list[Value] = []
    for item in items:
        for packet in item.sockets:
            if item.direction == "received" and packet.type in ("CONNECT", "CONNECT_ERROR"):
                said = packet.arguments[0].strip('"') if packet.arguments else ""
                good = packet.type == "CONNECT"
                rows.append({
                    "namespace": packet.namespace, "answer": f"{packet.code} {packet.type}",
                    "sid": said if good else None, "why": None if good else said,
                })  # fmt: skip
    return rows
