"""From what passed a relay to the messages of a recording, chapter by chapter."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import urlsplit

from netlab.dissect import engineio, socketio
from netlab.experiments.bench import Bench
from netlab.experiments.socketio.wire import Item, Line, Packet, query
from netlab.experiments.websocket.told import closing, octets, quoted
from netlab.network.relay import Relay
from netlab.recording.records import Value

SHOWN = 48
"""Characters of a packet that stand in an arrow's title."""


class Teller:
    """Reads a relay's connections, and writes down what came: messages, and a timeline."""

    def __init__(
        self, bench: Bench, relay: Relay, client: str = "you", server: str = "server",
        far: bool = False,
    ) -> None:  # fmt: skip
        self.bench = bench
        self.relay = relay
        self.ends = (client, server)
        self.far = far
        self.lines: list[Line] = []
        self.items: list[Item] = []
        self.untold = 0

    def read(self) -> Sequence[Item]:
        """Take in all that has become whole; answers what is new, in order of time."""
        for relayed in self.relay.connections[len(self.lines) :]:
            self.lines.append(Line(relayed, self.far))
        fresh = sorted((item for line in self.lines for item in line.read()), key=lambda i: i.at)
        self.items += fresh
        return fresh

    async def until(self, test: Callable[[Item], bool], timeout: float, since: int = 0) -> Item:
        """The first carrier from number `since` on for which this is true. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while True:
                self.read()
                found = next((item for item in self.items[since:] if test(item)), None)
                if found is not None:
                    return found
                await self.relay.change()

    def tell(self, step: str, last: Callable[[Item], bool] | None = None) -> Sequence[Item]:
        """Write down all that is not yet told, up to the last one for which `last` is true."""
        self.read()
        waiting = self.items[self.untold :]
        if last is not None:
            ends = [number for number, item in enumerate(waiting) if last(item)]
            waiting = waiting[: ends[-1] + 1] if ends else []
        self.untold += len(waiting)
        for item in waiting:
            self._message(step, item)
        return waiting

    def _message(self, step: str, item: Item) -> None:
        client, server = self.ends
        ends = (client, server) if item.direction == "sent" else (server, client)
        message = self.bench.recorder.message
        protocol = "WebSocket" if item.kind == "frame" else "HTTP/1.1"
        fields = item.frame.fields if item.frame else item.http.fields if item.http else ()
        carrier = message(step, *ends, protocol, title(item), item.wire, fields, item.at)
        for packet in item.packets:
            engine = packet.engine
            id = message(
                step, *ends, "Engine.IO", engine_title(item, packet), engine.wire, engine.fields,
                item.at, carrier=carrier,
            )  # fmt: skip
            if packet.socket is not None:
                message(
                    step, *ends, "Socket.IO", socket_title(item, packet.socket),
                    packet.socket.wire, packet.socket.fields, item.at, carrier=id,
                )  # fmt: skip


def timeline(items: Iterable[Item], client: str = "you", server: str = "server") -> list[Value]:
    """A row for each packet, or for a carrier without one: who, in what, which packets."""
    told = sorted(items, key=lambda item: item.at)
    start = told[0].started if told else 0.0
    rows: list[Value] = []
    for item in told:
        way = f"{client} → {server}" if item.direction == "sent" else f"{client} ← {server}"
        row: dict[str, Value] = {"at": item.at - start, "way": way, "carrier": carrier(item)}
        if not item.packets:
            rows.append({**row, "engineio": "", "socketio": ""})
        for packet in item.packets:
            engine, socket = packet.engine, packet.socket
            rows.append({
                **row, "engineio": engine_name(engine),
                "socketio": f"{socket.code} {socket_name(socket)}" if socket else "",
            })  # fmt: skip
    return rows


def carrier(item: Item) -> str:
    """What carries it: `GET, polling`, `answer 200 to GET`, `text frame`."""
    if item.frame is not None:
        return f"{item.frame.type} frame"
    if item.http is None:
        return "octets that are no HTTP"
    if item.kind == "request":
        asks = query(item.http.target).get("transport", "")
        upgrade = any(name.lower() == "upgrade" for name, _ in item.http.headers)
        what = "Upgrade: websocket" if upgrade else asks or path(item)
        return f"{item.http.method}, {what}"
    said = f"answer {item.http.status}"
    return f"{said} to {item.asked}" if item.asked else said


def path(item: Item) -> str:
    return urlsplit(item.http.target or "").path if item.http else ""


def title(item: Item) -> str:
    """The carrier as it is: the first line of HTTP, the frame's kind and what it says."""
    frame, http = item.frame, item.http
    if frame is not None:
        said = closing(frame.payload) if frame.type == "close" else octets(len(frame.payload))
        if frame.type == "text" and not item.packets and not frame.rsv:
            said = quoted(frame.payload)
        return f"{frame.type} frame, {said}"
    first = item.wire.split(b"\r\n", 1)[0].decode("latin-1")
    if http is None:
        return f"{octets(len(item.wire))} that are no HTTP"
    if item.kind == "request":
        return f"{http.method} {asked_for(item)}"
    body = http.body if item.asked == "POST" or (http.status or 0) >= 400 else b""
    return f"{first.partition(' ')[2]} {quoted(body.strip())}" if body.strip() else first


def asked_for(item: Item) -> str:
    """`/socket.io/ · polling, a new session`: the target in words; the fields have it whole."""
    asks = query(item.http.target if item.http else None)
    if "EIO" not in asks:
        return (item.http.target if item.http else None) or ""
    upgrade = item.http is not None and any(n.lower() == "upgrade" for n, _ in item.http.headers)
    what = "Upgrade: websocket" if upgrade else asks.get("transport", "")
    return f"{path(item)} · {what}" + ("" if "sid" in asks else ", a new session")


def inside(item: Item) -> str:
    """Where a packet stands, in words."""
    if item.frame is not None:
        return f"{item.frame.type} frame"
    return "body of a POST" if item.kind == "request" else "answer to a GET"


def engine_title(item: Item, packet: Packet) -> str:
    engine = packet.engine
    kind = engine.type if not engine.wire.startswith(b"b") else f"{engine.type} in base64"
    return f"{written(engine)} · {kind} · {inside(item)}"


def written(engine: engineio.Packet) -> str:
    """A packet as it stands on the wire, shortened; octets by their number."""
    if engine.type == "binary" and not engine.wire.startswith(b"b"):
        return octets(len(engine.data))
    return short(engine.wire)


def short(wire: bytes) -> str:
    words = wire.decode("utf-8", "backslashreplace")
    return words if len(words) <= SHOWN else f"{words[:SHOWN]} and so on, {octets(len(wire))}"


def engine_name(engine: engineio.Packet) -> str:
    """`2 ping, the probe`; of a binary packet, which has no type, `  binary`."""
    if engine.type in ("binary", "malformed"):
        return f"  {engine.type}, {octets(len(engine.data or engine.wire))}"
    name = f"{engine.wire[:1].decode('ascii')} {engine.type}"
    return f"{name}, the probe" if engine.probe else name


def socket_title(item: Item, packet: socketio.Packet) -> str:
    return f"4{short(packet.wire)} · {socket_name(packet, brief=True)} · {inside(item)}"


def socket_name(packet: socketio.Packet, brief: bool = False) -> str:
    """`EVENT echo in /admin, wants ack 0`; in brief without what stands beside it anyway."""
    parts: list[str] = [packet.type]
    if packet.event is not None and not brief:
        parts[0] += f" {packet.event}"
    if packet.namespace != "/" and not brief:
        parts[0] += f" in {packet.namespace}"
    if packet.attachments:
        parts.append(f"{packet.attachments} attachment{'s' if packet.attachments > 1 else ''}")
    if packet.id is not None:
        answers = packet.type in socketio.ACKS
        parts.append(f"answers {packet.id}" if answers else f"wants ack {packet.id}")
    return ", ".join(parts)
