"""What a WebSocket endpoint must refuse (RFC 6455 §5, §7.4 and §8.1; RFC 7692 §6)."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
OPCODES = {
    CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping",
    PONG: "pong",
}  # fmt: skip
CONTROL = 0x8
LONGEST_CONTROL = 125

REGISTERED = frozenset({1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014})
"""Status codes below 3000 that may travel: RFC 6455 §7.4.1 and IANA's registry."""
SAID_ONLY = {1005: "no status received", 1006: "closed abnormally", 1015: "TLS handshake failed"}
"""Codes that an endpoint tells its own program and never the other side (RFC 6455 §7.4.1)."""

Code = Literal[
    "unmasked", "masked", "length", "reserved-bit", "reserved-opcode", "control-fragmented",
    "control-too-long", "continuation", "no-continuation", "utf-8", "close-length", "close-code",
    "after-close",
]  # fmt: skip


class Fault(NamedTuple):
    """A rule that a frame breaks: code for programs, text with its section for people."""

    code: Code
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message under way: its first frame's opcode, and whether it is compressed.

    cut: the octets of a character of which the rest must come in the next fragment; None once the
    text has gone wrong, or where there is none to check.
    """

    opcode: int
    compressed: bool = False
    cut: bytes | None = b""


def is_control(opcode: int) -> bool:
    return bool(opcode & CONTROL)


def sequence_faults(
    message: Message | None,
    fin: bool,
    rsv: tuple[int, ...],
    opcode: int,
    payload: bytes,
    deflate: bool,
) -> tuple[Message | None, tuple[Fault, ...]]:
    """Judge a frame by what came before it; the message that is under way after it."""
    faults = [*_bits(rsv, opcode, deflate)]
    if opcode not in OPCODES:
        faults.append(Fault("reserved-opcode", f"opcode {opcode:#x} is reserved (RFC 6455 §5.2)"))
    if is_control(opcode) or opcode not in OPCODES:
        return message, tuple(faults)
    if opcode == CONTINUATION and message is None:
        why = "there is no message to go on with (RFC 6455 §5.4)"
        return None, (*faults, Fault("continuation", why))
    if opcode != CONTINUATION and message is not None:
        why = "the message before has not ended (RFC 6455 §5.4)"
        faults.append(Fault("no-continuation", why))
    if opcode != CONTINUATION or message is None:
        message = Message(opcode, deflate and 1 in rsv)
    message, wrong = _text(message, payload, fin)
    if wrong:
        faults.append(Fault("utf-8", "this text is not UTF-8 (RFC 6455 §8.1)"))
    return None if fin else message, tuple(faults)


def _bits(rsv: tuple[int, ...], opcode: int, deflate: bool) -> Iterator[Fault]:
    for bit in rsv:
        if bit != 1 or not deflate:
            why = f"RSV{bit} is set, and no agreed extension gives it a meaning (RFC 6455 §5.2)"
            yield Fault("reserved-bit", why)
        elif is_control(opcode) or opcode == CONTINUATION:
            why = "RSV1 belongs on a message's first frame alone (RFC 7692 §6)"
            yield Fault("reserved-bit", why)


def _text(message: Message, payload: bytes, fin: bool) -> tuple[Message, bool]:
    """Check a text as it comes: a character may be cut by a fragment's end, never by the text's."""
    if message.opcode != TEXT or message.compressed or message.cut is None:
        return message, False
    cut = cut_of(message.cut, payload, fin)
    return replace(message, cut=cut), cut is None


def cut_of(before: bytes, octets: bytes, last: bool) -> bytes | None:
    """The octets of the character that is cut by the end of these; None where it is not UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(before + octets, last)
    except UnicodeDecodeError:
        return None
    return bytes(decoder.getstate()[0])


def payload_faults(opcode: int, payload: bytes, fin: bool) -> Iterator[Fault]:
    """What holds for control frames by themselves."""
    if not is_control(opcode):
        return
    if not fin:
        yield Fault("control-fragmented", "a control frame has no fragments (RFC 6455 §5.5)")
    if len(payload) > LONGEST_CONTROL:
        yield Fault("control-too-long", "a control frame has 125 octets at most (RFC 6455 §5.5)")
    if opcode == CLOSE and payload:
        yield from _close(payload)


def _close(payload: bytes) -> Iterator[Fault]:
    if len(payload) == 1:
        yield Fault("close-length", "a status code has two octets (RFC 6455 §5.5.1)")
        return
    if why := refused(int.from_bytes(payload[:2], "big")):
        yield Fault("close-code", why)
    if cut_of(b"", payload[2:], last=True) is None:
        yield Fault("utf-8", "the reason is not UTF-8 (RFC 6455 §5.5.1)")


def refused(code: int) -> str:
    """Why this status code must not stand in a close frame; empty if it may."""
    if code in SAID_ONLY:
        return f"{code} ({SAID_ONLY[code]}) must not travel (RFC 6455 §7.4.1)"
    if code in REGISTERED or 3000 <= code <= 4999:
        return ""
    return f"{code} is no status code that may be sent (RFC 6455 §7.4.2)"
