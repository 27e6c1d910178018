"""Who speaks only half of it: a raw WebSocket with a Socket.IO server, and the other way round."""

from netlab.experiments.bench import Bench
from netlab.experiments.socketio.clients import (
    BROKEN,
    CHAT,
    PORT,
    Client,
    Raw,
    Transport,
    Wanted,
    endpoint,
)
from netlab.network.websocket import Connection, Declined
from netlab.recording.records import Value

ECHO, ECHO_ADDRESS = "ws.example.com", "203.0.113.55"
WORDS = "hello"
PATIENCE = 0.4
"""Seconds in which an echo's server would have said something by itself."""


async def run(bench: Bench) -> None:
    await _websocket_client(bench)
    await _socketio_client(bench)


async def _websocket_client(bench: Bench) -> None:
    """Open a WebSocket at the right path, and talk as to any other."""
    step = bench.step("socketio.stranger-client", "A raw WebSocket at a Socket.IO server")
    async with Raw(bench, "raw") as raw:
        with bench.recorder.phase(step, "open, and say hello", "far end"):
            elsewhere = await raw.open(CHAT, "/")
            line = await raw.open(CHAT, endpoint())
            first = await _greet(line) if isinstance(line, Connection) else ""
        raw.told.tell(step)
    fact = bench.recorder.fact
    if isinstance(elsewhere, Declined):
        fact(step, "ws.elsewhere", elsewhere.answer.status, origin="captured",
             note="at / there is no WebSocket")  # fmt: skip
    if isinstance(line, Connection):
        fact(step, "ws.said", WORDS, origin="configured")
        fact(step, "ws.first", first, origin="captured", note="what came without being asked for")
        fact(step, "ws.close_code", line.close_code, origin="captured")


async def _greet(line: Connection) -> str:
    """What the server says first, unasked; then a word that is no packet, and the end."""
    event = await line.message(PATIENCE)
    await line.send(WORDS)
    try:
        while await line.receive(PATIENCE) is not None:
            pass
    except (TimeoutError, OSError):
        pass
    return event.text[:2000] if event is not None else ""


async def _socketio_client(bench: Bench) -> None:
    """The library at a server that echoes WebSocket messages: by its own order, then forced."""
    step = bench.step("socketio.stranger-server", "A Socket.IO client at a WebSocket server")
    bench.recorder.actor("echo", ECHO, "WebSocket echo")
    rows: list[Value] = []
    with bench.recorder.phase(step, "two attempts to connect", "far end"):
        rows.append(await _attempt(bench, step, "its own order", None))
        rows.append(await _attempt(bench, step, "websocket alone", ("websocket",)))
    bench.recorder.fact(step, "socketio.attempts", rows, origin="captured")
    bench.recorder.finding(
        step, "note", "Socket.IO and WebSocket do not get on with each other.",
        "Both ends speak Socket.IO, of the same protocol version, or neither does. A server for "
        "other people's clients of any kind wants plain WebSocket.", (), "socketio",
    )  # fmt: skip


async def _attempt(
    bench: Bench, step: str, name: str, transports: tuple[Transport, ...] | None
) -> Value:
    def dial() -> tuple[str, int]:
        return bench.network.dialled(ECHO_ADDRESS, PORT, "tcp")

    wanted = Wanted(path="echo", transports=transports)
    said = "connected"
    async with Client(bench, "you", wanted, ECHO, dial, server="echo") as client:
        try:
            await client.connect(PATIENCE)
        except TimeoutError:
            said = "waited for an open packet in vain"
        except BROKEN as error:
            said = str(error)
        told = client.told.tell(step)
    answers = [item.http.status for item in told if item.http and item.kind == "response"]
    return {"order": name, "status": answers[0] if answers else None, "said": said}
