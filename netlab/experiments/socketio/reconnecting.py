"""The server is really stopped, and started again: what the library does meanwhile."""

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import SERVICE, Asked, Client, Wanted, soon
from netlab.recording.records import Value

BACK_OFF = (0.1, 0.8)
"""Seconds before the first attempt, and at most; each delay is twice the one before."""
REFUSED = 2
"""Attempts that meet a closed port, before the server is started again."""
WANTED = Wanted(transports=("websocket",), back_off=BACK_OFF)


async def run(bench: Bench) -> None:
    step, recorder = (
        bench.step("socketio.reconnect", "The server is gone for a while"),
        bench.recorder,
    )
    async with Client(bench, "you", WANTED) as client:
        with recorder.phase(step, "connect", "far end"):
            await client.connect()
        client.told.read()
        client.told.untold = len(client.told.items)  # how one connects has been told
        before = client.sio.get_sid()
        with recorder.phase(step, "stopped, attempts, started, back", "configured delay") as phase:
            phase.note = f"back-off from {BACK_OFF[0] * 1000:g} ms on, doubled each time"
            lost = await _stop_and_start(bench, step, client)
        client.told.tell(step)
        _tell(bench, step, client, before, lost)


async def _stop_and_start(bench: Bench, step: str, client: Client) -> float:
    """When the line was lost. The server stands again afterwards, whatever happens."""
    await bench.network.command("stop", service=SERVICE)
    client.relay.shut()  # a port that refuses, as the server's does now
    try:
        await soon(client.lost)
        first = client.relay.connections[0]
        lost = first.ended if first.ended is not None else bench.recorder.now()
        await _emit_into_nothing(bench, step, client)
        await client.until(lambda: sum(bool(one.fate) for one in client.asked) >= REFUSED)
    finally:
        await bench.network.command("start", service=SERVICE)
        await client.relay.open()
    await soon(client.connected)
    await client.call("echo", "back again")
    return lost


async def _emit_into_nothing(bench: Bench, step: str, client: Client) -> None:
    """python-socketio refuses to send without a connection; the official client would keep it."""
    try:
        await client.emit("echo", "is anybody there?")
        said = "taken"
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    bench.recorder.fact(step, "socketio.emit_meanwhile", said, origin="captured",
                        note="what python-socketio says")  # fmt: skip


def _tell(bench: Bench, step: str, client: Client, before: str | None, lost: float) -> None:
    fact = bench.recorder.fact
    tried = client.asked[1:]
    fact(step, "socketio.back_off", BACK_OFF[0], "s", "configured")
    fact(step, "socketio.attempts", attempts(tried, lost))
    fact(step, "socketio.back_after", tried[-1].at - lost, "s",
         note="from the lost line to the attempt that went through")  # fmt: skip
    fact(step, "socketio.sid_before", before, origin="captured", note="your id in /")
    fact(step, "socketio.sid_after", client.sio.get_sid(), origin="captured", note="your id in /")


def attempts(tried: list[Asked], lost: float) -> list[Value]:
    """A row for each attempt: how long it had waited since the last thing failed, and its fate."""
    rows: list[Value] = []
    since = lost
    for number, one in enumerate(tried, start=1):
        rows.append({
            "attempt": number, "at": one.at - lost, "waited": one.at - since,
            "fate": one.fate or "connected",
        })  # fmt: skip
        since = one.ended if one.ended is not None else one.at
    return rows
