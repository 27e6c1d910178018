"""Extensions of TLS, each read as the message that carries it demands (RFC 8446 §4.2)."""

from collections.abc import Callable
from typing import Literal

from netlab.dissect.reader import Names, Reader
from netlab.dissect.tls_registry import (
    AEADS,
    CERTIFICATE_COMPRESSIONS,
    ECH_TYPES,
    EXTENSIONS,
    FRAGMENT_LENGTHS,
    GREASE_ALPN,
    GROUPS,
    KDFS,
    NAME_TYPES,
    POINT_FORMATS,
    PSK_MODES,
    SIGNATURE_SCHEMES,
    STATUS_TYPES,
    VERSIONS,
)

Carrier = Literal[
    "ClientHello",
    "ServerHello",
    "HelloRetryRequest",
    "EncryptedExtensions",
    "Certificate",
    "CertificateRequest",
    "NewSessionTicket",
]
Parser = Callable[[Reader, Carrier], None]


def extensions(reader: Reader, carrier: Carrier) -> None:
    """The list of extensions which stands at the end of a message, or of a certificate."""
    with reader.vector("extensions", 2) as several:
        while several.left:
            with several.part("extension") as one:
                kind = one.uint("extension_type", 2, EXTENSIONS)
                one.value = kind
                one.meaning = EXTENSIONS.get(kind)
                length = one.uint("length", 2)
                with one.part("extension_data", length) as content:
                    if length:
                        PARSERS.get(kind, _opaque)(content, carrier)


def _opaque(reader: Reader, carrier: Carrier) -> None:
    reader.raw("octets")


def numbers(
    reader: Reader, title: str, item: str, prefix: int, size: int, names: Names | None
) -> None:
    """A list of numbers that a registry names."""
    with reader.vector(title, prefix) as inner:
        while inner.left:
            inner.uint(item, size, names)


def _list(title: str, item: str, prefix: int, size: int, names: Names | None) -> Parser:
    return lambda reader, carrier: numbers(reader, title, item, prefix, size, names)


def _server_name(reader: Reader, carrier: Carrier) -> None:
    with reader.vector("server_name_list", 2) as names:
        while names.left:
            with names.part("server_name") as entry:
                entry.uint("name_type", 1, NAME_TYPES)
                with entry.vector("host_name", 2) as host:
                    host.value = host.text("name")
                entry.value = entry.fields[-1].value


def _alpn(reader: Reader, carrier: Carrier) -> None:
    with reader.vector("protocol_name_list", 2) as protocols:
        while protocols.left:
            with protocols.vector("ProtocolName", 1) as protocol:
                if protocol.data[protocol.at : protocol.end] in GREASE_ALPN:
                    protocol.meaning = "GREASE"
                protocol.value = protocol.text("name")


def _supported_versions(reader: Reader, carrier: Carrier) -> None:
    if carrier == "ClientHello":
        numbers(reader, "versions", "version", 1, 2, VERSIONS)
    else:
        reader.uint("selected_version", 2, VERSIONS)


def _key_share(reader: Reader, carrier: Carrier) -> None:
    if carrier == "ClientHello":
        with reader.vector("client_shares", 2) as shares:
            while shares.left:
                _share(shares)
    elif carrier == "HelloRetryRequest":
        reader.uint("selected_group", 2, GROUPS)
    else:
        _share(reader)


def _share(reader: Reader) -> None:
    with reader.part("KeyShareEntry") as entry:
        entry.value = entry.uint("group", 2, GROUPS)
        entry.meaning = GROUPS.get(entry.value)
        length = entry.uint("key_exchange length", 2)
        entry.raw("key_exchange", length)


def _pre_shared_key(reader: Reader, carrier: Carrier) -> None:
    if carrier != "ClientHello":
        reader.uint("selected_identity", 2)
        return
    with reader.vector("identities", 2) as identities:
        while identities.left:
            with identities.part("PskIdentity") as identity:
                with identity.vector("identity", 2) as ticket:
                    ticket.raw("octets")
                identity.uint("obfuscated_ticket_age", 4)
    with reader.vector("binders", 2) as binders:
        while binders.left:
            with binders.vector("PskBinderEntry", 1) as binder:
                binder.raw("octets")


def _early_data(reader: Reader, carrier: Carrier) -> None:
    reader.uint("max_early_data_size", 4)


def _status_request(reader: Reader, carrier: Carrier) -> None:
    kind = reader.uint("status_type", 1, STATUS_TYPES)
    if carrier in ("Certificate", "EncryptedExtensions", "ServerHello"):
        with reader.vector("OCSPResponse", 3) as response:
            response.raw("octets")
    elif kind == 1:
        for title in ("responder_id_list", "request_extensions"):
            with reader.vector(title, 2) as inner:
                if inner.left:
                    inner.raw("octets")


def _cookie(reader: Reader, carrier: Carrier) -> None:
    with reader.vector("cookie", 2) as inner:
        inner.raw("octets")


def _renegotiation_info(reader: Reader, carrier: Carrier) -> None:
    with reader.vector("renegotiated_connection", 1) as inner:
        if inner.left:
            inner.raw("octets")


def _certificate_authorities(reader: Reader, carrier: Carrier) -> None:
    with reader.vector("authorities", 2) as names:
        while names.left:
            with names.vector("DistinguishedName", 2) as name:
                name.raw("DER")


def _encrypted_client_hello(reader: Reader, carrier: Carrier) -> None:
    """RFC 9849 §5: only the outer form says anything to those who lack the key."""
    if carrier == "HelloRetryRequest":
        reader.raw("confirmation", 8)
    elif carrier == "EncryptedExtensions":
        reader.raw("retry_configs")
    elif reader.uint("ECHClientHelloType", 1, ECH_TYPES) == 0:
        reader.uint("kdf_id", 2, KDFS)
        reader.uint("aead_id", 2, AEADS)
        reader.uint("config_id", 1)
        for title in ("enc", "payload"):
            with reader.vector(title, 2) as inner:
                if inner.left:
                    inner.raw("octets")


PARSERS: dict[int, Parser] = {
    0: _server_name,
    1: lambda reader, carrier: void(reader.uint("max_fragment_length", 1, FRAGMENT_LENGTHS)),
    5: _status_request,
    10: _list("named_group_list", "group", 2, 2, GROUPS),
    11: _list("ec_point_format_list", "format", 1, 1, POINT_FORMATS),
    13: _list("supported_signature_algorithms", "scheme", 2, 2, SIGNATURE_SCHEMES),
    16: _alpn,
    27: _list("algorithms", "algorithm", 1, 2, CERTIFICATE_COMPRESSIONS),
    28: lambda reader, carrier: void(reader.uint("RecordSizeLimit", 2)),
    34: _list("supported_signature_algorithms", "scheme", 2, 2, SIGNATURE_SCHEMES),
    41: _pre_shared_key,
    42: _early_data,
    43: _supported_versions,
    44: _cookie,
    45: _list("ke_modes", "mode", 1, 1, PSK_MODES),
    47: _certificate_authorities,
    50: _list("supported_signature_algorithms", "scheme", 2, 2, SIGNATURE_SCHEMES),
    51: _key_share,
    17513: _alpn,
    17613: _alpn,
    0xFE0D: _encrypted_client_hello,
    0xFF01: _renegotiation_info,
}


def void(_: object) -> None:
    """Makes a statement of an expression."""
