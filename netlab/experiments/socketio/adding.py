"""What Socket.IO adds to a line: events, acknowledgements and their time-out, binary arguments."""

from collections.abc import Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import PATIENCE, SERVICE, Client
from netlab.experiments.socketio.wire import Item
from netlab.recording.records import Value

TIME_OUT = 0.2
"""Seconds that an acknowledgement is waited for while the line is held."""
OCTETS = bytes(range(256)) + bytes(44)
"""300 octets, in none of which JSON has a part."""


async def events(bench: Bench, client: Client) -> None:
    """An event that wants an acknowledgement, one that does not, and one on /admin."""
    step, recorder = bench.step("socketio.events", "Events with names"), bench.recorder
    with recorder.phase(step, "events and acknowledgements", "far end"):
        start = recorder.now()
        answer = await client.call("echo", "hi", {"n": 1})
        took = recorder.now() - start
        await client.emit("echo", "no answer wanted")
        await client.call("echo", "ops", namespace="/admin")
    told = client.told.tell(step)
    fact = recorder.fact
    fact(step, "socketio.answer", [*answer], origin="captured")
    fact(step, "socketio.call_time", took, "s", note="in the program, the library's work included")
    fact(step, "socketio.rtt", round_trip(told), "s", note="on the wire, from 42 to 43")
    fact(step, "socketio.events_sent", _count(told, "EVENT", "sent"), origin="captured")
    fact(step, "socketio.acks", _count(told, "ACK", "received"), origin="captured")


def round_trip(items: Sequence[Item]) -> float | None:
    """From the first event that wants an acknowledgement to what answers it."""
    sent: dict[tuple[str, int | None], float] = {}
    for item in items:
        for packet in item.sockets:
            key = (packet.namespace, packet.id)
            if item.direction == "sent" and packet.id is not None:
                sent[key] = item.at
            elif key in sent and packet.type in ("ACK", "BINARY_ACK"):
                return item.at - sent[key]
    return None


def _count(items: Sequence[Item], type_: str, direction: str) -> int:
    return sum(
        packet.type == type_
        for item in items
        if item.direction == direction
        for packet in item.sockets
    )


async def time_out(bench: Bench, client: Client) -> None:
    """The server answers, the line is held, and whoever asked has stopped waiting."""
    step, recorder = bench.step("socketio.timeout", "An acknowledgement too late"), bench.recorder
    timed_out = False
    since, sent_at = len(client.told.items), recorder.now()
    client.relay.hold()
    with recorder.phase(step, "waiting for an acknowledgement", "configured delay") as phase:
        phase.note = "the relay holds the server's octets back"
        try:
            await client.call("echo", "are you there", timeout=TIME_OUT)
        except TimeoutError:
            timed_out = True
        finally:
            gave_up = recorder.now()
            client.relay.release()
    with recorder.phase(step, "the late acknowledgement", "network"):
        late = await client.told.until(
            lambda item: item.holds("ACK", sent=False), PATIENCE, since
        )  # fmt: skip
    client.told.tell(step)
    fact = recorder.fact
    fact(step, "socketio.timeout", TIME_OUT, "s", "configured")
    fact(step, "socketio.timed_out", timed_out)
    fact(step, "socketio.late", late.at - gave_up, "s", note="after the program gave up")
    entries = [
        bench.recorder.since_start(entry.at)
        for entry in await bench.network.journal()
        if entry.service == SERVICE and entry.event == "socketio.event"
        and "are you there" in str(entry.detail.get("arguments"))
    ]  # fmt: skip
    if entries:
        done = fact(step, "socketio.handled_after", entries[-1] - sent_at, "s",
                    note="by the server's own journal")  # fmt: skip
        recorder.finding(
            step, "note", "A time-out says that no answer came, not that nothing happened.",
            "The server had handled the event. Who sends again must make sure that twice does no "
            "harm.", (done,), "socketio.timeout",
        )  # fmt: skip


async def binary(bench: Bench, client: Client) -> Value:
    """Octets over WebSocket: a packet with a placeholder, and an attachment behind it."""
    step, recorder = bench.step("socketio.binary", "Octets as arguments"), bench.recorder
    client.told.read()
    since = len(client.told.items)
    with recorder.phase(step, "octets over WebSocket", "far end"):
        answer = await client.call("echo", OCTETS)
    client.told.tell(step)
    row = way("WebSocket", client.told.items[since:])
    fact = recorder.fact
    fact(step, "socketio.binary_size", len(OCTETS), "B", "configured")
    fact(step, "socketio.binary_same", answer == OCTETS)
    fact(step, "socketio.binary_ways", [row], origin="captured")
    return row


def way(name: str, items: Sequence[Item]) -> Value:
    """What went up: the packets, and all that carried them."""
    carriers = [item for item in items if item.direction == "sent" and item.packets]
    packets = [packet.engine for item in carriers for packet in item.packets]
    octets = next((packet.length for packet in packets if packet.type == "binary"), 0)
    return {
        "way": name, "binary": octets, "packets": sum(packet.length for packet in packets),
        "carriers": sum(len(item.wire) for item in carriers),
    }  # fmt: skip
