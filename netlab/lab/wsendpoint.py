"""One side of an open WebSocket connection, without I/O (RFC 6455 §5 to §7).

Frames are the work of `websockets`; what it leaves to whoever uses it is done here: text must be
UTF-8, fragment by fragment, and fragments make up messages of a bounded size.
"""

import codecs
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol

LONGEST_MESSAGE = 16 * 1024 * 1024
WINDOW = 12
"""Bits of the compression window: 4 KiB a connection are enough for small messages."""

Kind = Literal["text", "binary", "ping", "pong", "close"]


@dataclass(frozen=True, slots=True)
class Event:
    """A whole message or a control frame. text: what it says, where it is one of text."""

    kind: Kind
    data: bytes
    fragments: int = 1

    @property
    def text(self) -> str:
        return self.data.decode("utf-8")


class Strict(Protocol):
    """Text that is not UTF-8 fails the connection with 1007 (RFC 6455 §8.1).

    It is looked at before a frame counts, so that nothing that follows is answered any more. And
    each frame is passed on to `heard` before the next one counts: else an answer to a message
    that comes together with a close would find the connection closed.
    """

    decoder: codecs.IncrementalDecoder | None = None
    heard: Callable[[Frame], None] | None = None

    def recv_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT and self.current_size is None:
            self.decoder = codecs.getincrementaldecoder("utf-8")()
        elif frame.opcode is Opcode.BINARY:
            self.decoder = None
        if frame.opcode in (Opcode.TEXT, Opcode.CONT) and self.decoder is not None:
            self.decoder.decode(bytes(frame.data), frame.fin)
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None  # it may stand amid fragments, as pings may (RFC 6455 §5.4)
        super().recv_frame(frame)
        if self.heard is not None:
            self.heard(frame)


class Lengths:
    """Follows frames by their headers alone, for a length that is longer than it need be.

    RFC 6455 §5.2 wants the shortest form; `websockets` lets any pass.
    """

    def __init__(self) -> None:
        self.head = b""
        self.skip = 0

    def wrong(self, data: bytes) -> int | None:
        """Where in data the octets of a frame with such a length begin; None if there is none."""
        at = 0
        while True:
            passed = min(self.skip, len(data) - at)
            at, self.skip = at + passed, self.skip - passed
            if at == len(data):
                return None
            wanted = self.wanted()
            taken = data[at : at + wanted - len(self.head)]
            at, self.head = at + len(taken), self.head + taken
            if len(self.head) < self.wanted():
                continue
            payload, least = self.announced()
            if payload < least:
                return max(0, at - len(self.head))
            self.skip = payload + (4 if self.head[1] & 0x80 else 0)
            self.head = b""

    def wanted(self) -> int:
        """Octets of the header up to its length's end, as far as is known."""
        return 2 + ({126: 2, 127: 8}.get(self.head[1] & 0x7F, 0) if len(self.head) >= 2 else 0)

    def announced(self) -> tuple[int, int]:
        """The payload's length, and the least for which this form of it is right."""
        short = self.head[1] & 0x7F
        if short < 126:
            return short, 0
        return int.from_bytes(self.head[2:], "big"), 126 if short == 126 else 1 << 16


CONTROL: dict[Opcode, Kind] = {
    Opcode.PING: "ping", Opcode.PONG: "pong", Opcode.CLOSE: "close",
}  # fmt: skip


class Endpoint:
    """What has come, message by message, and what is to be sent.

    hear: called for each event in order, and may send at once.
    """

    def __init__(self, protocol: Strict, hear: Callable[["Endpoint", Event], None]) -> None:
        self.protocol = protocol
        self.hear = hear
        self.kind: Kind = "binary"
        self.parts: list[bytes] = []
        self.lengths = Lengths()
        self.fault = ""
        protocol.heard = self._heard

    def receive(self, data: bytes) -> None:
        """Octets from the other side; none of them at its end."""
        if not data:
            self.protocol.receive_eof()
        elif (wrong := self.lengths.wrong(data)) is None:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_data(data[:wrong])
            self.fault = "the length is not in its shortest form"
            self.protocol.fail(CloseCode.PROTOCOL_ERROR, self.fault)
        self.protocol.events_received()  # all were heard already; this forgets them

    def _heard(self, frame: Frame) -> None:
        if kind := CONTROL.get(frame.opcode):
            self.hear(self, Event(kind, bytes(frame.data)))
            return
        if frame.opcode is not Opcode.CONT:
            self.kind = "text" if frame.opcode is Opcode.TEXT else "binary"
            self.parts = []
        self.parts.append(bytes(frame.data))
        if frame.fin:
            parts, self.parts = self.parts, []
            self.hear(self, Event(self.kind, b"".join(parts), len(parts)))

    def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.protocol.send_text(message.encode("utf-8"))
        else:
            self.protocol.send_binary(message)

    def outgoing(self) -> tuple[bytes, bool]:
        """Octets to send, and whether this side has nothing more to say after them."""
        pieces = self.protocol.data_to_send()
        return b"".join(pieces), b"" in pieces


def server_deflate() -> ServerPerMessageDeflateFactory:
    return ServerPerMessageDeflateFactory(
        server_max_window_bits=WINDOW, client_max_window_bits=WINDOW,
        compress_settings={"memLevel": 5},
    )  # fmt: skip
