"""The one place that knows how the `ssl` module shows handshake messages in plaintext.

`SSLContext._msg_callback` is no public interface (it is there in CPython 3.8 to 3.14, made for
debugging). Where it is missing, `watch` says so and only records on the wire are seen.
"""

import ssl
from dataclasses import dataclass, field
from typing import Any, Literal
from weakref import WeakKeyDictionary

from netlab.network.stream import Clock
from netlab.network.tape import Direction

Kind = Literal["handshake", "alert", "change_cipher_spec"]

KINDS: dict[int, Kind] = {21: "alert", 22: "handshake"}
"""Content types (RFC 8446 §5.1). The callback also yields pseudo records, 256 for a record's
header and 257 for its inner content type: Python names these after handshake messages that
happen to have the same number, so everything but the real types is dropped."""

CALLBACK = "_msg_callback"
HEADER = 256
APPLICATION_DATA = 23
CHANGE_CIPHER_SPEC = 20
HELLOS = (1, 2)

MESSAGES_KEPT = 256
"""A server may send tickets and key updates for ever; nobody reads that many."""

CANNOT_SEE = (
    "this Python does not show the handshake's messages: only its records are seen, and all that "
    "is encrypted stays closed"
)


@dataclass(frozen=True, slots=True)
class TlsMessage:
    """A handshake message, alert or change_cipher_spec, without its record's header.

    parsed: when OpenSSL handed it over, which is not when its octets came. record: which record
    of its direction completed it, counted from 0; None when no record was seen.
    """

    parsed: float
    direction: Direction
    kind: Kind
    data: bytes
    encrypted: bool
    record: int | None

    @property
    def type(self) -> int:
        """The handshake type (RFC 8446 §4), or -1 for what is no handshake message."""
        return self.data[0] if self.kind == "handshake" and self.data else -1


@dataclass(slots=True)
class _Side:
    """One direction. outer: the content type in the latest record's header."""

    records: int = 0
    outer: int = 0
    changed: bool = False


@dataclass(slots=True, eq=False)
class Log:
    """What one connection said. dropped: how many messages the cap left out."""

    clock: Clock
    visible: bool = True
    messages: list[TlsMessage] = field(default_factory=list)
    dropped: int = 0
    _sides: dict[Direction, _Side] = field(
        default_factory=lambda: {"sent": _Side(), "received": _Side()}
    )

    def take(self, direction: Direction, content_type: int, data: bytes) -> None:
        """Note what the callback handed over; pseudo records only move the counters."""
        side = self._sides[direction]
        if content_type == HEADER and data:
            side.records += 1
            side.outer = data[0]
            if side.outer == CHANGE_CIPHER_SPEC:
                # OpenSSL shows the one it sends and not the one it receives: read the header.
                self._keep(direction, side, "change_cipher_spec", b"\x01")
                side.changed = True
        elif content_type in KINDS:
            self._keep(direction, side, KINDS[content_type], data)

    def _keep(self, direction: Direction, side: _Side, kind: Kind, data: bytes) -> None:
        if len(self.messages) >= MESSAGES_KEPT:
            self.dropped += 1
            return
        encrypted = self._encrypted(side, kind, data)
        record = side.records - 1 if side.records else None
        self.messages.append(TlsMessage(self.clock(), direction, kind, data, encrypted, record))

    @staticmethod
    def _encrypted(side: _Side, kind: Kind, data: bytes) -> bool:
        """TLS 1.3 hides messages in records of application data (RFC 8446 §5.2); 1.2 encrypts
        what follows ChangeCipherSpec. A hello is always in the clear: in 1.3 one may follow a
        ChangeCipherSpec that is there only for show (appendix D.4)."""
        if side.outer == APPLICATION_DATA:
            return True
        hello = kind == "handshake" and data[:1] != b"" and data[0] in HELLOS
        return side.changed and not hello and kind != "change_cipher_spec"


class Watch:
    """Hands the messages of a context's connections to each connection's own log."""

    def __init__(self) -> None:
        self._logs: WeakKeyDictionary[Any, Log] = WeakKeyDictionary()
        self.visible = False

    def follow(self, connection: ssl.SSLObject, clock: Clock) -> Log:
        """Log this connection's messages from now on."""
        log = self._logs[connection] = Log(clock, self.visible)
        return log

    def __call__(
        self,
        connection: Any,
        direction: str,
        version: int,
        content_type: int,
        message_type: int,
        data: bytes,
    ) -> None:
        """OpenSSL's message callback. An exception here would end the handshake: none leaves."""
        try:
            log = self._logs.get(connection)
            if log is not None:
                log.take("sent" if direction == "write" else "received", int(content_type), data)
        except Exception:
            self.visible = False


def watch(context: ssl.SSLContext) -> Watch:
    """Follow the connections of this context; `visible` is False where Python cannot show them."""
    watcher = Watch()
    if hasattr(context, CALLBACK):
        try:
            setattr(context, CALLBACK, watcher)
        except (AttributeError, TypeError):
            return watcher
        watcher.visible = True
    return watcher
