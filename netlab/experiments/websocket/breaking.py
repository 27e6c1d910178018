"""`netlab ws break`: what a server and a client have to refuse, each really tried.

Every case is a connection of its own to a server of the lab. Our own endpoints are judged by the
same table as anybody's: what they let pass would stand there as let pass.
"""

import asyncio
from dataclasses import dataclass

from netlab.dissect import websocket as dissect
from netlab.dissect.websocket_rules import CLOSE
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.websocket.target import parse
from netlab.network import race, websocket
from netlab.network.stream import TcpStream
from netlab.network.websocket_octets import BINARY, FIN, PING, RSV1, TEXT, frame
from netlab.network.websocket_octets import close as close_frame
from netlab.network.websocket_opening import Declined, Wish, new_key, request_fields
from netlab.recording.records import Value

HOST, UNRULY = "ws.example.com", "unruly.example.com"
ADDRESSES = {HOST: "203.0.113.55", UNRULY: "203.0.113.57"}
PATIENCE = 5.0

Fields = tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """A request that a server must refuse. fields: changed; None leaves one out."""

    what: str
    rule: str
    fields: Fields
    status: int


@dataclass(frozen=True, slots=True)
class Octets:
    """Frames that a server must fail the connection for, with this close code."""

    what: str
    rule: str
    octets: bytes
    code: int


@dataclass(frozen=True, slots=True)
class Unruly:
    """A path of the unruly server, and what a client must make of it: a reason or a code."""

    what: str
    rule: str
    path: str
    wanted: str


def masked(first: int, payload: bytes = b"", wide: int | None = None) -> bytes:
    return frame(first, payload, masked=True, wide=wide)


OPENINGS = (
    Opening("no Upgrade", "RFC 6455 §4.2.1, 3", (("Upgrade", None),), 426),
    Opening("Upgrade to something else", "RFC 6455 §4.2.1, 3", (("Upgrade", "h2c"),), 426),
    Opening("no Connection: Upgrade", "RFC 6455 §4.2.1, 4", (("Connection", "close"),), 426),
    Opening("no key", "RFC 6455 §4.2.1, 5", (("Sec-WebSocket-Key", None),), 400),
    Opening("a key of 3 octets", "RFC 6455 §4.2.1, 5", (("Sec-WebSocket-Key", "QUJD"),), 400),
    Opening("no version", "RFC 6455 §4.4", (("Sec-WebSocket-Version", None),), 426),
    Opening("version 8", "RFC 6455 §4.4", (("Sec-WebSocket-Version", "8"),), 426),
)
FRAMES = (
    Octets("a frame without a mask", "RFC 6455 §5.1", frame(FIN | TEXT, b"hi"), 1002),
    Octets("RSV1 without an extension", "RFC 6455 §5.2", masked(FIN | RSV1 | TEXT, b"hi"), 1002),
    Octets("a reserved opcode", "RFC 6455 §5.2", masked(FIN | 0x3, b"hi"), 1002),
    Octets("a ping in fragments", "RFC 6455 §5.5", masked(PING, b"hi"), 1002),
    Octets("a ping of 126 octets", "RFC 6455 §5.5", masked(FIN | PING, bytes(126)), 1002),
    Octets("a continuation of nothing", "RFC 6455 §5.4", masked(FIN, b"hi"), 1002),
    Octets("text that is not UTF-8", "RFC 6455 §8.1", masked(FIN | TEXT, b"\xc3\x28"), 1007),
    Octets("a length too wide", "RFC 6455 §5.2", masked(FIN | TEXT, b"hi", wide=2), 1002),
    Octets("a close of one octet", "RFC 6455 §5.5.1", masked(FIN | CLOSE, b"\x03"), 1002),
    Octets("close code 1005", "RFC 6455 §7.4.1", close_frame(1005, masked=True), 1002),
    Octets("close code 1006", "RFC 6455 §7.4.1", close_frame(1006, masked=True), 1002),
    Octets("close code 1015", "RFC 6455 §7.4.1", close_frame(1015, masked=True), 1002),
    Octets("1 GiB announced", "RFC 6455 §10.4",
           frame(FIN | BINARY, b"x", masked=True, length=1 << 30), 1009),
)  # fmt: skip
SERVERS = (
    Unruly("no Upgrade in the 101", "RFC 6455 §4.1", "/no-upgrade", "upgrade"),
    Unruly("no Connection in the 101", "RFC 6455 §4.1", "/no-connection", "connection"),
    Unruly("no accept value", "RFC 6455 §4.1", "/no-accept", "accept"),
    Unruly("a wrong accept value", "RFC 6455 §4.1", "/wrong-accept", "accept"),
    Unruly("an extension unasked", "RFC 6455 §4.1", "/extension", "extension"),
    Unruly("a subprotocol unasked", "RFC 6455 §4.1", "/subprotocol", "subprotocol"),
    Unruly("401 instead of 101", "RFC 9110 §15.5.2", "/401", "status"),
    Unruly("a redirect instead of 101", "RFC 9110 §15.4", "/302", "status"),
    Unruly("a page instead of 101", "RFC 9110 §15.3.1", "/200", "status"),
    Unruly("something that is not HTTP", "RFC 9112 §2.1", "/garbage", "garbage"),
    Unruly("a frame with a mask", "RFC 6455 §5.1", "/masked", "1002"),
    Unruly("RSV1 without an extension", "RFC 6455 §5.2", "/rsv1", "1002"),
    Unruly("a reserved opcode", "RFC 6455 §5.2", "/opcode", "1002"),
    Unruly("a ping in fragments", "RFC 6455 §5.5", "/ping-fragment", "1002"),
    Unruly("a ping of 126 octets", "RFC 6455 §5.5", "/ping-long", "1002"),
    Unruly("a continuation of nothing", "RFC 6455 §5.4", "/continuation", "1002"),
    Unruly("text that is not UTF-8", "RFC 6455 §8.1", "/utf-8", "1007"),
    Unruly("a length too wide", "RFC 6455 §5.2", "/length", "1002"),
    Unruly("close code 1005", "RFC 6455 §7.4.1", "/1005", "1002"),
    Unruly("close code 1006", "RFC 6455 §7.4.1", "/1006", "1002"),
    Unruly("close code 1015", "RFC 6455 §7.4.1", "/1015", "1002"),
    Unruly("1 GiB announced", "RFC 6455 §10.4", "/gigabyte", "1009"),
    Unruly("fragments without end", "RFC 6455 §10.4", "/endless", "1009"),
    Unruly("the end in mid-frame", "RFC 6455 §7.1.5", "/cut", "1006"),
)


async def run(bench: Bench) -> Exit:
    """Try them all; a rule that nobody enforced is a fault."""
    bench.recorder.actor("you", "you", "client")
    for note in bench.network.set_up():
        step = bench.step("ws.break.opening", "Openings that a server must refuse")
        bench.recorder.fact(step, "run.note", note, origin="configured")
    openings = [await opening(bench, case) for case in OPENINGS]
    _tell(bench, "ws.break.opening", "Openings that a server must refuse", openings)
    frames = [await octets(bench, case) for case in FRAMES]
    _tell(bench, "ws.break.frames", "Frames that a server must refuse", frames)
    servers = [await unruly(bench, case) for case in SERVERS]
    _tell(bench, "ws.break.client", "Servers that a client must refuse", servers)
    return Exit.OK


async def connected(bench: Bench, host: str) -> TcpStream:
    target = bench.network.dialled(ADDRESSES[host], 80, "tcp")
    return TcpStream(await race.connect(target), bench.recorder.now)


async def opening(bench: Bench, case: Opening) -> Value:
    """Ask wrongly; the server's answer."""
    stream = await connected(bench, HOST)
    changed = {name.lower(): value for name, value in case.fields}
    fields = [
        (name, changed.get(name.lower(), value))
        for name, value in request_fields(Wish(HOST, "/echo", deflate=False), new_key())
    ]
    lines = [f"{name}: {value}" for name, value in fields if value is not None]
    request = "\r\n".join(("GET /echo HTTP/1.1", *lines, "", ""))
    try:
        await stream.write(request.encode("latin-1"), PATIENCE)
        head = await stream.read(timeout=PATIENCE)
    finally:
        await stream.close()
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return row(case.what, case.rule, f"status {status}", status == case.status)


async def octets(bench: Bench, case: Octets) -> Value:
    """Open well, then send what breaks a rule; the server's close code."""
    stream = await connected(bench, HOST)
    connection = await websocket.open(stream, Wish(HOST, "/echo", deflate=False), PATIENCE)
    if isinstance(connection, Declined):
        return row(case.what, case.rule, connection.text, False)
    try:
        await stream.write(case.octets, PATIENCE)
        async with asyncio.timeout(PATIENCE):
            while await stream.read():
                pass
    except OSError:
        pass
    finally:
        await stream.close()
    code = close_code(stream.tape.data("received", connection.frames_at[1]))
    return row(case.what, case.rule, f"closed with {code}", code == case.code)


def close_code(received: bytes) -> int:
    """What the server's close frame said; 1006 where none came."""
    _, found = dissect.frames(dissect.server(), received)
    for one in found:
        if one.opcode == CLOSE and len(one.payload) >= 2:
            return int.from_bytes(one.payload[:2], "big")
    return 1006


async def unruly(bench: Bench, case: Unruly) -> Value:
    """Be served wrongly; what netlab's own client makes of it."""
    typed = parse(f"ws://{UNRULY}{case.path}").typed
    stream = await connected(bench, UNRULY)
    result = await websocket.open(
        stream, Wish(typed.authority, typed.request_target, deflate=False), PATIENCE
    )
    if isinstance(result, Declined):
        await stream.close()
        return row(case.what, case.rule, result.text, result.why == case.wanted)
    try:
        async with asyncio.timeout(PATIENCE):
            while await result.receive() is not None and result.open:
                pass
    except OSError:
        pass
    sent = result.endpoint.protocol.close_sent
    code = 1006 if sent is None else int(sent.code)
    await result.hang_up()
    return row(case.what, case.rule, f"closed with {code}", str(code) == case.wanted)


def row(what: str, rule: str, outcome: str, refused: bool) -> dict[str, Value]:
    return {
        "what": what, "rule": rule, "outcome": outcome,
        "verdict": "refused" if refused else "let pass",
    }  # fmt: skip


def _tell(bench: Bench, topic: str, title: str, rows: list[Value]) -> None:
    step = bench.step(topic, title)
    told = bench.recorder.fact
    cases = told(step, topic, rows, note="one connection each")
    passed = [one for one in rows if isinstance(one, dict) and one["verdict"] != "refused"]
    told(step, "ws.break.tried", len(rows))
    told(step, "ws.break.refused", len(rows) - len(passed))
    for one in passed:
        bench.recorder.finding(
            step, "fault", f"Not refused: {one['what']} ({one['rule']}): {one['outcome']}.",
            "An endpoint that lets this pass is easier to attack.", (cases,), "websocket",
        )  # fmt: skip
