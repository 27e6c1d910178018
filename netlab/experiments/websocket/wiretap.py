"""`netlab ws wiretap`: the same exchange over ws and over wss, as someone on the way sees it."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import totals
from netlab.experiments.websocket import opening, target
from netlab.experiments.websocket.handshake import close, set_up
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, reach
from netlab.network.tape import Tape
from netlab.recording.records import Value

SECRET = "the password is swordfish"
PAIR = (("clear", target.LAB), ("secure", target.LAB_SECURE))


async def run(bench: Bench) -> Exit:
    """Say the same over both, then lay the two wires side by side."""
    set_up(bench)
    seen: dict[str, Tape] = {}
    try:
        for name, url in PAIR:
            options = Options(target.parse(url), deflate=False)
            here = bench if name == "clear" else bench.under("2/")
            result = await _say(here, options, seen, name)
            if result is not Exit.OK:
                return result
        _compare(bench.under("2/"), seen)
        return Exit.OK
    finally:
        totals.run(bench)


async def _say(bench: Bench, options: Options, seen: dict[str, Tape], name: str) -> Exit:
    clock = Clock.of(bench, options)
    reached = await reach(bench, options, clock)
    if isinstance(reached, Exit):
        return reached
    opened = await opening.open(bench, options, reached, clock)
    if isinstance(opened, Exit):
        return opened
    connection, teller = opened
    step = bench.step("ws.text", "A text message")
    with bench.recorder.phase(step, "to the server and back", "far end"):
        await connection.send(SECRET)
        await connection.message(options.patience)
    teller.frames(step)
    seen[name] = reached.stream.wire
    _observed(bench, reached.stream.wire)
    return await close(bench, teller, connection)


def _observed(bench: Bench, wire: Tape) -> None:
    """What an observer reads of this wire: found in it, or not."""
    step = bench.step("ws.observed", "What someone on the way sees")
    sent, received = wire.data("sent"), wire.data("received")
    fact = bench.recorder.fact
    for way, octets in (("sent", sent), ("received", received)):
        at = wire.last_at("sent" if way == "sent" else "received")
        ends = ("you", "server") if way == "sent" else ("server", "you")
        bench.recorder.message(
            step, *ends, "TCP", f"{len(octets):,} octets", octets[-256:], (), at,
            wire_length=len(octets),
        )  # fmt: skip
    fact(step, "ws.wire_sent", len(sent), "B", "captured")
    fact(step, "ws.wire_received", len(received), "B", "captured")
    fact(step, "ws.readable", _readable(sent, received), origin="computed")
    fact(step, "ws.tail", tail(received), origin="captured")


def _readable(sent: bytes, received: bytes) -> list[Value]:
    """Which parts of the exchange stand in the clear; a mask's key stands beside it."""
    from netlab.dissect.websocket import client, frames

    found: list[Value] = []
    everything = sent + received
    for name, octets in (
        ("the host name", b"ws.example.com"),
        ("the path", b"GET /echo"),
        ("the key", b"Sec-WebSocket-Key"),
    ):
        if octets in everything:
            found.append(name)
    head, mark, rest = sent.partition(b"\r\n\r\n")
    if mark and head.startswith(b"GET"):
        _, told = frames(client(), rest)
        if any(frame.payload == SECRET.encode() for frame in told):
            found.append("the message sent, its mask taken off with the key beside it")
    if SECRET.encode() in received:
        found.append("the message received")
    return found


def tail(octets: bytes) -> str:
    """The last octets as people print them: what is no letter is a dot."""
    return "".join(chr(o) if 0x20 <= o < 0x7F else "." for o in octets[-48:])


def _compare(bench: Bench, seen: dict[str, Tape]) -> None:
    step = bench.step("ws.wiretap", "ws beside wss")
    rows: list[Value] = [
        {
            "scheme": "ws" if name == "clear" else "wss",
            "port": 80 if name == "clear" else 443,
            "octets": tape.total("sent") + tape.total("received"),
            "readable": _readable(tape.data("sent"), tape.data("received")),
            "tail": tail(tape.data("received")),
        }
        for name, tape in seen.items()
    ]
    fact = bench.recorder.fact(step, "ws.wiretap", rows, origin="captured")
    cost = seen["secure"].total("sent") + seen["secure"].total("received")
    cost -= seen["clear"].total("sent") + seen["clear"].total("received")
    bench.recorder.fact(step, "ws.tls_cost", cost, "B", "computed")
    bench.recorder.finding(
        step, "warning", "Over ws anyone on the way reads every message.",
        "Masking hides nothing: its key stands in the same frame. Only wss keeps a secret, and it "
        "says who the server is; it does not say who may open the line (netlab ws origin).",
        (fact,), "websocket",
    )  # fmt: skip
