"""What stands in a resource record, by its type. Each parser returns it as a zone file has it."""

import base64
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from netlab.dissect.dns_names import name
from netlab.dissect.dns_registry import (
    ADDRESS_FAMILIES,
    ALGORITHMS,
    DIGESTS,
    EXTENDED_ERRORS,
    OPTIONS,
    SERVICE_PARAMETERS,
    TYPES,
)
from netlab.dissect.reader import Bits, Reader


def parse(reader: Reader, type_number: int) -> str:
    """Read the whole RDATA of a record of this type (reader holds nothing else)."""
    return PARSERS.get(type_number, _unknown)(reader)


def _unknown(reader: Reader) -> str:
    length = reader.left
    octets = reader.raw("RDATA")
    return f"\\# {length} {octets.hex()}".rstrip()  # RFC 3597 §5


def address4(reader: Reader, title: str = "ADDRESS") -> str:
    start = reader.at
    address = str(IPv4Address(reader.octets(4)))
    reader.add(title, address, start)
    return address


def address6(reader: Reader, title: str = "ADDRESS") -> str:
    start = reader.at
    address = str(IPv6Address(reader.octets(16)))
    reader.add(title, address, start)
    return address


def _named(title: str) -> Callable[[Reader], str]:
    return lambda reader: name(reader, title)


def _soa(reader: Reader) -> str:
    names = [name(reader, "MNAME"), name(reader, "RNAME")]
    numbers = [
        reader.uint(title, 4) for title in ("SERIAL", "REFRESH", "RETRY", "EXPIRE", "MINIMUM")
    ]
    return " ".join([*names, *map(str, numbers)])


def _mx(reader: Reader) -> str:
    return f"{reader.uint('PREFERENCE', 2)} {name(reader, 'EXCHANGE')}"


def _srv(reader: Reader) -> str:
    numbers = [reader.uint(title, 2) for title in ("Priority", "Weight", "Port")]
    return " ".join([*map(str, numbers), name(reader, "Target")])


def _txt(reader: Reader) -> str:
    strings = []
    while reader.left:
        with reader.vector("TXT-DATA", 1) as inner:
            inner.value = inner.text("character-string")
            strings.append(f'"{inner.value}"')
    return " ".join(strings)


def _ds(reader: Reader) -> str:
    tag = reader.uint("Key Tag", 2)
    algorithm = reader.uint("Algorithm", 1, ALGORITHMS)
    digest_type = reader.uint("Digest Type", 1, DIGESTS)
    return f"{tag} {algorithm} {digest_type} {reader.raw('Digest').hex()}"


def _rrsig(reader: Reader) -> str:
    covered = reader.uint("Type Covered", 2, TYPES)
    algorithm = reader.uint("Algorithm", 1, ALGORITHMS)
    labels = reader.uint("Labels", 1)
    ttl = reader.uint("Original TTL", 4)
    expiration = reader.uint("Signature Expiration", 4)
    inception = reader.uint("Signature Inception", 4)
    tag = reader.uint("Key Tag", 2)
    signer = name(reader, "Signer's Name")
    signature = base64.b64encode(reader.raw("Signature")).decode()
    kind = TYPES.get(covered, f"TYPE{covered}")
    return f"{kind} {algorithm} {labels} {ttl} {expiration} {inception} {tag} {signer} {signature}"


DNSKEY_FLAGS = (Bits("Zone Key", 7), Bits("Revoke", 8), Bits("Secure Entry Point", 15))


def _dnskey(reader: Reader) -> str:
    flags = reader.word("Flags", 2, DNSKEY_FLAGS)
    protocol = reader.uint("Protocol", 1)
    algorithm = reader.uint("Algorithm", 1, ALGORITHMS)
    key = base64.b64encode(reader.raw("Public Key")).decode()
    return f"{flags} {protocol} {algorithm} {key}"


def _svcb(reader: Reader) -> str:
    """Service bindings (RFC 9460 §2.2)."""
    words = [str(reader.uint("SvcPriority", 2)), name(reader, "TargetName")]
    while reader.left:
        words.append(_service_parameter(reader))
    return " ".join(words)


def _service_parameter(reader: Reader) -> str:
    with reader.part("SvcParam") as param:
        key = param.uint("SvcParamKey", 2, SERVICE_PARAMETERS)
        title = SERVICE_PARAMETERS.get(key, f"key{key}")
        param.meaning = title
        length = param.uint("SvcParamValue length", 2)
        with param.part("SvcParamValue", length) as value:
            value.value = SERVICE_VALUES.get(key, _opaque)(value)
        param.value = param.fields[-1].value
    return f"{title}={param.value}" if param.value else title


def _opaque(reader: Reader) -> str:
    return reader.raw("octets").hex() if reader.left else ""


def _mandatory(reader: Reader) -> str:
    keys = []
    while reader.left:
        key = reader.uint("key", 2, SERVICE_PARAMETERS)
        keys.append(SERVICE_PARAMETERS.get(key, f"key{key}"))
    return ",".join(keys)


def _alpn(reader: Reader) -> str:
    protocols = []
    while reader.left:
        with reader.vector("alpn-id", 1) as inner:
            inner.value = inner.text("protocol")
            protocols.append(inner.value)
    return ",".join(protocols)


def _hints(one: Callable[[Reader], str]) -> Callable[[Reader], str]:
    def parse_all(reader: Reader) -> str:
        addresses = []
        while reader.left:
            addresses.append(one(reader))
        return ",".join(addresses)

    return parse_all


SERVICE_VALUES: dict[int, Callable[[Reader], str]] = {
    0: _mandatory,
    1: _alpn,
    3: lambda reader: str(reader.uint("port", 2)),
    4: _hints(address4),
    6: _hints(address6),
    7: lambda reader: reader.text("dohpath"),
}


def _opt(reader: Reader) -> str:
    """The options of EDNS (RFC 6891 §6.1.2)."""
    options = []
    while reader.left:
        with reader.part("option") as option:
            code = option.uint("OPTION-CODE", 2, OPTIONS)
            option.meaning = OPTIONS.get(code)
            options.append(option.meaning or f"option {code}")
            length = option.uint("OPTION-LENGTH", 2)
            with option.part("OPTION-DATA", length) as value:
                OPTION_VALUES.get(code, _opaque)(value)
    return ", ".join(options)


def _client_subnet(reader: Reader) -> None:
    reader.uint("FAMILY", 2, ADDRESS_FAMILIES)
    reader.uint("SOURCE PREFIX-LENGTH", 1)
    reader.uint("SCOPE PREFIX-LENGTH", 1)
    reader.raw("ADDRESS")


def _cookie(reader: Reader) -> None:
    reader.raw("Client Cookie", 8)
    if reader.left:
        reader.raw("Server Cookie")


def _extended_error(reader: Reader) -> None:
    reader.uint("INFO-CODE", 2, EXTENDED_ERRORS)
    if reader.left:
        reader.text("EXTRA-TEXT")


def _keepalive(reader: Reader) -> None:
    if reader.left:
        reader.uint("TIMEOUT", 2)


OPTION_VALUES: dict[int, Callable[[Reader], object]] = {
    8: _client_subnet,
    10: _cookie,
    11: _keepalive,
    15: _extended_error,
}

PARSERS: dict[int, Callable[[Reader], str]] = {
    1: address4,
    2: _named("NSDNAME"),
    5: _named("CNAME"),
    6: _soa,
    12: _named("PTRDNAME"),
    15: _mx,
    16: _txt,
    28: address6,
    33: _srv,
    39: _named("DNAME"),
    41: _opt,
    43: _ds,
    46: _rrsig,
    48: _dnskey,
    59: _ds,
    60: _dnskey,
    64: _svcb,
    65: _svcb,
}
