"""Real handshakes between two ssl objects in memory, with every message as OpenSSL saw it."""

import datetime
import ipaddress
import ssl
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "www.example.com"
HANDSHAKE, ALERT = 22, 21


@dataclass
class Captured:
    """One side's view: (direction, message) in order, and the raw octets of either direction."""

    messages: list[tuple[str, bytes]] = field(default_factory=list)
    alerts: list[bytes] = field(default_factory=list)
    sent: bytes = b""
    received: bytes = b""
    client: ssl.SSLObject | None = None
    error: ssl.SSLError | None = None


@cache
def certificate() -> tuple[bytes, bytes, bytes]:
    """A self-signed leaf: PEM, PEM of its key, DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(NAME), x509.IPAddress(ipaddress.ip_address("192.0.2.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(4711)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (
        made.public_bytes(serialization.Encoding.PEM),
        secret,
        made.public_bytes(serialization.Encoding.DER),
    )


def contexts(maximum: ssl.TLSVersion) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A client that trusts the server, and the server."""
    pem, key, _ = certificate()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(pem + key)
        server.load_cert_chain(path)
    server.set_alpn_protocols(["h2"])
    client = ssl.create_default_context(cadata=pem.decode())
    client.set_alpn_protocols(["h2", "http/1.1"])
    client.maximum_version = maximum
    return client, server


def shake(
    client_context: ssl.SSLContext,
    server_context: ssl.SSLContext,
    session: ssl.SSLSession | None = None,
    name: str = NAME,
) -> Captured:
    """A whole handshake and one octet from the server, so that tickets arrive."""
    captured = Captured()

    def note(_: object, direction: str, version: int, kind: int, what: int, data: bytes) -> None:
        if int(kind) == HANDSHAKE:
            captured.messages.append((direction, data))
        elif int(kind) == ALERT:
            captured.alerts.append(data)

    client_context._msg_callback = note  # type: ignore[attr-defined]
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(down, up, server_hostname=name, session=session)
    server = server_context.wrap_bio(to_server, to_client, server_side=True)
    captured.client = client

    def carry() -> None:
        octets = up.read()
        captured.sent += octets
        to_server.write(octets)
        octets = to_client.read()
        captured.received += octets
        down.write(octets)

    try:
        for _ in range(6):
            for side in (client, server):
                with suppress(ssl.SSLWantReadError):
                    side.do_handshake()
                carry()
        server.write(b"x")
        carry()
        client.read(1)
    except ssl.SSLError as error:
        captured.error = error
        carry()
    return captured
