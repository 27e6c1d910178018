"""TLS: records, handshake messages and alerts, and the few values that others ask for."""

from dataclasses import dataclass
from typing import NoReturn

from netlab.dissect import tls_handshake
from netlab.dissect.reader import Incomplete, Malformed, Reader, dissect, walk
from netlab.dissect.tls_registry import (
    ALERT_LEVELS,
    ALERTS,
    CONTENT_TYPES,
    HANDSHAKE_TYPES,
    VERSIONS,
)
from netlab.recording.records import Field

HEADER = 5
LARGEST = 2**14 + 2048
"""Octets of a record's fragment (RFC 5246 §6.2.3; 1.3 allows less)."""

CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE = 20, 21, 22


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What a ServerHello settles. group is None where TLS 1.2 tells it later, or never."""

    version: str | None
    cipher: str | None
    group: str | None


def records(data: bytes) -> tuple[Field, ...]:
    """The records in a piece of one direction's stream; a last one that is cut is "incomplete".

    Handshake messages and alerts are looked into while they are readable: up to
    ChangeCipherSpec, and only where whole messages fill the record.
    """
    return dissect(data, _records)


def handshake(data: bytes, version: int | None = None) -> tuple[Field, ...]:
    """Handshake messages in plaintext, one after the other, without record headers.

    version (0x0304, or `ssl.TLSVersion`) decides between forms; without it their lengths do.
    """

    def parse(reader: Reader) -> None:
        while reader.left:
            tls_handshake.message(reader, version)

    return dissect(data, parse)


def alert(data: bytes) -> tuple[Field, ...]:
    """The two octets of an alert (RFC 8446 §6)."""
    return dissect(data, _alert)


def title(message: bytes) -> str:
    """What RFC 8446 calls this handshake message."""
    if not message:
        return "empty handshake message"
    if message[0] == 2 and message[6:38] == tls_handshake.RETRY_RANDOM:
        return "HelloRetryRequest"
    return HANDSHAKE_TYPES.get(message[0], f"handshake message {message[0]}")


def negotiated(server_hello: bytes) -> Negotiated:
    """Version, cipher suite and group that this ServerHello (or HelloRetryRequest) names.

    Of several ServerHellos hand in the last one; of any other message nothing is known.
    """
    if server_hello[:1] != b"\x02":
        return Negotiated(None, None, None)
    found = {field.name: field for field in walk(handshake(server_hello))}
    version = found.get("selected_version", found.get("legacy_version"))
    cipher = found.get("cipher_suite")
    group = found.get("group", found.get("selected_group"))
    return Negotiated(
        _named(version, "version"), _named(cipher, "cipher suite"), _named(group, "group")
    )


def key_exchange_group(server_key_exchange: bytes) -> str | None:
    """The named curve of TLS 1.2's ServerKeyExchange; None where none is named."""
    for field in walk(handshake(server_key_exchange)):
        if field.name == "namedcurve":
            return _named(field, "group")
    return None


def _named(field: Field | None, what: str) -> str | None:
    if field is None or not isinstance(field.value, int):
        return None
    return field.meaning or f"{what} 0x{field.value:04X}"


def _records(reader: Reader) -> None:
    readable = True
    while reader.left:
        if reader.peek(1) not in CONTENT_TYPES:
            raise Malformed("this is no TLS record")
        if reader.left < HEADER or reader.left < HEADER + _announced(reader):
            _cut(reader)
        readable = _record(reader, readable)


def _announced(reader: Reader) -> int:
    return int.from_bytes(reader.data[reader.at + 3 : reader.at + HEADER], "big")


def _cut(reader: Reader) -> NoReturn:
    if reader.left >= HEADER and _announced(reader) > LARGEST:
        raise Malformed(f"a record of {_announced(reader)} octets is too long (RFC 8446 §5.2)")
    raise Incomplete(f"the start of a record of type {CONTENT_TYPES[reader.peek(1)]}")


def _record(reader: Reader, readable: bool) -> bool:
    """One whole record; returns whether what follows is still in plaintext."""
    with reader.part("record") as record:
        kind = record.uint("type", 1, CONTENT_TYPES)
        record.value, record.meaning = kind, CONTENT_TYPES[kind]
        record.uint("legacy_record_version", 2, VERSIONS)
        length = record.uint("length", 2)
        with record.part("fragment", length) as fragment:
            _fragment(fragment, kind, readable)
    return readable and kind != CHANGE_CIPHER_SPEC


def _fragment(fragment: Reader, kind: int, readable: bool) -> None:
    if kind == CHANGE_CIPHER_SPEC and fragment.left == 1:
        fragment.uint("change_cipher_spec", 1)
    elif kind == ALERT and fragment.left == 2 and readable:
        _alert(fragment)
    elif kind == HANDSHAKE and readable and _whole(fragment):
        while fragment.left:
            tls_handshake.message(fragment)
    elif fragment.left:
        fragment.raw("octets")


def _whole(fragment: Reader) -> bool:
    """Whether known messages fill the fragment to its last octet."""
    at = fragment.at
    while at + 4 <= fragment.end and fragment.data[at] in HANDSHAKE_TYPES:
        at += 4 + int.from_bytes(fragment.data[at + 1 : at + 4], "big")
    return at == fragment.end


def _alert(reader: Reader) -> None:
    reader.uint("level", 1, ALERT_LEVELS)
    reader.uint("description", 1, ALERTS)
