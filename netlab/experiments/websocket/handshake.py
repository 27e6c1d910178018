"""`netlab ws handshake`: the connection, the opening, and an exchange of every kind of frame."""

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import totals
from netlab.experiments.websocket import opening
from netlab.experiments.websocket.options import Options
from netlab.experiments.websocket.reach import Clock, Reached, another, reach
from netlab.experiments.websocket.told import Seen, Teller, http_message
from netlab.network.http import Client
from netlab.network.websocket import Connection

HELLO = "Hello"
BINARY = bytes(value % 256 for value in range(300))
"""300 octets: the first length that needs two octets more begins at 126."""
LARGE = bytes(70_000)
"""Beyond 65,535: the length takes eight octets more."""
FRAGMENTS = ("frag", "men", "ted")
CODE, REASON = 1000, "bye"


def warm() -> None:
    """Load what the first connection would load, before any clock runs."""
    from netlab.network import http

    http.warm()


async def run(bench: Bench, options: Options) -> Exit:
    """Open, exchange, close; answers how the command ends."""
    set_up(bench)
    clock = Clock.of(bench, options)
    try:
        reached = await reach(bench, options, clock)
        if isinstance(reached, Exit):
            return reached
        if not options.http2:
            await same_port(bench, options, reached)
        opened = await begin(bench, options, reached, clock)
        if isinstance(opened, Exit):
            return opened
        return await exchange(bench, options, *opened)
    finally:
        totals.run(bench)


async def begin(
    bench: Bench, options: Options, reached: Reached, clock: Clock
) -> tuple[Connection, Teller] | Exit:
    """The opening, over the version of HTTP that was asked for."""
    if options.http2:
        from netlab.experiments.websocket import streamed

        return await streamed.open(bench, options, reached, clock)
    return await opening.open(bench, options, reached, clock)


def set_up(bench: Bench) -> None:
    """What a person must know of this network; it stands above the story."""
    step = bench.step("places", "Places asked first")
    for note in bench.network.set_up():
        bench.recorder.fact(
            step, "run.note", note, origin="configured", note="how this run was set up"
        )


async def same_port(bench: Bench, options: Options, reached: Reached) -> None:
    """A plain GET to the port that is asked for a WebSocket next, on a connection of its own."""
    step = bench.step("ws.same-port", "The same port, as HTTP")
    typed, recorder = options.target.typed, bench.recorder
    with recorder.phase(step, "a page from the same port", "far end", path="aside") as phase:
        try:
            stream = await another(bench, options, reached, options.patience)
        except OSError as error:
            phase.outcome = "failed"
            recorder.fact(step, "ws.http_error", str(error))
            return
        client = Client(stream, typed.scheme, typed.host, typed.port)
        fields = (("Host", typed.authority), ("Accept", "*/*"), ("Connection", "close"))
        answer = await client.get("/", fields, options.patience)
    for direction in ("sent", "received"):
        way = "sent" if direction == "sent" else "received"
        wire = stream.tape.data("sent" if way == "sent" else "received")
        at = stream.tape.last_at("sent" if way == "sent" else "received")
        if wire and at is not None and stream.alpn != "h2":
            http_message(
                bench, step, wire, "sent" if way == "sent" else "received", at,
                options.target.secure,
            )  # fmt: skip
    await client.close()
    recorder.fact(step, "ws.port", typed.port, origin="configured")
    recorder.fact(step, "ws.default_port", not typed.port_typed, origin="computed")
    recorder.fact(step, "ws.twin", typed.scheme.upper(), origin="standard", note="RFC 6455 §3")
    if answer.status:
        recorder.fact(step, "ws.http_status", answer.status, origin="captured")
    if answer.fault is not None:
        recorder.fact(step, "ws.http_error", answer.fault.detail or answer.fault.code)


async def exchange(bench: Bench, options: Options, connection: Connection, teller: Teller) -> Exit:
    """Text, binary, fragments with a ping between them, close: a chapter each."""
    try:
        await _echoed(bench, teller, "ws.text", "A text message", HELLO, options)
        await _echoed(bench, teller, "ws.binary", "A binary message", BINARY, options)
        await _echoed(bench, teller, "ws.large", "A large message", LARGE, options)
        await _fragments(bench, teller, options)
    except OSError as error:
        return await broken(bench, teller, connection, error)
    return await close(bench, teller, connection)


async def _echoed(
    bench: Bench, teller: Teller, topic: str, title: str, message: str | bytes, options: Options
) -> None:
    step = bench.step(topic, title)
    with bench.recorder.phase(step, "to the server and back", "far end"):
        await teller.connection.send(message)
        back = await awaited(teller.connection, options)
    same = back is not None and back == (message.encode() if isinstance(message, str) else message)
    tell_frames(bench, step, teller)
    bench.recorder.fact(step, "ws.echoed", same)


async def awaited(connection: Connection, options: Options) -> bytes | None:
    """The next message's octets; None where no message comes in time. Raises OSError."""
    try:
        event = await connection.message(options.patience)
    except TimeoutError:
        return None
    return None if event is None else event.data


def tell_frames(bench: Bench, step: str, teller: Teller) -> list[Seen]:
    """The chapter's frames, and the facts of its first one that was sent."""
    seen = list(teller.frames(step))
    sent = [one.frame for one in seen if one.direction == "sent"]
    received = [one.frame for one in seen if one.direction == "received"]
    if sent:
        frame = sent[0]
        fact = bench.recorder.fact
        fact(step, "ws.payload", len(frame.payload), "B", "captured")
        fact(step, "ws.header", frame.length - len(frame.payload), "B", "captured")
        fact(step, "ws.length_form", length_form(frame.wire), origin="captured")
        fact(step, "ws.compressed", 1 in frame.rsv, origin="captured")
        if frame.key is not None:
            fact(step, "ws.masking_key", frame.key.hex(" "), origin="captured")
    if received:
        frame = received[-1]
        bench.recorder.fact(
            step, "ws.header_back", frame.length - len(frame.payload), "B", "captured"
        )
    faults = [fault.text for one in seen for fault in one.frame.faults]
    if faults:
        rests = bench.recorder.fact(step, "ws.faults", [*faults], origin="captured")
        bench.recorder.finding(
            step, "fault", f"A frame breaks a rule: {faults[0]}.",
            "Whoever sent it is at fault; other endpoints may fail the connection for it.",
            (rests,), "websocket",
        )  # fmt: skip
    return seen


def length_form(wire: bytes) -> str:
    return {126: "16", 127: "64"}.get(wire[1] & 0x7F, "7")


async def _fragments(bench: Bench, teller: Teller, options: Options) -> None:
    step = bench.step("ws.fragments", "Fragments, and a ping between them")
    connection = teller.connection
    with bench.recorder.phase(step, "to the server and back", "far end"):
        protocol = connection.endpoint.protocol
        await connection.send_fragments(FRAGMENTS, lambda _: protocol.send_ping(b"still there?"))
        back = await awaited(connection, options)
    seen = tell_frames(bench, step, teller)
    fact = bench.recorder.fact
    fact(step, "ws.fragments", sum(1 for one in seen if one.direction == "sent") - 1)
    fact(step, "ws.echoed", back == "".join(FRAGMENTS).encode())
    pings = [one.at for one in seen if one.frame.type == "ping" and one.direction == "sent"]
    pongs = [one.at for one in seen if one.frame.type == "pong" and one.direction == "received"]
    if pings and pongs:
        fact(step, "ws.ping_time", pongs[0] - pings[0], "s", note="from the ping to its pong")


async def close(
    bench: Bench, teller: Teller, connection: Connection, code: int = CODE, reason: str = REASON
) -> Exit:
    """The closing handshake, and the facts of the whole connection."""
    step = bench.step("ws.close", "Closing")
    with bench.recorder.phase(step, "closing handshake", "far end"):
        ended = connection.over
        await connection.close(code, reason)
    teller.frames(step)
    teller.totals(step)
    bench.recorder.fact(step, "ws.closed_by", "server" if ended else "you")
    if connection.close_code == 1006:
        bench.recorder.finding(
            step, "warning", "The server hung up without a close frame (its code is 1006).",
            "No code of its own travelled: 1006 is what this side says of that.",
            explain="websocket",
        )  # fmt: skip
    return Exit.OK


async def broken(bench: Bench, teller: Teller, connection: Connection, error: OSError) -> Exit:
    """The connection ended in the middle: what came until then, and in plain words why."""
    step = bench.step("ws.close", "Closing")
    await connection.hang_up()
    teller.frames(step)
    teller.totals(step)
    why = "failed" if connection.fault else "cut"
    rests = bench.recorder.fact(step, "ws.error", why, origin="computed")
    if connection.fault:
        title = f"This side hung up: {connection.fault}."
        advice = "The server broke a rule, or sent more than the 16 MiB a message that are held."
    else:
        cut = " of a frame" if teller.cut else ""
        title = f"The connection broke in the middle{cut}: {str(error) or type(error).__name__}."
        advice = "The server crashed or was stopped, or something on the way cut the line."
    bench.recorder.finding(step, "fault", title, advice, (rests,), "websocket")
    return Exit.HTTP
