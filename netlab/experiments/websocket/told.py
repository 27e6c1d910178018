"""From the octets on a tape to the messages of a recording: the opening, then frame by frame.

Frames are read by our own dissector from what really went over the connection, never from what
was asked of a library: that is how mask, length form and RSV1 can be shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from netlab.dissect import websocket as dissect
from netlab.dissect.http1 import request, response
from netlab.dissect.websocket import Frame
from netlab.dissect.websocket_deflate import Inflater, Undone
from netlab.dissect.websocket_rules import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT
from netlab.experiments.bench import Bench
from netlab.network.tape import Direction, Tape
from netlab.network.websocket import Connection
from netlab.recording.records import Field

PROTOCOL = "WebSocket"
SHOWN = 60
"""Characters of a payload that stand in an arrow's title."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame, and when the read or write that ended it took place. id: the message's."""

    direction: Direction
    at: float
    frame: Frame
    title: str
    id: str = ""


@dataclass(slots=True)
class Side:
    """One direction. inflater: where permessage-deflate was agreed on."""

    direction: Direction
    state: dissect.State
    offset: int
    inflater: Inflater | None = None
    packed: list[bytes] = field(default_factory=list)
    kind: int = 0
    compressed: bool = False

    def read(self, tape: Tape) -> Iterator[Seen]:
        """Every frame that has become whole since the last time."""
        start = self.offset + self.state.at + len(self.state.pending)
        self.state, found = dissect.frames(self.state, tape.data(self.direction, start))
        for frame in found:
            at = tape.at_offset(self.direction, self.offset + frame.offset + frame.length - 1)
            yield Seen(self.direction, at, frame, self.title(frame))

    def title(self, frame: Frame) -> str:
        """`text “Hello”`, with what is unusual about the frame."""
        if frame.type == "malformed":
            return f"{frame.length:,} octets that are no frame"
        if frame.opcode in (TEXT, BINARY):
            self.kind, self.packed, self.compressed = frame.opcode, [], 1 in frame.rsv
        said = self.said(frame)
        parts = [f"{frame.type} {said}".rstrip()]
        if frame.opcode in (TEXT, BINARY) and not frame.fin:
            parts.append("more follows")
        if frame.opcode == CONTINUATION:
            parts.append("the last" if frame.fin else "more follows")
        if 1 in frame.rsv and self.inflater is not None:
            parts.append("RSV1: compressed")
        return ", ".join([*parts, *(f"breaks a rule: {fault.text}" for fault in frame.faults)])

    def said(self, frame: Frame) -> str:
        if frame.opcode == CLOSE:
            return closing(frame.payload)
        if frame.opcode in (PING, PONG):
            return quoted(frame.payload) if frame.payload else ""
        if self.compressed and self.inflater is not None:
            return self.inflated(frame)
        if self.kind == TEXT:
            return quoted(frame.payload)
        return octets(len(frame.payload))

    def inflated(self, frame: Frame) -> str:
        """What a compressed message says, once its last fragment is here."""
        self.packed.append(frame.payload)
        size = octets(len(frame.payload))
        if not frame.fin or self.inflater is None:
            return size
        try:
            plain = self.inflater.message(b"".join(self.packed))
        except Undone as error:
            return f"{size}, {error}"
        told = quoted(plain) if self.kind == TEXT else octets(len(plain))
        return f"{told} in {size}"


def closing(payload: bytes) -> str:
    if len(payload) < 2:
        return "without a code"
    reason = payload[2:].decode("utf-8", "backslashreplace")
    code = int.from_bytes(payload[:2], "big")
    return f"{code} “{reason}”" if reason else str(code)


def quoted(payload: bytes) -> str:
    text = payload.decode("utf-8", "backslashreplace")
    if len(text) <= SHOWN:
        return f"“{text}”"
    return f"“{text[:SHOWN]}” and so on, {octets(len(payload))}"


def octets(count: int) -> str:
    return f"{count:,} octet{'s' if count != 1 else ''}"


def http_message(
    bench: Bench, step: str, wire: bytes, direction: Direction, at: float, secure: bool
) -> str:
    """Write down one HTTP/1.1 message that stood on the wire."""
    parsed = request(wire) if direction == "sent" else response(wire)
    first = wire.split(b"\r\n", 1)[0].decode("latin-1")
    ends = ("you", "server") if direction == "sent" else ("server", "you")
    return bench.recorder.message(
        step, *ends, "HTTP/1.1", first, wire, parsed.fields, at, plaintext=secure
    )


class Teller:
    """Writes down what passed over one connection, chapter by chapter."""

    def __init__(
        self, bench: Bench, connection: Connection, ends: tuple[str, str] = ("you", "server")
    ) -> None:
        self.bench = bench
        self.connection = connection
        self.ends = ends
        self.secure = connection.stream.wire is not connection.stream.tape
        sent, received = connection.frames_at
        deflate = connection.deflate
        self.sides = (
            Side("sent", dissect.client(deflate), sent, self._inflater()),
            Side("received", dissect.server(deflate), received, self._inflater()),
        )
        self.seen: list[Seen] = []

    def _inflater(self) -> Inflater | None:
        return Inflater() if self.connection.deflate else None

    def opening(self, step: str) -> None:
        """The request and the 101, from the tape."""
        tape, (sent, received) = self.connection.stream.tape, self.connection.frames_at
        for direction, end in (("sent", sent), ("received", received)):
            way: Direction = "sent" if direction == "sent" else "received"
            wire = tape.data(way, 0, end)
            http_message(self.bench, step, wire, way, tape.at_offset(way, end - 1), self.secure)

    def frames(self, step: str) -> Sequence[Seen]:
        """Write down every frame that became whole since the last call, in order of time."""
        tape = self.connection.stream.tape
        fresh = sorted(
            (seen for side in self.sides for seen in side.read(tape)), key=lambda seen: seen.at
        )
        told = [replace(seen, id=self._message(step, seen)) for seen in fresh]
        self.seen += told
        return told

    def _message(self, step: str, seen: Seen) -> str:
        you, server = self.ends
        ends = (you, server) if seen.direction == "sent" else (server, you)
        return self.bench.recorder.message(
            step, *ends, PROTOCOL, seen.title, seen.frame.wire, fields(seen.frame), seen.at,
            plaintext=self.secure, carrier=self.carrier(seen),
        )  # fmt: skip

    def carrier(self, seen: Seen) -> str | None:
        """The message that carries this frame, where that is one of its own."""
        return None

    @property
    def cut(self) -> bool:
        """Whether the other side's octets end in the middle of a frame."""
        return bool(self.sides[1].state.pending)

    def totals(self, step: str) -> None:
        """The facts of the whole connection."""
        fact = self.bench.recorder.fact
        for direction in ("sent", "received"):
            frames = [seen.frame for seen in self.seen if seen.direction == direction]
            size = sum(frame.length for frame in frames)
            fact(step, f"ws.frames_{direction}", len(frames), origin="captured")
            fact(step, f"ws.bytes_{direction}", size, "B", "captured", note="frames, whole")
        closed = self.connection.close_code
        if closed is not None:
            fact(step, "ws.close_code", closed, origin="captured")
        if self.connection.close_reason:
            fact(step, "ws.close_reason", self.connection.close_reason, origin="captured")


def fields(frame: Frame) -> tuple[Field, ...]:
    return frame.fields
