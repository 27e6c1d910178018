"""Three clients, one room: who gets what is said in it, and what a reconnection does to that."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import Client, Wanted, soon
from netlab.recording.records import Value

ROOM, OTHER = "study", "lobby"
BEFORE, AFTER = "who is here?", "and now?"
PEOPLE = (("anna", "Anna"), ("ben", "Ben"), ("cho", "Cho"))
OWN = Wanted(transports=("websocket",), back_off=(0.05, 0.2))


async def run(bench: Bench) -> Exit:
    """Come in, speak, cut one line, speak again."""
    anna, ben, cho = (Client(bench, id, OWN) for id, _ in PEOPLE)
    async with anna, ben, cho:
        everyone = (anna, ben, cho)
        await _come_in(bench, everyone)
        rows = await _speak(bench, everyone)
        await _cut(bench, ben)
        await _gone(bench, everyone, rows)
    return Exit.OK


async def _come_in(bench: Bench, everyone: tuple[Client, ...]) -> None:
    step = bench.step("socketio.direct", "Three clients, straight over WebSocket")
    with bench.recorder.phase(step, "three clients connect, two join", "far end"):
        for client in everyone:
            await client.connect()
        for client in everyone[:2]:
            await client.call("join", ROOM)
    for client in everyone:
        client.told.tell(step)
    fact = bench.recorder.fact
    fact(step, "socketio.room", ROOM, origin="configured")
    fact(step, "socketio.transport", everyone[0].transport, origin="captured")
    fact(step, "socketio.requests", sum(item.kind == "request" for item in everyone[0].told.items),
         origin="captured", note="HTTP requests of one client")  # fmt: skip


async def _speak(bench: Bench, everyone: tuple[Client, ...]) -> list[Value]:
    """Anna speaks; whoever is not in the room proves by a round trip that nothing came first."""
    anna, ben, cho = everyone
    step = bench.step("socketio.rooms", "A room, and who hears")
    with bench.recorder.phase(step, "said in a room", "far end"):
        members = await anna.call("say", ROOM, BEFORE)
        await anna.hears(lambda heard: heard.event == "said")
        await ben.hears(lambda heard: heard.event == "said")
        await cho.call("echo", "anything for me?")
    for client in everyone:
        client.told.tell(step)
    rows: list[Value] = [
        {"who": name, "in_room": client is not cho, "heard": heard(client, BEFORE)}
        for client, (_, name) in zip(everyone, PEOPLE, strict=True)
    ]
    fact = bench.recorder.fact
    fact(step, "socketio.members", members, origin="captured", note="the server's acknowledgement")
    fact(step, "socketio.receipts", rows, origin="captured")
    got = [str(row["who"]) for row in rows if isinstance(row, dict) and row["heard"]]
    fact(step, "socketio.heard_by", [*got], origin="captured")
    return rows


def heard(client: Client, text: str) -> bool:
    return any(one.arguments and one.arguments[0].get("text") == text for one in client.heard)


async def _cut(bench: Bench, ben: Client) -> None:
    """Reset Ben's line; the library comes back by itself, as somebody new."""
    step, recorder = bench.step("socketio.cut", "A line is cut, and comes back"), bench.recorder
    before = ben.sio.get_sid()
    with recorder.phase(step, "cut, and back again", "configured delay") as phase:
        phase.note = (
            f"the back-off begins with {OWN.back_off[0] * 1000:g} ms" if OWN.back_off else ""
        )
        start = recorder.now()
        ben.connected.clear()
        ben.relay.cut()
        await soon(ben.connected)
        took = recorder.now() - start
    ben.told.tell(step)
    fact = recorder.fact
    if OWN.back_off is not None:
        fact(step, "socketio.back_off", OWN.back_off[0], "s", "configured")
    fact(step, "socketio.back_after", took, "s")
    fact(step, "socketio.sid_before", before, origin="captured", note="Ben's id in /")
    fact(step, "socketio.sid_after", ben.sio.get_sid(), origin="captured", note="Ben's id in /")


async def _gone(bench: Bench, everyone: tuple[Client, ...], rows: list[Value]) -> None:
    """The same words again; then Ben asks the server which rooms he is in."""
    anna, ben, _ = everyone
    step = bench.step("socketio.rooms-gone", "Rooms live on the server")
    with bench.recorder.phase(step, "said once more", "far end"):
        members = await anna.call("say", ROOM, AFTER)
        await anna.hears(lambda one: one.event == "said" and heard(anna, AFTER))
        joined = await ben.call("join", OTHER)
    for client in everyone:
        client.told.tell(step)
    fact = bench.recorder.fact
    fact(step, "socketio.members", members, origin="captured", note="the server's acknowledgement")
    fact(step, "socketio.rooms_after", [*joined], origin="captured",
         note="the server's answer to join")  # fmt: skip
    again: list[Value] = [
        {**row, "again": heard(client, AFTER)}
        for client, row in zip(everyone, rows, strict=True)
        if isinstance(row, dict)
    ]
    got = fact(step, "socketio.receipts", again, origin="captured")
    bench.recorder.finding(
        step, "note", "After a reconnection nobody is in any room.",
        "The server knew the old id, and forgot it with its rooms. Join again in the connect "
        "handler, on the server by who the user is, or on the client.",
        (got,), "socketio.rooms-gone",
    )  # fmt: skip
