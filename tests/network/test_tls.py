"""TLS against real servers on loopback: what is said, what is trusted, and how it breaks."""

import asyncio
import contextlib
import itertools
import os
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from netlab.lab.authority import Authority
from netlab.network import tls_chain, tls_faults, trust
from netlab.network.race import connect
from netlab.network.stream import TcpStream
from netlab.network.tls import Handshake, TlsStream, handshake
from netlab.network.tls_verify import examine
from netlab.network.trust import Trust
from tests.network.tlsserver import HOST, context_for, over_tls, serving, tls_server
from tests.witness import need, output

SOON = 5.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def root(authority: Authority) -> bytes:
    return authority.root.certificate.public_bytes(Encoding.DER)


def trusting(authority: Authority, **options: Any) -> Trust:
    return trust.load(time.perf_counter, str(authority.ca_file), **options)


@contextlib.asynccontextmanager
async def shaken(
    address: tuple[str, int],
    trusted: Trust,
    host: str = HOST,
    timeout: float = SOON,
    session: ssl.SSLSession | None = None,
) -> AsyncIterator[Handshake]:
    tcp = TcpStream(await connect(address), time.perf_counter)
    try:
        yield await handshake(tcp, trusted, host, timeout=timeout, session=session)
    finally:
        await tcp.close()


def failing(address: tuple[str, int], trusted: Trust, timeout: float = SOON) -> Handshake:
    async def run() -> Handshake:
        async with shaken(address, trusted, timeout=timeout) as result:
            return result

    result = asyncio.run(run())
    assert result.stream is None
    assert result.error is not None
    return result


def succeeding(
    address: tuple[str, int],
    trusted: Trust,
    body: Callable[[Handshake, TlsStream], Awaitable[None]],
    **options: Any,
) -> None:
    async def run() -> None:
        async with shaken(address, trusted, **options) as result:
            if result.stream is None:
                raise AssertionError("the handshake failed") from result.error
            await body(result, result.stream)
            await result.stream.close()

    asyncio.run(run())


def types(result: Handshake) -> list[tuple[str, int]]:
    return [(m.direction, m.type) for m in result.log.messages if m.kind == "handshake"]


def test_every_message_of_a_tls13_handshake_is_seen_in_order(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        # ClientHello; ServerHello, EncryptedExtensions, Certificate, CertificateVerify,
        # Finished; Finished (RFC 8446 §2)
        assert types(result) == [
            ("sent", 1),
            ("received", 2),
            ("received", 8),
            ("received", 11),
            ("received", 15),
            ("received", 20),
            ("sent", 20),
        ]
        encrypted = [m.encrypted for m in result.log.messages if m.kind == "handshake"]
        assert encrypted == [False, False, True, True, True, True, True]
        assert {m.kind for m in result.log.messages} <= {"handshake", "change_cipher_spec"}

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def test_messages_name_the_records_that_carried_them(authority: Authority) -> None:
    def records(data: bytes) -> list[bytes]:
        found = []
        while data:
            length = 5 + int.from_bytes(data[3:5], "big")
            found.append(data[:length])
            data = data[length:]
        return found

    async def body(result: Handshake, stream: TlsStream) -> None:
        raw = {
            "sent": records(result.wire.data("sent")),
            "received": records(result.wire.data("received")),
        }
        for message in result.log.messages:
            assert message.record is not None
            record = raw[message.direction][message.record]
            if message.encrypted:
                assert record[0] == 23
                assert message.data not in record
            else:
                assert record[5:] == message.data

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def test_tls12_says_what_is_encrypted_and_what_is_not(authority: Authority) -> None:
    context = context_for(authority.issue([HOST]), authority.directory)
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    async def body(result: Handshake, stream: TlsStream) -> None:
        assert result.connection.version() == "TLSv1.2"
        shown = {(m.direction, m.type): m.encrypted for m in result.log.messages}
        assert shown["received", 11] is False
        assert shown["received", 12] is False
        assert shown["sent", 20] is True
        assert shown["received", 20] is True

    with serving(over_tls(context)) as address:
        succeeding(address, trusting(authority), body)


def test_segments_leave_no_instant_out(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        segments = result.segments
        assert segments[0].start == result.start
        assert segments[-1].end == result.end
        assert all(a.end == b.start for a, b in itertools.pairwise(segments))
        assert segments[0].kind == segments[-1].kind == "compute"
        assert "wait" in {s.kind for s in segments}

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def test_plaintext_and_records_are_on_tapes_of_their_own(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        sent_before = stream.wire.total("sent")
        await stream.write(b"a secret", timeout=SOON)
        assert await stream.read(timeout=SOON) == b"a secret"

        assert stream.alpn == "h2"
        assert stream.tape.data("sent") == stream.tape.data("received") == b"a secret"
        record = stream.wire.data("sent", sent_before)
        assert record[0] == 23
        assert b"a secret" not in record
        assert stream.tape.at_offset("received", 0) == stream.wire.last_at("received")

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def test_closing_says_so_to_the_other_side(authority: Authority) -> None:
    ends: list[bytes] = []

    def listen(sock: socket.socket) -> None:
        ends.append(sock.recv(10))  # b"" is a clean close_notify; otherwise recv raises

    async def body(result: Handshake, stream: TlsStream) -> None:
        await stream.close()
        await stream.close()

    with tls_server(authority, authority.issue([HOST]), listen) as address:
        succeeding(address, trusting(authority), body)
    assert ends == [b""]


def test_an_end_without_close_notify_is_marked(authority: Authority) -> None:
    def hang_up(sock: socket.socket) -> None:
        sock.sendall(b"half of")
        sock.shutdown(socket.SHUT_RDWR)  # TCP alone: no close_notify before

    def orderly(sock: socket.socket) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        sock.sendall(b"all of it")
        sock.unwrap()

    marks: list[bool] = []

    async def body(result: Handshake, stream: TlsStream) -> None:
        while await stream.read(timeout=SOON):
            pass
        marks.append(stream.truncated)

    for talk in (hang_up, orderly):
        with tls_server(authority, authority.issue([HOST]), talk) as address:
            succeeding(address, trusting(authority), body)
    assert marks == [True, False]


def test_silence_after_the_handshake_times_out(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        with pytest.raises(TimeoutError):
            await stream.read(timeout=0.05)

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def test_a_session_kept_after_the_first_read_is_resumed(authority: Authority) -> None:
    trusted = trusting(authority)
    kept: list[ssl.SSLSession] = []

    async def first(result: Handshake, stream: TlsStream) -> None:
        early = stream.session
        assert early is None  # the tickets are still on their way
        await stream.write(b"x", timeout=SOON)
        await stream.read(timeout=SOON)
        assert stream.session is not None
        kept.append(stream.session)
        assert not stream.connection.session_reused

    async def second(result: Handshake, stream: TlsStream) -> None:
        assert stream.connection.session_reused
        assert ("received", 11) not in types(result)  # no certificate this time

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusted, first)
        succeeding(address, trusted, second, session=kept[0])


@pytest.mark.parametrize(
    "kind",
    ["expired", "not-yet-valid", "wrong-name", "untrusted-root", "self-signed",
     "missing-intermediate"],
)  # fmt: skip
def test_a_broken_certificate_is_refused_and_named(authority: Authority, kind: Any) -> None:
    alerts: list[str] = []

    with tls_server(authority, authority.issue([HOST], kind)) as address:
        result = failing(address, trusting(authority))
        alerts += [m.data.hex() for m in result.log.messages if m.kind == "alert"]

    now = datetime.now(UTC)
    found = examine(tls_chain.sent(result.connection), HOST, now, lambda: [root(authority)])
    assert [fault.code for fault in found.faults] == [kind]
    assert tls_faults.classify(result, found.faults) == kind
    assert len(tls_chain.sent(result.connection)) >= 1
    assert result.connection.version() is None
    assert len(alerts) == 1  # the server was told: the alert was flushed
    assert result.wire.total("sent") > 500


def test_insecure_goes_on_with_a_broken_certificate(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        await stream.write(b"x", timeout=SOON)
        assert await stream.read(timeout=SOON) == b"x"
        assert len(tls_chain.sent(result.connection)) == 1

    with tls_server(authority, authority.issue([HOST], "self-signed")) as address:
        succeeding(address, trusting(authority, insecure=True), body)


def test_the_chain_used_leads_to_the_anchor(authority: Authority) -> None:
    async def body(result: Handshake, stream: TlsStream) -> None:
        sent, used = tls_chain.sent(stream.connection), tls_chain.used(stream.connection)
        assert len(sent) == 2
        assert used[:2] == sent
        assert x509.load_der_x509_certificate(used[2]) == authority.root.certificate

    with tls_server(authority, authority.issue([HOST])) as address:
        succeeding(address, trusting(authority), body)


def say(data: bytes) -> Callable[[socket.socket], None]:
    def talk(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass

    return talk


def reset(sock: socket.socket) -> None:
    sock.recv(10)  # the rest of the ClientHello stays unread: closing then is a reset
    sock.close()


@pytest.mark.parametrize(
    ("talk", "code"),
    [
        (say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "plain-http"),
        (say(b"220 mail.example.org ESMTP\r\n"), "not-tls"),
        (say(b"\x15\x03\x01\x00\x02\x02\x28"), "handshake-failure"),
        (say(b"\x15\x03\x01\x00\x02\x02\x46"), "protocol-version"),
        (say(b"\x15\x03\x01\x00\x02\x02\x70"), "alert"),
        (say(b""), "closed"),
        (say(b"\x16\x03\x03"), "closed"),
        (say(b"\x16\x03\x03\x00\x04\x02\x00\x00\x00"), "malformed"),
        (say(b"\xff" * 100), "malformed"),
        (reset, "reset"),
    ],
)
def test_what_breaks_a_handshake_is_named(
    authority: Authority, talk: Callable[[socket.socket], None], code: str
) -> None:
    with serving(talk) as address:
        result = failing(address, trusting(authority))

    assert tls_faults.classify(result) == code


def test_a_silent_server_times_out(authority: Authority) -> None:
    def silent(sock: socket.socket) -> None:
        while sock.recv(4096):
            pass

    with serving(silent) as address:
        result = failing(address, trusting(authority), timeout=0.1)

    assert tls_faults.classify(result) == "timeout"
    assert result.segments[-1].kind == "wait"


def test_random_octets_never_raise_out_of_a_handshake(authority: Authority) -> None:
    with serving(say(b"\x16\x03\x03\x40\x00" + os.urandom(0x4000))) as address:
        result = failing(address, trusting(authority))

    assert tls_faults.classify(result) in ("malformed", "closed")


def test_a_certificate_file_that_is_none_is_an_error(tmp_path: Path) -> None:
    bogus = tmp_path / "bogus.pem"
    bogus.write_text("not a certificate")

    with pytest.raises(ssl.SSLError):
        trust.load(time.perf_counter, str(bogus))
    with pytest.raises(OSError):
        trust.load(time.perf_counter, str(tmp_path / "absent.pem"))


def test_the_trust_store_is_counted_and_named(authority: Authority) -> None:
    trusted = trusting(authority)

    assert trusted.count == 1
    assert trusted.store == str(authority.ca_file)
    assert trusted.load_time > 0
    assert len(trusted.anchors()) == 1


@pytest.mark.witness
def test_openssl_says_the_same_of_the_same_server(authority: Authority) -> None:
    need("openssl")
    credentials = authority.issue([HOST])
    found: list[str] = []

    async def body(result: Handshake, stream: TlsStream) -> None:
        cipher = stream.connection.cipher()
        assert cipher is not None
        found.extend([cipher[0], str(stream.alpn), *map(pem, tls_chain.sent(stream.connection))])

    with tls_server(authority, credentials) as (address, port):
        succeeding((address, port), trusting(authority), body)
        said = output(
            ["openssl", "s_client", "-connect", f"{address}:{port}", "-servername", HOST,
             "-CAfile", str(authority.ca_file), "-showcerts", "-alpn", "h2,http/1.1"]
        )  # fmt: skip

    cipher, alpn, *chain = found
    assert f"New, TLSv1.3, Cipher is {cipher}" in said
    assert f"ALPN protocol: {alpn}" in said
    assert "Verify return code: 0 (ok)" in said
    assert said.count("-----BEGIN CERTIFICATE-----") == len(chain)
    assert all(certificate in said for certificate in chain)


def pem(der: bytes) -> str:
    return ssl.DER_cert_to_PEM_cert(der).strip()
