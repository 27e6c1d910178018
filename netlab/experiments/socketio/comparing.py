"""`netlab socketio compare`: raw WebSocket beside Socket.IO, each point with its measured proof.

Octets are TCP's payload, read off the relays' tapes; neither side packs its messages.
"""

import asyncio
import contextlib
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio import rooms
from netlab.experiments.socketio.clients import (
    BROKEN,
    CHAT,
    PATIENCE,
    Client,
    Raw,
    Transport,
    Wanted,
    endpoint,
    introduce,
    soon,
)
from netlab.experiments.socketio.demo import broke, set_up
from netlab.experiments.socketio.rooms import OTHER, PEOPLE, ROOM
from netlab.experiments.socketio.strangers import ECHO, ECHO_ADDRESS
from netlab.experiments.socketio.told import Teller
from netlab.experiments.socketio.wire import Item
from netlab.network.websocket import Connection, Declined
from netlab.recording.records import Value

RAW, OWN, DIRECT, POLLING = (
    "raw WebSocket", "Socket.IO, its own order", "Socket.IO, WebSocket alone",
    "Socket.IO, polling alone",
)  # fmt: skip
TIMES = 10
"""Messages of each kind."""
TEXT, OCTETS = "see you at eight", bytes(range(256))
BACK_OFF = (0.05, 0.2)
SAID = "who hears this?"

Said = str | bytes
Say = Callable[[Bench, str, Said], Awaitable["Spoken"]]


@dataclass(frozen=True, slots=True)
class Connecting:
    """What passed until the first word of one's own could be sent. turns: waits for an answer."""

    way: str
    connections: int
    requests: int
    turns: int
    up: int
    down: int
    took: float

    @property
    def round_trips(self) -> int:
        """TCP's own handshakes included."""
        return self.connections + self.turns

    def row(self) -> dict[str, Value]:
        return {
            "way": self.way, "connections": self.connections, "requests": self.requests,
            "turns": self.turns, "round_trips": self.round_trips, "up": self.up,
            "down": self.down, "time": self.took,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one message and its echo took, on average, and the median time there and back."""

    way: str
    up: float
    down: float
    median: float

    def row(self, payload: int) -> dict[str, Value]:
        return {
            "way": self.way, "payload": payload, "up": self.up, "down": self.down,
            "added": round(self.up + self.down - 2 * payload, 1), "median": self.median,
        }  # fmt: skip


@dataclass(slots=True)
class Proofs:
    """What the chapters found, for the table at their end."""

    connecting: Sequence[Connecting] = ()
    spoken: Sequence[Spoken] = ()
    close_code: int | None = None
    back_after: float = 0.0
    members: int = 0


async def run(bench: Bench) -> Exit:
    introduce(bench, (
        *((id, name, "client") for id, name in PEOPLE),
        ("raw", "raw", "a WebSocket client that knows no Socket.IO"),
        ("echo", ECHO, "WebSocket echo"),
    ))  # fmt: skip
    set_up(bench, "socketio.compare-connect", "Until the first word")
    proofs = Proofs()
    try:
        for chapter in (_connect, _message, _cut, _receive):
            await chapter(bench, proofs)
    except BROKEN as error:
        return broke(bench, error)
    _side_by_side(bench, proofs)
    return Exit.OK


def client(bench: Bench, *transports: Transport) -> Client:
    return Client(bench, "you", Wanted(transports=transports or None))


def raw(bench: Bench) -> Raw:
    return Raw(bench, "raw", ECHO_ADDRESS, server="echo")


async def opened(line: Raw, host: str = ECHO, path: str = "/echo") -> Connection:
    """Raises ConnectionError."""
    answer = await line.open(host, path)
    if isinstance(answer, Declined):
        raise ConnectionError(answer.text)
    return answer


async def _connect(bench: Bench, proofs: Proofs) -> None:
    """Three ways in, each from its first TCP connection to the last thing that it waited for."""
    step = bench.step("socketio.compare-connect", "Until the first word")
    found: list[Connecting] = []
    with bench.recorder.phase(step, RAW, "far end"):
        async with raw(bench) as line:
            await opened(line)
            found.append(connecting(RAW, line.told, lambda item: item.kind == "response"))
            line.told.tell(step)
    for way, one in ((OWN, client(bench)), (DIRECT, client(bench, "websocket"))):
        with bench.recorder.phase(step, way, "far end"):
            async with one:
                await one.connect()
                found.append(connecting(way, one.told, lambda item: item.holds("CONNECT", False)))
                one.told.tell(step)
    proofs.connecting = found
    rows: list[Value] = [one.row() for one in found]
    bench.recorder.fact(step, "socketio.compare.connect", rows,
                        note="round trips: TCP's and the waits for an answer")  # fmt: skip


def connecting(way: str, told: Teller, last: Callable[[Item], bool]) -> Connecting:
    """Count up to the last carrier that was waited for."""
    told.read()
    end = next(number for number, item in enumerate(told.items) if last(item)) + 1
    items = told.items[:end]
    relayed = [told.relay.connections[number] for number in {item.connection for item in items}]
    up, down = octets(items)
    return Connecting(
        way, len(relayed), sum(item.kind == "request" for item in items), turns(items), up, down,
        items[-1].at - min(one.accepted for one in relayed),
    )  # fmt: skip


def turns(items: Sequence[Item]) -> int:
    """How often something was received of which the client had to wait after it had sent."""
    ways = [item.direction for item in items]
    return sum(pair == ("sent", "received") for pair in pairwise(ways))


def octets(items: Sequence[Item]) -> tuple[int, int]:
    up = sum(len(item.wire) for item in items if item.direction == "sent")
    return up, sum(len(item.wire) for item in items if item.direction == "received")


async def _message(bench: Bench, proofs: Proofs) -> None:
    """The same words and octets there and back, some times, on lines that stand already."""
    step = bench.step("socketio.compare-message", "One message and its echo")
    fact = bench.recorder.fact
    fact(step, "socketio.compare.times", TIMES, origin="configured")
    for kind, what in (("text", TEXT), ("octets", OCTETS)):
        found = []
        for way, say in WAYS:
            with bench.recorder.phase(step, f"{kind}, {way}", "far end"):
                found.append(await say(bench, step, what))
        fact(step, f"socketio.compare.{kind}_size", len(what), "B", "configured")
        fact(step, f"socketio.compare.{kind}", [one.row(len(what)) for one in found],
             note="TCP payload, a message's share")  # fmt: skip
        proofs.spoken = proofs.spoken or found


async def raw_echo(bench: Bench, step: str, what: Said) -> Spoken:
    async with raw(bench) as line:
        connection = await opened(line)
        line.told.read()
        since = len(line.told.items)
        for _ in range(TIMES):
            await connection.send(what)
            await connection.message(PATIENCE)
        return spoken(RAW, step, line.told, since, lambda _: True, lambda _: True)


def socketio_echo(way: str, transport: Transport) -> Say:
    async def say(bench: Bench, step: str, what: Said) -> Spoken:
        async with client(bench, transport) as one:
            await one.connect()
            await one.call("echo", "once, so that all is warm")
            await at_rest(one)
            since = len(one.told.items)
            for _ in range(TIMES):
                await one.call("echo", what)
                await at_rest(one)
            return spoken(
                way, step, one.told, since, carries("EVENT", "BINARY_EVENT"),
                carries("ACK", "BINARY_ACK"),
            )  # fmt: skip

    return say


async def at_rest(one: Client) -> None:
    """Wait, where it polls, until the next poll is under way alone: it is a message's cost too."""
    async with asyncio.timeout(PATIENCE):
        while True:
            one.told.read()
            items = one.told.items
            asked = [item for item in items if item.kind == "request"]
            open_ones = len(asked) - sum(item.kind == "response" for item in items)
            poll = asked[-1].http is not None and asked[-1].http.method == "GET"
            if one.transport != "polling" or (open_ones == 1 and poll):
                return
            await one.relay.change()


def carries(*kinds: str) -> Callable[[Item], bool]:
    return lambda item: any(item.holds(kind) for kind in kinds)


def spoken(
    way: str, step: str, told: Teller, since: int,
    asks: Callable[[Item], bool], answers: Callable[[Item], bool],
) -> Spoken:  # fmt: skip
    """What passed since then, shared among the messages; the first of them is told in full."""
    told.read()
    items = told.items[since:]
    sent = [item.started for item in items if item.direction == "sent" and asks(item)]
    got = [item.at for item in items if item.direction == "received" and answers(item)]
    up, down = octets(items)
    told.untold = since
    first = items[: len(items) // TIMES]
    told.tell(step, lambda item: item is first[-1])
    took = statistics.median(end - start for start, end in zip(sent, got, strict=True))
    return Spoken(way, round(up / TIMES, 1), round(down / TIMES, 1), took)


WAYS: tuple[tuple[str, Say], ...] = (
    (RAW, raw_echo),
    (DIRECT, socketio_echo(DIRECT, "websocket")),
    (POLLING, socketio_echo(POLLING, "polling")),
)


async def _cut(bench: Bench, proofs: Proofs) -> None:
    """Both lines are reset at the same instant; who does what about it, until one is back."""
    step, recorder = bench.step("socketio.compare-cut", "The line is cut"), bench.recorder
    wanted = Wanted(transports=("websocket",), back_off=BACK_OFF)
    async with raw(bench) as line, Client(bench, "you", wanted) as one:
        connection = await opened(line)
        await one.connect()
        joined = await one.call("join", ROOM)
        with recorder.phase(step, "cut, and who comes back", "configured delay") as phase:
            phase.note = f"the back-off begins with {BACK_OFF[0] * 1000:g} ms"
            start = recorder.now()
            one.connected.clear()
            line.relay.cut()
            one.relay.cut()
            noticed = await asyncio.gather(ended(bench, connection), lost(bench, one))
            await soon(one.connected)
            back = recorder.now() - start
        after = await one.call("join", OTHER)
        line.told.tell(step)
        one.told.tell(step)
    fact = recorder.fact
    fact(step, "socketio.back_off", BACK_OFF[0], "s", "configured")
    fact(step, "ws.close_code", connection.close_code, note="no close frame came (RFC 6455 §7.1.5)")
    fact(step, "socketio.back_after", back, "s")
    fact(step, "socketio.rooms_before", [*joined], origin="captured")
    fact(step, "socketio.rooms_after", [*after], origin="captured",
         note="the server's answer to join")  # fmt: skip
    rows: list[Value] = [
        {"way": RAW, "noticed": noticed[0] - start, "back": None,
         "connections": len(line.relay.connections)},
        {"way": DIRECT, "noticed": noticed[1] - start, "back": back,
         "connections": len(one.relay.connections)},
    ]  # fmt: skip
    fact(step, "socketio.compare.cut", rows)
    proofs.close_code, proofs.back_after = connection.close_code, back


async def ended(bench: Bench, connection: Connection) -> float:
    """When a raw WebSocket's program learns that its line is gone."""
    with contextlib.suppress(OSError):
        while await connection.receive(PATIENCE) is not None:
            pass
    connection.over = True
    return bench.recorder.now()


async def lost(bench: Bench, one: Client) -> float:
    await soon(one.lost)
    return bench.recorder.now()


async def _receive(bench: Bench, proofs: Proofs) -> None:
    """Three people each: Anna speaks, and each of them proves what came."""
    step = bench.step("socketio.compare-receive", "Who hears it")
    with bench.recorder.phase(step, "three raw WebSockets", "far end"):
        plain = await _raw_three(bench, step)
    with bench.recorder.phase(step, "three clients, two in a room", "far end"):
        named = await _room_of_two(bench, step)
    rows: list[Value] = [
        {"who": name, "raw": first, "room": id != "cho", "socketio": second}
        for (id, name), first, second in zip(PEOPLE, plain, named, strict=True)
    ]
    fact = bench.recorder.fact
    fact(step, "socketio.room", ROOM, origin="configured")
    fact(step, "socketio.compare.receive", rows, origin="captured")
    with bench.recorder.phase(step, "a raw WebSocket at the Socket.IO server", "far end"):
        async with Raw(bench, "raw") as line:
            event = await (await opened(line, CHAT, endpoint())).message(PATIENCE)
            line.told.tell(step)
    fact(step, "ws.first", event.text[:200] if event else "", origin="captured",
         note="what a raw client hears there")  # fmt: skip
    proofs.members = sum(named)


async def _raw_three(bench: Bench, step: str) -> list[bool]:
    """Anna's words come back to her; the others' first message is the echo of their own."""
    heard = []
    async with contextlib.AsyncExitStack() as stack:
        lines = [
            await stack.enter_async_context(Raw(bench, id, ECHO_ADDRESS, server="echo"))
            for id, _ in PEOPLE
        ]
        for number, line in enumerate([await opened(line) for line in lines]):
            await line.send(SAID if number == 0 else "anything for me?")
            event = await line.message(PATIENCE)
            heard.append(event is not None and event.text == SAID)
        for one in lines:
            one.told.tell(step)
    return heard


async def _room_of_two(bench: Bench, step: str) -> list[bool]:
    async with contextlib.AsyncExitStack() as stack:
        everyone = [
            await stack.enter_async_context(Client(bench, id, rooms.OWN)) for id, _ in PEOPLE
        ]
        for one in everyone:
            await one.connect()
            one.told.read()
            one.told.untold = len(one.told.items)  # how one connects has been told
        anna, ben, cho = everyone
        for one in (anna, ben):
            await one.call("join", ROOM)
        await anna.call("say", ROOM, SAID)
        for one in (anna, ben):
            await one.hears(lambda heard: heard.event == "said")
        await cho.call("echo", "anything for me?")
        for one in everyone:
            one.told.tell(step)
        return [rooms.heard(one, SAID) for one in everyone]


def _side_by_side(bench: Bench, proofs: Proofs) -> None:
    """Every point once more, in one table."""
    step = bench.step("socketio.compare", "Side by side")
    plain, own, direct = proofs.connecting
    bare, framed, polled = proofs.spoken
    size = len(TEXT)
    rows: list[Value] = [
        {"point": "round trips until the first word", "raw": str(plain.round_trips),
         "socketio": f"{own.round_trips}; {direct.round_trips} by WebSocket alone"},
        {"point": f"octets for {size} there and back", "raw": f"{bare.up + bare.down:g} B",
         "socketio": f"{framed.up + framed.down:g} B; {polled.up + polled.down:,.0f} B by polling"},
        {"point": "after a cut", "raw": f"stays gone ({proofs.close_code})",
         "socketio": f"back after {proofs.back_after * 1000:.0f} ms, as someone new"},
        {"point": "who receives", "raw": "the other end",
         "socketio": f"a room: {proofs.members} of {len(PEOPLE)}"},
        {"point": "who can be a client", "raw": "whatever speaks RFC 6455",
         "socketio": "Socket.IO's own kind"},
    ]  # fmt: skip
    fact = bench.recorder.fact
    fact(step, "socketio.compare.points", rows, origin="computed", note="from the chapters above")
    fact(step, "socketio.compare.raw_added", bare.row(size)["added"], "B", "computed")
    fact(step, "socketio.compare.framed_added", framed.row(size)["added"], "B", "computed")
