"""Through a proxy that takes Upgrade away: the same client goes on, a raw WebSocket does not."""

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.adding import OCTETS, round_trip, way
from netlab.experiments.socketio.clients import CHAT, Client, Raw, Wanted, endpoint
from netlab.experiments.socketio.told import Teller, timeline
from netlab.experiments.socketio.wire import Item
from netlab.network.websocket import Declined
from netlab.recording.records import Value


async def run(bench: Bench, binary: Value = None) -> None:
    """binary: what octets cost over WebSocket, to lay polling beside it."""
    async with Client(bench, "you", Wanted(strip_upgrade=True)) as client:
        await _library(bench, client)
        await _octets(bench, client, binary)
    await _raw(bench)


async def _library(bench: Bench, client: Client) -> None:
    step, recorder = bench.step("socketio.fallback", "A proxy that drops Upgrade"), bench.recorder
    with recorder.phase(step, "connect, and try to upgrade", "far end"):
        await client.connect()
    with recorder.phase(step, "an event over polling", "far end"):
        answer = await client.call("echo", "still here")
    told = client.told.tell(step)
    fact = recorder.fact
    refused = next((i for i in told if i.http and (i.http.status or 0) >= 400), None)
    fact(step, "socketio.transport", client.transport, origin="captured")
    fact(step, "socketio.upgraded", any(item.holds("upgrade") for item in told), origin="captured")
    if refused is not None and refused.http is not None:
        fact(step, "socketio.upgrade_status", refused.http.status, origin="captured")
    fact(step, "socketio.answer", answer, origin="captured")
    fact(step, "socketio.rtt", round_trip(told), "s", note="from the POST to the answered GET")
    fact(step, "socketio.timeline", timeline(told), origin="captured")


async def _octets(bench: Bench, client: Client, binary: Value) -> None:
    """The octets that went over WebSocket before, now in base64."""
    step, recorder = bench.step("socketio.polling", "Octets over polling"), bench.recorder
    since = len(client.told.items)
    with recorder.phase(step, "octets over polling", "far end"):
        answer = await client.call("echo", OCTETS)
    client.told.tell(step)
    rows = [*([binary] if binary else []), way("polling", client.told.items[since:])]
    fact = recorder.fact
    fact(step, "socketio.binary_size", len(OCTETS), "B", "configured")
    fact(step, "socketio.binary_same", answer == OCTETS)
    fact(step, "socketio.binary_ways", rows, origin="captured")


async def _raw(bench: Bench) -> None:
    """The opening as it left the client, and as it came to the server."""
    step, recorder = bench.step("socketio.fallback-raw", "A raw WebSocket there"), bench.recorder
    async with Raw(bench, "raw", strip_upgrade=True) as raw:
        with recorder.phase(step, "the opening handshake", "far end") as phase:
            result = await raw.open(CHAT, endpoint())
            if isinstance(result, Declined):
                phase.outcome = "failed"
        near = raw.told.tell(step)
        far = Teller(bench, raw.relay, "raw", far=True).read()
    fact = recorder.fact
    if isinstance(result, Declined):
        fact(step, "ws.error", result.why, origin="computed")
        fact(step, "ws.status", result.answer.status, origin="captured")
        fact(step, "ws.said", result.answer.body.decode("utf-8", "backslashreplace").strip(),
             origin="captured")  # fmt: skip
    fact(step, "socketio.stripped", fields_on_both_sides(near[0], far[0]), origin="captured")


def fields_on_both_sides(near: Item, far: Item) -> list[Value]:
    """Each header field as it left, and whether it arrived."""
    arrived = {name.lower() for name, _ in far.http.headers} if far.http else set()
    return [
        {"field": f"{name}: {value}", "arrived": name.lower() in arrived}
        for name, value in (near.http.headers if near.http else ())
    ]
