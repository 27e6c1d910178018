"""What passed over one relayed connection: HTTP messages and WebSocket frames, and inside of them
the packets of Engine.IO and Socket.IO, each with what carries it.

All is read from the relay's tapes by our own dissectors, never asked of the library.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from netlab.dissect import engineio, http1, socketio
from netlab.dissect import websocket as frames
from netlab.dissect.http1 import Parsed
from netlab.dissect.websocket import Frame
from netlab.dissect.websocket_rules import BINARY, CONTINUATION, TEXT
from netlab.network.http_body import BadEncoding, Decoder
from netlab.network.relay import Relayed
from netlab.network.tape import Direction, Tape

LONGEST_MESSAGE = 4 * 1024 * 1024
"""Octets of fragments that are put together."""

Kind = Literal["request", "response", "frame", "octets"]


@dataclass(frozen=True, slots=True)
class Packet:
    """An Engine.IO packet, and the Socket.IO packet that it holds, if it is a message."""

    engine: engineio.Packet
    socket: socketio.Packet | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One carrier, and the packets in it. started, at: when its first and last octet passed.

    asked: of a response the request's method, else empty. connection: the relayed one's number.
    """

    connection: int
    direction: Direction
    kind: Kind
    started: float
    at: float
    wire: bytes
    http: Parsed | None = None
    frame: Frame | None = None
    packets: tuple[Packet, ...] = ()
    asked: str = ""

    @property
    def sockets(self) -> tuple[socketio.Packet, ...]:
        return tuple(packet.socket for packet in self.packets if packet.socket)

    def holds(self, kind: str, sent: bool | None = None) -> bool:
        """Whether it carries an Engine.IO packet of this type, or a Socket.IO one."""
        if sent is not None and sent is not (self.direction == "sent"):
            return False
        return any(
            kind == packet.engine.type or (packet.socket is not None and kind == packet.socket.type)
            for packet in self.packets
        )


@dataclass(slots=True)
class Line:
    """One relayed connection, read as far as it has come. far: the tape that the server saw."""

    relayed: Relayed
    far: bool = False
    sent: int = 0
    received: int = 0
    asked: list[Parsed] = field(default_factory=list)
    sides: "dict[Direction, Side]" = field(default_factory=dict)
    lost: bool = False

    @property
    def tape(self) -> Tape:
        return self.relayed.far if self.far else self.relayed.near

    def read(self) -> Iterator[Item]:
        """Every HTTP message and frame that has become whole since the last time."""
        while not self.sides and not self.lost:
            # Who waits for an answer sends no other request; after a 101 come frames.
            item = self._response() if self.asked else self._request() or self._response()
            if item is None:
                return
            yield item
        for side in self.sides.values():
            yield from side.read(self)

    def _request(self) -> Item | None:
        wire = self.tape.data("sent", self.sent)
        if not wire:
            return None
        parsed = http1.request(wire)
        if parsed.malformed:
            return self._rest("sent", wire)
        if not parsed.complete:
            return None
        start, self.sent = self.sent, self.sent + parsed.length
        self.asked.append(parsed)
        packets = self._packets(parsed, parsed) if parsed.method == "POST" else ()
        return self._item("sent", "request", start, parsed, packets)

    def _response(self) -> Item | None:
        wire = self.tape.data("received", self.received)
        if not wire:
            return None
        asked = self.asked[0] if self.asked else None
        parsed = http1.response(wire, asked.method or "GET" if asked else "GET")
        if parsed.malformed:
            return self._rest("received", wire)
        ended = self.relayed.ended is not None and parsed.framing == "until close"
        if parsed.head_length is None or not (parsed.complete or ended):
            return None
        start, self.received = self.received, self.received + parsed.length
        if not parsed.interim and self.asked:
            self.asked.pop(0)
        if parsed.status == http1.SWITCHING_PROTOCOLS:
            self._switch(asked, parsed)
        good = asked is not None and asked.method == "GET" and parsed.status == 200
        packets = self._packets(parsed, asked) if good and asked is not None else ()
        method = asked.method or "" if asked else ""
        return self._item("received", "response", start, parsed, packets, method)

    def _item(
        self, direction: Direction, kind: Kind, start: int, parsed: Parsed,
        packets: tuple[Packet, ...], asked: str = "",
    ) -> Item:  # fmt: skip
        end = start + parsed.length
        return Item(
            self.relayed.number, direction, kind, self.tape.at_offset(direction, start),
            self.tape.at_offset(direction, end - 1), self.tape.data(direction, start, end),
            parsed, None, packets, asked,
        )  # fmt: skip

    def _rest(self, direction: Direction, wire: bytes) -> Item:
        """What is no HTTP: told once, and nothing after it can be told apart."""
        self.lost = True
        started = self.tape.first_at(direction) or 0.0
        at = self.tape.last_at(direction) or started
        return Item(self.relayed.number, direction, "octets", started, at, wire)

    def _packets(self, message: Parsed, asked: Parsed) -> tuple[Packet, ...]:
        if query(asked.target).get("transport") != "polling":
            return ()
        return tuple(packet(found) for found in engineio.body(plain(message)))

    def _switch(self, asked: Parsed | None, answer: Parsed) -> None:
        """From here on it is frames; of Engine.IO where the request said so."""
        speaks = query(asked.target if asked else None).get("transport") == "websocket"
        packed = any(name.lower() == "sec-websocket-extensions" for name, _ in answer.headers)
        self.sides = {
            "sent": Side("sent", self.sent, frames.client(packed), speaks),
            "received": Side("received", self.received, frames.server(packed), speaks),
        }


def query(target: str | None) -> dict[str, str]:
    """A request's parameters, the first of each name."""
    try:
        found = parse_qs(urlsplit(target or "").query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: values[0] for name, values in found.items()}


def plain(message: Parsed) -> bytes:
    """A body without its content coding, as far as that can be undone."""
    coding = next((value for name, value in message.headers if name.lower() == "content-encoding"),
                  "")  # fmt: skip
    decoder = Decoder(coding.strip().lower())
    try:
        decoder.feed(message.body)
    except BadEncoding:
        return message.body
    return bytes(decoder.body)


def packet(found: engineio.Packet) -> Packet:
    """An Engine.IO packet with the Socket.IO packet that it holds."""
    return Packet(found, socketio.packet(found.data) if found.type == "message" else None)


@dataclass(slots=True)
class Side:
    """One direction of a WebSocket: its frames, and the messages that they make up."""

    direction: Direction
    offset: int
    state: frames.State
    speaks: bool
    parts: bytearray = field(default_factory=bytearray)
    first: Frame | None = None

    def read(self, line: Line) -> Iterator[Item]:
        start = self.offset + self.state.at + len(self.state.pending)
        fresh = line.tape.data(self.direction, start)
        if not fresh:
            return
        self.state, found = frames.frames(self.state, fresh)
        for frame in found:
            first = self.offset + frame.offset
            yield Item(
                line.relayed.number, self.direction, "frame",
                line.tape.at_offset(self.direction, first),
                line.tape.at_offset(self.direction, first + frame.length - 1),
                frame.wire, None, frame, tuple(self._packets(frame)),
            )  # fmt: skip

    def _packets(self, frame: Frame) -> Iterator[Packet]:
        """The packet that ends with this frame. A compressed one is left packed."""
        if not self.speaks or frame.type == "malformed":
            return
        if frame.opcode in (TEXT, BINARY):
            self.first, self.parts = frame, bytearray()
        elif frame.opcode != CONTINUATION:
            return
        self.parts += frame.payload
        first = self.first
        whole = frame.fin and len(self.parts) <= LONGEST_MESSAGE
        if whole and first is not None and not first.rsv:
            yield packet(engineio.message(bytes(self.parts), binary=first.opcode == BINARY))
