"""TLS: against real handshakes of OpenSSL, and against what OpenSSL does not send."""

import ssl
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlab.dissect import tls
from netlab.dissect.tls_ciphers import CIPHER_SUITES
from tests.dissect.helpers import assert_inside, faults, meanings, octets, one, values
from tests.dissect.tlspair import NAME, Captured, certificate, contexts, shake

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@cache
def handshaken(version: ssl.TLSVersion) -> Captured:
    return shake(*contexts(version))


@cache
def retried() -> Captured:
    """The server likes none of the shares it is offered, and asks for another."""
    client, server = contexts(TLS13)
    server.set_ecdh_curve("secp521r1")
    return shake(client, server)


def titles(captured: Captured) -> list[str]:
    return [tls.title(data) for _, data in captured.messages]


def message(captured: Captured, title: str, which: int = 0) -> bytes:
    return [data for _, data in captured.messages if tls.title(data) == title][which]


def extension(kind: int, content: bytes) -> bytes:
    return kind.to_bytes(2, "big") + len(content).to_bytes(2, "big") + content


def client_hello(*extensions: bytes) -> bytes:
    several = b"".join(extensions)
    body = b"\x03\x03" + bytes(32) + b"\x00" + b"\x00\x04\x1a\x1a\x13\x01" + b"\x01\x00"
    body += len(several).to_bytes(2, "big") + several
    return b"\x01" + len(body).to_bytes(3, "big") + body


@pytest.mark.parametrize("version", [TLS12, TLS13])
@pytest.mark.parametrize("told", [True, False])
def test_every_message_of_a_real_handshake_is_read_whole(
    version: ssl.TLSVersion, told: bool
) -> None:
    captured = handshaken(version)
    assert captured.error is None
    for _, data in captured.messages:
        fields = tls.handshake(data, version if told else None)
        assert not faults(fields), tls.title(data)
        assert not values(fields, "unparsed"), tls.title(data)
        assert fields[0].length == len(data)
        assert_inside(fields, len(data))


def test_flights() -> None:
    assert titles(handshaken(TLS13)) == [
        "ClientHello",
        "ServerHello",
        "EncryptedExtensions",
        "Certificate",
        "CertificateVerify",
        "Finished",
        "Finished",
        "NewSessionTicket",
        "NewSessionTicket",
    ]
    assert titles(handshaken(TLS12)) == [
        "ClientHello",
        "ServerHello",
        "Certificate",
        "ServerKeyExchange",
        "ServerHelloDone",
        "ClientKeyExchange",
        "Finished",
        "NewSessionTicket",
        "Finished",
    ]


def test_client_hello_says_what_was_asked_of_openssl() -> None:
    data = message(handshaken(TLS13), "ClientHello")
    fields = tls.handshake(data)
    assert octets(one(fields, "host_name").children[1], data) == NAME.encode()
    assert values(fields, "ProtocolName") == ["h2", "http/1.1"]
    assert meanings(fields, "version") == ["TLSv1.3", "TLSv1.2"]
    assert "TLS_AES_256_GCM_SHA384" in meanings(fields, "cipher_suite")
    assert "x25519" in meanings(fields, "group")
    assert "ecdsa_secp256r1_sha256" in meanings(fields, "scheme")
    assert meanings(fields, "mode") == ["psk_dhe_ke"]
    (first, *_) = values(fields, "KeyShareEntry")
    share = one(fields, "KeyShareEntry")
    assert (first, share.meaning) == (share.children[0].value, share.children[0].meaning)
    assert None not in meanings(fields, "extension")
    assert None not in meanings(fields, "cipher_suite")


def test_negotiated_agrees_with_openssl() -> None:
    captured = handshaken(TLS13)
    assert captured.client is not None
    found = tls.negotiated(message(captured, "ServerHello"))
    cipher = captured.client.cipher()
    assert cipher is not None
    assert found == tls.Negotiated(captured.client.version(), cipher[0], found.group)
    assert found.group in ("x25519", "X25519MLKEM768")


def test_tls_1_2_tells_its_group_later() -> None:
    captured = handshaken(TLS12)
    assert captured.client is not None
    found = tls.negotiated(message(captured, "ServerHello"))
    assert (found.version, found.group) == (captured.client.version(), None)
    assert found.cipher == "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
    assert tls.key_exchange_group(message(captured, "ServerKeyExchange")) == "x25519"
    assert tls.key_exchange_group(message(captured, "Finished")) is None


def test_nothing_is_negotiated_by_other_messages() -> None:
    nothing = tls.Negotiated(None, None, None)
    assert tls.negotiated(message(handshaken(TLS13), "ClientHello")) == nothing
    assert tls.negotiated(b"") == tls.negotiated(b"\x02\x00") == nothing


def test_hello_retry_request() -> None:
    captured = retried()
    assert titles(captured)[:4] == [
        "ClientHello",
        "HelloRetryRequest",
        "ClientHello",
        "ServerHello",
    ]
    retry = message(captured, "HelloRetryRequest")
    assert tls.handshake(retry)[0].meaning == "HelloRetryRequest"
    assert meanings(tls.handshake(retry), "selected_group") == ["secp521r1"]
    assert tls.negotiated(retry).group == "secp521r1"
    assert tls.negotiated(message(captured, "ServerHello")).group == "secp521r1"
    assert meanings(tls.handshake(message(captured, "ClientHello", 1)), "KeyShareEntry") == [
        "secp521r1"
    ]


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_the_certificate_is_where_its_field_says(version: ssl.TLSVersion) -> None:
    data = message(handshaken(version), "Certificate")
    assert octets(one(tls.handshake(data), "cert_data"), data) == certificate()[2]


def test_resumption() -> None:
    client, server = contexts(TLS13)
    first = shake(client, server)
    assert first.client is not None
    ticket = one(tls.handshake(message(first, "NewSessionTicket")), "ticket")
    assert isinstance(ticket.length, int)
    again = shake(client, server, session=first.client.session)
    assert again.client is not None
    assert again.client.session_reused
    hello = tls.handshake(message(again, "ClientHello"))
    assert one(hello, "identity").length == ticket.length
    assert isinstance(one(hello, "obfuscated_ticket_age").value, int)
    assert values(tls.handshake(message(again, "ServerHello")), "selected_identity") == [0]
    assert "Certificate" not in titles(again)


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_client_certificates_are_asked_for(version: ssl.TLSVersion) -> None:
    client, server = contexts(version)
    server.verify_mode = ssl.CERT_OPTIONAL
    data = message(shake(client, server), "CertificateRequest")
    for told in (version, None):
        fields = tls.handshake(data, told)
        assert not faults(fields)
        assert "ecdsa_secp256r1_sha256" in meanings(fields, "scheme")


def test_records() -> None:
    captured = handshaken(TLS13)
    fields = tls.records(captured.received)
    assert [field.meaning for field in fields[:3]] == [
        "handshake",
        "change_cipher_spec",
        "application_data",
    ]
    assert meanings(fields, "msg_type") == ["ServerHello"]
    assert sum(field.length or 0 for field in fields) == len(captured.received)
    assert_inside(fields, len(captured.received))


def test_encrypted_handshake_records_are_not_guessed_at() -> None:
    fields = tls.records(handshaken(TLS12).sent)
    assert meanings(fields, "msg_type") == ["ClientHello", "ClientKeyExchange"]
    assert not faults(fields)


def test_a_cut_record_is_incomplete_and_not_wrong() -> None:
    wire = handshaken(TLS13).sent
    fields = tls.records(wire[:50])
    assert [field.name for field in fields] == ["incomplete"]
    assert [field.name for field in tls.records(wire[:3])] == ["incomplete"]
    assert not faults(fields)


def test_plain_http_on_the_port_of_tls() -> None:
    assert faults(tls.records(b"HTTP/1.1 400 Bad Request\r\n")) == ["this is no TLS record"]
    assert len(faults(tls.records(b"\x16\x03\x03\xff\xff"))) == 1


def test_alert_of_a_client_that_does_not_trust() -> None:
    client, server = contexts(TLS13)
    captured = shake(client, server, name="other.example.com")
    assert captured.error is not None
    (alert,) = captured.alerts
    assert meanings(tls.alert(alert), "description") == ["bad_certificate"]
    assert meanings(tls.alert(alert), "level") == ["fatal"]
    (record,) = tls.records(b"\x15\x03\x03\x00\x02" + alert)
    assert meanings([record], "description") == ["bad_certificate"]


def test_what_browsers_send_and_openssl_does_not() -> None:
    data = client_hello(
        extension(0x2A2A, b""),
        extension(51, bytes.fromhex("0027 8a8a 0001 00 11ec 0002 aabb 001d 0018") + bytes(24)),
        extension(0xFE0D, bytes.fromhex("00 0001 0001 07 0002 aabb 0001 cc")),
        extension(27, bytes.fromhex("02 0002")),
        extension(17613, bytes.fromhex("0003 02 6832")),
        extension(16, bytes.fromhex("0006 02 0a0a 02 6832")),
        extension(5, bytes.fromhex("01 0000 0000")),
        extension(18, b""),
        extension(42, b""),
        extension(28, b"\x40\x01"),
        extension(44, b"\x00\x01\x09"),
        extension(0xFF01, b"\x00"),
    )
    fields = tls.handshake(data)
    assert not faults(fields)
    assert meanings(fields, "extension")[0] == "GREASE"
    assert meanings(fields, "cipher_suite") == ["GREASE", "TLS_AES_128_GCM_SHA256"]
    assert meanings(fields, "KeyShareEntry") == ["GREASE", "X25519MLKEM768", "x25519"]
    assert values(fields, "key_exchange length") == [1, 2, 24]
    assert "encrypted_client_hello" in meanings(fields, "extension")
    assert meanings(fields, "aead_id") == ["AES-128-GCM"]
    assert meanings(fields, "algorithm") == ["brotli"]
    assert meanings(fields, "ProtocolName") == [None, "GREASE", None]
    assert meanings(fields, "status_type") == ["ocsp"]
    assert values(fields, "RecordSizeLimit") == [0x4001]


@pytest.mark.parametrize(
    ("data", "name", "meaning"),
    [
        ("18 000001 01", "request_update", "update_requested"),
        ("16 000005 01 000001 30", "status_type", "ocsp"),
        ("19 000009 0002 000100 000001 30", "algorithm", "brotli"),
        ("0c 000009 0001 17 0001 02 0001 05", "dh_p", None),
        ("0d 00000d 01 40 0002 0403 0005 0003 aabbcc", "type", "ecdsa_sign"),
        ("0d 00000d 01 40 0002 0403 0005 0003 aabbcc", "DistinguishedName", None),
        ("0d 00000e 00 000b 002f 0007 0005 0003 aabbcc", "DistinguishedName", None),
        ("08 00000e 000c fe0d 0002 0000 001c 0002 4001", "RecordSizeLimit", None),
    ],
)
def test_rarer_messages(data: str, name: str, meaning: str | None) -> None:
    fields = tls.handshake(bytes.fromhex(data))
    assert not faults(fields)
    assert one(fields, name).meaning == meaning


def test_messages_without_a_body() -> None:
    assert tls.title(b"\x0e\x00\x00\x00") == "ServerHelloDone"
    assert tls.title(b"\xee") == "handshake message 238"
    assert tls.title(b"") == "empty handshake message"
    assert not faults(tls.handshake(b"\x0e\x00\x00\x00"))


def test_a_damaged_extension_does_not_hide_the_next() -> None:
    data = client_hello(extension(0, b"\x00\x09\x00"), extension(43, b"\x02\x03\x04"))
    fields = tls.handshake(data)
    assert len(faults(fields)) == 1
    assert meanings(fields, "version") == ["TLSv1.3"]


def test_names_of_cipher_suites_are_those_of_openssl() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    for cipher in context.get_ciphers():
        name = CIPHER_SUITES[cipher["id"] & 0xFFFF]
        assert name.startswith("TLS_")
        if cipher["name"].startswith("TLS_"):
            assert name == cipher["name"]


@given(st.binary(max_size=200), st.sampled_from([None, 0x0303, 0x0304]))
@settings(deadline=None, derandomize=True)
def test_any_octets(data: bytes, version: int | None) -> None:
    assert_inside(tls.handshake(data, version), len(data))
    assert_inside(tls.records(data), len(data))
    assert_inside(tls.alert(data), len(data))
    tls.negotiated(data)
    tls.key_exchange_group(data)
    tls.title(data)


@given(st.data())
@settings(deadline=None, derandomize=True, max_examples=300)
def test_damaged_messages(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([TLS12, TLS13]))
    _, original = data.draw(st.sampled_from(handshaken(version).messages))
    wire = bytearray(original)
    for _ in range(data.draw(st.integers(1, 5))):
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(wire)))
    told = data.draw(st.sampled_from([None, version]))
    assert_inside(tls.handshake(bytes(wire[:cut]), told), cut)
    assert_inside(tls.records(b"\x16\x03\x01" + cut.to_bytes(2, "big") + wire[:cut]), cut + 5)
