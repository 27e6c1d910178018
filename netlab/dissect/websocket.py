"""WebSocket frames (RFC 6455 §5): one direction of a connection, with every rule they break.

State is a value, one for each direction: what a fragmented message has come to, and the octets of
a frame that is not whole yet. A frame that breaks a rule is flagged and read on, since what comes
after it can still be told apart; where it cannot, the rest of the stream is one broken entry.

Offsets of a Frame are within the direction's stream, those of its fields within its own wire.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from netlab.dissect.reader import HEX_LIMIT, Bits, Reader, dissect, text
from netlab.dissect.websocket_rules import (
    CLOSE,
    OPCODES,
    TEXT,
    Fault,
    Message,
    payload_faults,
    sequence_faults,
)
from netlab.recording.records import Field

LONGEST_FRAME = 1024 * 1024
"""Octets of a frame that are held together; whoever announces more is not followed."""
SLICE = 64 * 1024
"""Of a long stream as much is taken up at once: what is pending is copied for every frame."""
KEY = 4
MASKED, LENGTH = 0x80, 0x7F
TWO, EIGHT = 126, 127
"""The 7-bit lengths that say: the length itself follows, in as many octets (RFC 6455 §5.2)."""

FIRST = (
    Bits("FIN", 0), Bits("RSV1", 1), Bits("RSV2", 2), Bits("RSV3", 3),
    Bits("opcode", 4, 4, OPCODES),
)  # fmt: skip
SECOND = (Bits("MASK", 0), Bits("Payload length", 1, 7, {TWO: "16 bits", EIGHT: "64 bits"}))


@dataclass(frozen=True, slots=True)
class State:
    """One direction of a connection. masks: whether this side has to mask (RFC 6455 §5.1).

    deflate: permessage-deflate was agreed, so that RSV1 has a meaning. message: the fragmented
    message that is under way. at: how many octets of the stream have become frames. broken says
    why where one frame cannot be told from the next any more.
    """

    masks: bool
    deflate: bool = False
    message: Message | None = None
    closed: bool = False
    pending: bytes = b""
    at: int = 0
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. payload is what was meant, without its mask; key is None where there is none.

    rsv: the reserved bits that are set, by number. type is the opcode's name.
    """

    offset: int
    length: int
    type: str
    fields: tuple[Field, ...]
    wire: bytes
    fin: bool = True
    rsv: tuple[int, ...] = ()
    opcode: int = 0
    key: bytes | None = None
    payload: bytes = b""
    faults: tuple[Fault, ...] = ()


def client(deflate: bool = False) -> State:
    return State(masks=True, deflate=deflate)


def server(deflate: bool = False) -> State:
    return State(masks=False, deflate=deflate)


def frames(state: State, data: bytes) -> tuple[State, tuple[Frame, ...]]:
    """The frames that end in data; the start of another one stays pending in the state."""
    found: list[Frame] = []
    for at in range(0, len(data), SLICE):
        state = replace(state, pending=state.pending + data[at : at + SLICE])
        while state.pending:
            state, frame = _step(state)
            if frame is None:
                break
            found.append(frame)
    return state, tuple(found)


def unmask(payload: bytes, key: bytes) -> bytes:
    """XOR with the key, over and over (RFC 6455 §5.3); the same again takes it off."""
    size = len(payload)
    stream = (key * (size // KEY + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")


def _step(state: State) -> tuple[State, Frame | None]:
    if state.broken is None:
        size = _extent(state.pending)
        if size is None:
            return state, None
        if size <= LONGEST_FRAME:
            return _frame(state, state.pending[:size])
        why = f"{size} octets are announced: more than the {LONGEST_FRAME} that are looked into"
        state = replace(state, broken=why)
    wire = state.pending
    fields = (Field("malformed", state.broken, None, 0, len(wire)),)
    return _onward(state, len(wire)), Frame(state.at, len(wire), "malformed", fields, wire)


def _onward(state: State, size: int) -> State:
    return replace(state, pending=state.pending[size:], at=state.at + size)


def _extent(data: bytes) -> int | None:
    """Octets of the frame at the start of data; None where too little of it is there.

    A length that is beyond all bounds counts as soon as it is announced.
    """
    if len(data) < 2:
        return None
    wide = _wide(data[1])
    header = 2 + wide + (KEY if data[1] & MASKED else 0)
    if len(data) < 2 + wide:
        return None
    payload = int.from_bytes(data[2 : 2 + wide], "big") if wide else data[1] & LENGTH
    whole = header + payload
    return whole if whole <= len(data) or whole > LONGEST_FRAME else None


def _wide(second: int) -> int:
    return {TWO: 2, EIGHT: 8}.get(second & LENGTH, 0)


def _frame(state: State, wire: bytes) -> tuple[State, Frame]:
    first, second = wire[0], wire[1]
    opcode, fin, masked = first & 0x0F, bool(first & 0x80), bool(second & MASKED)
    rsv = tuple(number for number in (1, 2, 3) if first & (0x80 >> number))
    body = 2 + _wide(second) + (KEY if masked else 0)
    key = wire[body - KEY : body] if masked else None
    payload = unmask(wire[body:], key) if key else wire[body:]
    message, told = sequence_faults(state.message, fin, rsv, opcode, payload, state.deflate)
    faults = (
        *_form_faults(state, wire, len(payload), masked),
        *told,
        *payload_faults(opcode, payload, fin),
    )
    frame = Frame(
        state.at, len(wire), OPCODES.get(opcode, "reserved"),
        dissect(wire, lambda reader: _read(reader, payload, faults)), wire,
        fin, rsv, opcode, key, payload, faults,
    )  # fmt: skip
    closed = state.closed or opcode == CLOSE
    return _onward(replace(state, message=message, closed=closed), len(wire)), frame


def _form_faults(state: State, wire: bytes, length: int, masked: bool) -> Iterator[Fault]:
    if state.closed:
        yield Fault("after-close", "nothing may follow a close frame (RFC 6455 §5.5.1)")
    if masked != state.masks:
        yield (
            Fault("unmasked", "a client must mask every frame (RFC 6455 §5.1)")
            if state.masks
            else Fault("masked", "a server must not mask (RFC 6455 §5.1)")
        )
    wide = _wide(wire[1])
    if (wide == 2 and length < TWO) or (wide == 8 and length <= 0xFFFF):
        yield Fault("length", "the shortest form of the length must be used (RFC 6455 §5.2)")


def _read(reader: Reader, payload: bytes, faults: tuple[Fault, ...]) -> None:
    reader.word("first octet", 1, FIRST)
    second = reader.word("second octet", 1, SECOND)
    if wide := _wide(second):
        reader.uint("Extended payload length", wide)
    if second & MASKED:
        reader.raw("Masking-key", KEY)
    start = reader.at
    if reader.left:
        with reader.part("Payload data", reader.left) as inner:
            inner.raw("as sent, masked" if second & MASKED else "as sent")
            inner.fields += _meant(reader.data[0], payload, start, bool(second & MASKED))
    for fault in faults:
        reader.flag(fault.text)


def _meant(first: int, payload: bytes, start: int, masked: bool) -> Iterator[Field]:
    """The payload without its mask, and what stands in a close frame; offsets are the wire's."""
    if masked:
        shown = payload.hex() if len(payload) <= HEX_LIMIT else None
        yield Field("unmasked", shown, _words(first, payload), start, len(payload))
    if first & 0x0F == CLOSE and len(payload) >= 2:
        code = int.from_bytes(payload[:2], "big")
        yield Field("Status code", code, None, start, 2)
        yield Field("Reason", text(payload[2:]), None, start + 2, len(payload) - 2)


def _words(first: int, payload: bytes) -> str | None:
    """What a short text says; a compressed one says nothing by itself."""
    plain = first & 0x0F == TEXT and not first & 0x70
    return f"“{text(payload)}”" if plain and len(payload) <= HEX_LIMIT else None
