"""Handshake messages of TLS 1.2 (RFC 5246 §7.4, RFC 8422) and 1.3 (RFC 8446 §4)."""

from collections.abc import Callable

from netlab.dissect.reader import Reader
from netlab.dissect.tls_ciphers import CIPHER_SUITES
from netlab.dissect.tls_extensions import Carrier, extensions, numbers
from netlab.dissect.tls_registry import (
    CERTIFICATE_COMPRESSIONS,
    CERTIFICATE_TYPES,
    COMPRESSION_METHODS,
    CURVE_TYPES,
    GROUPS,
    HANDSHAKE_TYPES,
    KEY_UPDATES,
    SIGNATURE_SCHEMES,
    STATUS_TYPES,
    VERSIONS,
)

TLS13 = 0x0304

RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
"""SHA-256 of "HelloRetryRequest": the random by which one is told (RFC 8446 §4.1.3)."""

Body = Callable[[Reader, int | None], None]


def message(reader: Reader, version: int | None = None) -> None:
    """One handshake message: type, length and body."""
    with reader.part("handshake") as outer:
        kind = outer.uint("msg_type", 1, HANDSHAKE_TYPES)
        outer.value = kind
        outer.meaning = HANDSHAKE_TYPES.get(kind)
        length = outer.uint("length", 3)
        if kind == 2 and outer.data[outer.at + 2 : outer.at + 34] == RETRY_RANDOM:
            outer.meaning = "HelloRetryRequest"
        with outer.part("body", length) as body:
            if length:
                BODIES.get(kind, _opaque)(body, version)


def _opaque(reader: Reader, version: int | None) -> None:
    reader.raw("octets")


def _session_id(reader: Reader, title: str) -> None:
    with reader.vector(title, 1) as inner:
        if inner.left:
            inner.raw("octets")


def _client_hello(reader: Reader, version: int | None) -> None:
    reader.uint("legacy_version", 2, VERSIONS)
    reader.raw("random", 32)
    _session_id(reader, "legacy_session_id")
    numbers(reader, "cipher_suites", "cipher_suite", 2, 2, CIPHER_SUITES)
    numbers(reader, "legacy_compression_methods", "method", 1, 1, COMPRESSION_METHODS)
    if reader.left:
        extensions(reader, "ClientHello")


def _server_hello(reader: Reader, version: int | None) -> None:
    reader.uint("legacy_version", 2, VERSIONS)
    random = reader.raw("random", 32)
    _session_id(reader, "legacy_session_id_echo")
    reader.uint("cipher_suite", 2, CIPHER_SUITES)
    reader.uint("legacy_compression_method", 1, COMPRESSION_METHODS)
    carrier: Carrier = "HelloRetryRequest" if random == RETRY_RANDOM else "ServerHello"
    if reader.left:
        extensions(reader, carrier)


def _encrypted_extensions(reader: Reader, version: int | None) -> None:
    extensions(reader, "EncryptedExtensions")


def _certificate(reader: Reader, version: int | None) -> None:
    """Without a version the form is told by the lengths: only 1.2's fill the message so."""
    if version is None:
        version = None if reader.peek(min(3, reader.left)) + 3 == reader.left else TLS13
    if version == TLS13:
        _session_id(reader, "certificate_request_context")
    with reader.vector("certificate_list", 3) as certificates:
        while certificates.left:
            with certificates.part("CertificateEntry") as entry:
                length = entry.uint("cert_data length", 3)
                entry.raw("cert_data", length)
                if version == TLS13:
                    extensions(entry, "Certificate")


def _certificate_request(reader: Reader, version: int | None) -> None:
    if version is None and reader.left >= 3:
        context = reader.peek(1)
        rest = reader.data[reader.at + 1 + context : reader.at + 3 + context]
        whole = 3 + context + int.from_bytes(rest, "big") == reader.left
        version = TLS13 if whole else None
    if version == TLS13:
        _session_id(reader, "certificate_request_context")
        extensions(reader, "CertificateRequest")
        return
    numbers(reader, "certificate_types", "type", 1, 1, CERTIFICATE_TYPES)
    numbers(reader, "supported_signature_algorithms", "scheme", 2, 2, SIGNATURE_SCHEMES)
    with reader.vector("certificate_authorities", 2) as names:
        while names.left:
            with names.vector("DistinguishedName", 2) as name:
                name.raw("DER")


def _signature(reader: Reader) -> None:
    reader.uint("algorithm", 2, SIGNATURE_SCHEMES)
    with reader.vector("signature", 2) as inner:
        inner.raw("octets")


def _certificate_verify(reader: Reader, version: int | None) -> None:
    _signature(reader)


def _server_key_exchange(reader: Reader, version: int | None) -> None:
    """Which form it has only the cipher suite says; ECDHE with a named curve is told by its
    first octet (RFC 8422 §5.4), which in the finite-field form would be an absurd length."""
    if reader.peek(1) != 3:
        with reader.part("ServerDHParams") as params:
            for title in ("dh_p", "dh_g", "dh_Ys"):
                with params.vector(title, 2) as number:
                    number.raw("octets")
    else:
        with reader.part("ServerECDHParams") as params:
            params.uint("curve_type", 1, CURVE_TYPES)
            params.uint("namedcurve", 2, GROUPS)
            with params.vector("public", 1) as point:
                point.raw("point")
    if reader.left:
        _signature(reader)


def _client_key_exchange(reader: Reader, version: int | None) -> None:
    reader.raw("exchange_keys")


def _finished(reader: Reader, version: int | None) -> None:
    reader.raw("verify_data")


def _new_session_ticket(reader: Reader, version: int | None) -> None:
    if version is None and reader.left >= 6:
        length = int.from_bytes(reader.data[reader.at + 4 : reader.at + 6], "big")
        version = None if length + 6 == reader.left else TLS13
    if version != TLS13:  # RFC 5077 §3.3
        reader.uint("ticket_lifetime_hint", 4)
        with reader.vector("ticket", 2) as ticket:
            if ticket.left:
                ticket.raw("octets")
        return
    reader.uint("ticket_lifetime", 4)
    reader.uint("ticket_age_add", 4)
    _session_id(reader, "ticket_nonce")
    with reader.vector("ticket", 2) as ticket:
        ticket.raw("octets")
    extensions(reader, "NewSessionTicket")


def _certificate_status(reader: Reader, version: int | None) -> None:
    reader.uint("status_type", 1, STATUS_TYPES)
    with reader.vector("OCSPResponse", 3) as response:
        response.raw("octets")


def _key_update(reader: Reader, version: int | None) -> None:
    reader.uint("request_update", 1, KEY_UPDATES)


def _compressed_certificate(reader: Reader, version: int | None) -> None:
    reader.uint("algorithm", 2, CERTIFICATE_COMPRESSIONS)
    reader.uint("uncompressed_length", 3)
    with reader.vector("compressed_certificate_message", 3) as inner:
        inner.raw("octets")


BODIES: dict[int, Body] = {
    1: _client_hello,
    2: _server_hello,
    4: _new_session_ticket,
    8: _encrypted_extensions,
    11: _certificate,
    12: _server_key_exchange,
    13: _certificate_request,
    15: _certificate_verify,
    16: _client_key_exchange,
    20: _finished,
    22: _certificate_status,
    24: _key_update,
    25: _compressed_certificate,
}
