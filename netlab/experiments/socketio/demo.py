"""`netlab socketio demo`: all that Socket.IO does, in the lab, packet by packet."""

from collections.abc import Awaitable, Callable

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio import (
    adding,
    connecting,
    fallback,
    heartbeats,
    reconnecting,
    rooms,
    strangers,
)
from netlab.experiments.socketio.clients import BROKEN, Client, Wanted, introduce

OTHERS = (
    *((id, name, "client") for id, name in rooms.PEOPLE),
    ("raw", "raw", "a WebSocket client that knows no Socket.IO"),
)

Part = Callable[[Bench], Awaitable[object]]
PARTS: tuple[Part, ...] = (rooms.run, heartbeats.run, reconnecting.run, strangers.run)


async def run(bench: Bench) -> Exit:
    introduce(bench, OTHERS)
    set_up(bench, "socketio.connect", "A session, by polling")
    try:
        async with Client(bench, "you", Wanted(namespaces=("/", "/admin"))) as client:
            await connecting.run(bench, client)
            await adding.events(bench, client)
            await adding.time_out(bench, client)
            binary = await adding.binary(bench, client)
        await fallback.run(bench, binary)
        for part in PARTS:
            await part(bench)
    except BROKEN as error:
        return broke(bench, error)
    return Exit.OK


def set_up(bench: Bench, topic: str, title: str) -> None:
    """What a person must know of this network; it stands above the story."""
    step = bench.step(topic, title)
    for note in bench.network.set_up():
        bench.recorder.fact(
            step, "run.note", note, origin="configured", note="how this run was set up"
        )


def broke(bench: Bench, error: Exception) -> Exit:
    """What should work in the lab did not."""
    late = isinstance(error, TimeoutError)
    why = "no answer came in time" if late else f"{type(error).__name__}: {error}"
    step = bench.step("socketio.broken", "Where it broke off")
    bench.recorder.finding(
        step, "fault", f"The experiment broke off: {why}.",
        "In the lab nothing should keep it from its end: the machine may be under heavy load.",
    )  # fmt: skip
    return Exit.TIMEOUT if late else Exit.CONNECT
