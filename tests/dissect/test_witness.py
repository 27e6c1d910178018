"""tshark reads the same octets: do its values, and their places, agree with ours?"""

import json
import ssl
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dns.message
import dns.rrset
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from netlab.dissect import dns as dns_messages
from netlab.dissect import http2, tls
from netlab.dissect.reader import walk
from netlab.recording.records import Field
from tests.dissect.tlspair import contexts, shake
from tests.witness import need, output

RAW_IP = 101
TCP, UDP = 6, 17
CLIENT, SERVER = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
IP_HEADER, TCP_HEADER, UDP_HEADER = 20, 20, 8

pytestmark = pytest.mark.witness


def packet(protocol: int, ports: tuple[int, int], payload: bytes) -> bytes:
    """An IPv4 packet; checksums are nil, which tshark does not mind unless asked."""
    if protocol == UDP:
        payload = struct.pack("!HHHH", *ports, UDP_HEADER + len(payload), 0) + payload
    else:
        payload = struct.pack("!HHIIBBHHH", *ports, 1, 1, 5 << 4, 0x18, 65535, 0, 0) + payload
    size = IP_HEADER + len(payload)
    return (
        struct.pack("!BBHHHBBH", 0x45, 0, size, 1, 0, 64, protocol, 0) + CLIENT + SERVER + payload
    )


def read_by_tshark(folder: Path, octets: bytes, *options: str) -> dict[str, Any]:
    """The layers of one packet, each value beside its raw form: [hex, offset, length, …]."""
    path = folder / "one.pcap"
    head = struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, RAW_IP)
    path.write_bytes(head + struct.pack("!IIII", 0, 0, len(octets), len(octets)) + octets)
    words = output(["tshark", "-r", str(path), "-T", "json", "-x", "--no-duplicate-keys", *options])
    (found,) = json.loads(words[words.index("[\n") :])
    layers: dict[str, Any] = found["_source"]["layers"]
    return layers


def everything(tree: object, key: str) -> Iterator[Any]:
    """All values under this key, however deep, in order."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            if name == key:
                yield from value if isinstance(value, list) and key[-4:] != "_raw" else [value]
            yield from everything(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from everything(value, key)


def places(tree: object, key: str, before: int) -> list[tuple[int, int]]:
    """Where tshark saw the fields, within the message that begins after so many octets."""
    return [
        (one[1] - before, one[2])
        for raw in everything(tree, key + "_raw")
        for one in (raw if isinstance(raw[0], list) else [raw])
    ]


def named(fields: Sequence[Field], *names: str) -> list[Field]:
    return [field for field in walk(fields) if field.name in names]


def ours(fields: Sequence[Field], *names: str) -> list[tuple[int | None, int | None]]:
    return [(field.offset, field.length) for field in named(fields, *names)]


def numbers(tree: object, key: str) -> list[int]:
    return [int(value, 0) for value in everything(tree, key)]


def test_dns_answer(tmp_path: Path) -> None:
    need("tshark")
    query = dns.message.make_query("www.example.com", "A", use_edns=0)
    reply = dns.message.make_response(query)
    for owner, kind, text in (
        ("www.example.com.", "CNAME", "edge.example.net."),
        ("edge.example.net.", "A", "192.0.2.7"),
        ("edge.example.net.", "MX", "10 mail.example.net."),
    ):
        reply.answer.append(dns.rrset.from_text(owner, 300, "IN", kind, text))
    wire = reply.to_wire()
    layers = read_by_tshark(tmp_path, packet(UDP, (53, 40_000), wire))["dns"]
    fields = dns_messages.message(wire)
    before = IP_HEADER + UDP_HEADER
    for key, names in (
        ("dns.id", ("ID",)),
        ("dns.flags.response", ("QR",)),
        ("dns.flags.recdesired", ("RD",)),
        ("dns.count.answers", ("ANCOUNT",)),
        ("dns.qry.type", ("QTYPE",)),
        ("dns.resp.ttl", ("TTL",)),
        ("dns.resp.len", ("RDLENGTH",)),
        ("dns.mx.preference", ("PREFERENCE",)),
        ("dns.rr.udp_payload_size", ("UDP payload size",)),
    ):
        assert numbers(layers, key) == [field.value for field in named(fields, *names)], key
        if not key.startswith("dns.flags"):
            assert places(layers, key, before) == ours(fields, *names), key
    for key, name in (
        ("dns.qry.name", "QNAME"),
        ("dns.cname", "CNAME"),
        ("dns.a", "ADDRESS"),
        ("dns.mx.mail_exchange", "EXCHANGE"),
    ):
        values = [str(field.value).rstrip(".") for field in named(fields, name)]
        assert list(everything(layers, key)) == values, key
        assert places(layers, key, before) == ours(fields, name), key


def test_client_hello(tmp_path: Path) -> None:
    need("tshark")
    captured = shake(*contexts(ssl.TLSVersion.TLSv1_3))
    hello = captured.messages[0][1]
    record = captured.sent[: 5 + len(hello)]
    layers = read_by_tshark(tmp_path, packet(TCP, (40_000, 443), record))["tls"]
    fields = tls.records(record)
    before = IP_HEADER + TCP_HEADER
    for key, name in (
        ("tls.record.content_type", "type"),
        ("tls.handshake.type", "msg_type"),
        ("tls.handshake.ciphersuite", "cipher_suite"),
        ("tls.handshake.extension.type", "extension_type"),
        ("tls.handshake.extensions_supported_group", "group"),
        ("tls.handshake.sig_hash_alg", "scheme"),
        ("tls.handshake.extensions.supported_version", "version"),
        ("tls.handshake.extensions_key_share_key_exchange_length", "key_exchange length"),
        ("tls.extension.psk_ke_mode", "mode"),
        ("tls.handshake.extensions_ec_point_format", "format"),
    ):
        # The group of a share has a key of its own there.
        mine = [field for field in named(fields, name) if field not in shares(fields)]
        assert mine, name
        assert numbers(layers, key) == [field.value for field in mine], key
        assert places(layers, key, before) == [(field.offset, field.length) for field in mine], key
    assert numbers(layers, "tls.handshake.extensions_key_share_group") == [
        field.value for field in shares(fields)
    ]
    assert list(everything(layers, "tls.handshake.extensions_server_name")) == [
        field.value for field in named(fields, "host_name")
    ]
    assert list(everything(layers, "tls.handshake.extensions_alpn_str")) == [
        field.value for field in named(fields, "ProtocolName")
    ]
    (random,) = named(fields, "random")
    assert [value.replace(":", "") for value in everything(layers, "tls.handshake.random")] == [
        random.value
    ]


def shares(fields: Sequence[Field]) -> list[Field]:
    return [entry.children[0] for entry in named(fields, "KeyShareEntry")]


def test_http2_headers(tmp_path: Path) -> None:
    need("tshark")
    connection = H2Connection(H2Configuration(client_side=True))
    connection.initiate_connection()
    headers = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "www.example.com"),
        (":path", "/index.html?q=1"),
        ("user-agent", "netlab"),
        ("cookie", "sid=secret"),
    ]
    connection.send_headers(1, headers)
    connection.send_headers(3, headers, end_stream=True)
    wire = connection.data_to_send()
    layers = read_by_tshark(
        tmp_path, packet(TCP, (40_000, 8080), wire), "-d", "tcp.port==8080,http2"
    )
    _, entries = http2.frames(http2.client(), wire)
    frames = [entry for entry in entries if entry.type != "preface"]
    assert numbers(layers, "http2.length") == [
        field.value for entry in frames for field in entry.fields if field.name == "Length"
    ]
    assert numbers(layers, "http2.streamid") == [entry.stream for entry in frames]
    found = [header for entry in frames for header in entry.headers or ()]
    assert len(found) == 2 * len(headers)
    assert list(everything(layers, "http2.header.name")) == [header.name for header in found]
    assert list(everything(layers, "http2.header.value")) == [header.value for header in found]
    for which, entry in enumerate(entry for entry in frames if entry.headers):
        before = IP_HEADER + TCP_HEADER + entry.offset
        block = [
            place
            for place in places(layers, "http2.header", before)
            if 0 <= place[0] < entry.length
        ]
        assert block == [(header.offset, header.length) for header in entry.headers or ()], which
