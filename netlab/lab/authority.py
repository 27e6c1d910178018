"""The lab's certificate authority: a root, an intermediate, and leaves good and broken.

Certificates follow the profile of RFC 5280 §4.2 closely enough for OpenSSL's strict mode: an
authority says so (basic constraints, critical) and may sign certificates and revocation lists
(key usage, critical); everything but a root names the key that signed it. No certificate points
at an issuer's URL or a revocation list: there is none to fetch, and a client that finds a missing
intermediate by itself would hide the fault that the lab wants to show.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from netlab.lab.catalogue import TlsKind

DAY = timedelta(days=1)
YEAR = 365 * DAY
LEAF_LIFETIME = 90 * DAY
ELSEWHERE = "elsewhere.example"
"""The name that a certificate of kind `wrong-name` is for."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A certificate with its private key: an authority, or a server."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a server shows: its leaf, and the certificates that it sends along."""

    leaf: Signer
    chain: tuple[Signer, ...] = ()

    @property
    def pem(self) -> bytes:
        """The key, then the chain in the order in which it is sent (RFC 8446 §4.4.2)."""
        return self.leaf.key_pem + self.leaf.pem + b"".join(link.pem for link in self.chain)


class Authority:
    """Issues the lab's certificates. directory: a private place for its files."""

    def __init__(self, directory: Path, now: datetime | None = None) -> None:
        self.directory = directory
        self.now = (now or datetime.now(UTC)).replace(microsecond=0)
        self.root = self.make_root("netlab lab root CA")
        self.ca_file = directory / "netlab-lab-root-ca.pem"
        self.ca_file.write_bytes(self.root.pem)

    @cached_property
    def intermediate(self) -> Signer:
        return self.make_intermediate("netlab lab intermediate CA 1", self.root)

    @cached_property
    def foreign(self) -> Signer:
        """An intermediate of a root that is in nobody's trust store."""
        return self.make_intermediate("unknown intermediate CA", self.make_root("unknown root CA"))

    def issue(self, names: Sequence[str], kind: TlsKind = "") -> Credentials:
        """A leaf for these names, broken as its kind says."""
        start = self.now - DAY
        match kind:
            case "expired":
                start = self.now - LEAF_LIFETIME - 7 * DAY
            case "not-yet-valid":
                start = self.now + 30 * DAY
            case "wrong-name":
                names = (ELSEWHERE,)
            case "self-signed":
                return Credentials(self.make_leaf(names, None, start))
            case "untrusted-root":
                return Credentials(self.make_leaf(names, self.foreign, start), (self.foreign,))
            case "missing-intermediate":
                return Credentials(self.make_leaf(names, self.intermediate, start))
        return Credentials(self.make_leaf(names, self.intermediate, start), (self.intermediate,))

    def make_root(self, name: str) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = distinguished(name)
        builder = (
            blank(subject, subject, key.public_key(), self.now - YEAR, 10 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(SIGNS_CERTIFICATES, critical=True)
        )
        return Signer(builder.sign(key, SHA256()), key)

    def make_intermediate(self, name: str, root: Signer) -> Signer:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = root.certificate.subject
        builder = (
            blank(distinguished(name), issuer, key.public_key(), self.now - YEAR / 2, 5 * YEAR)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(SIGNS_CERTIFICATES, critical=True)
            .add_extension(for_servers(), critical=False)
            .add_extension(signed_by(root.key), critical=False)
        )
        return Signer(builder.sign(root.key, SHA256()), key)

    def make_leaf(self, names: Sequence[str], issuer: Signer | None, start: datetime) -> Signer:
        """A server's certificate; without an issuer it signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signing = issuer.key if issuer else key
        builder = (
            blank(
                subject,
                issuer.certificate.subject if issuer else subject,
                key.public_key(),
                start,
                LEAF_LIFETIME,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(SIGNS_HANDSHAKES, critical=True)
            .add_extension(for_servers(), critical=False)
            .add_extension(signed_by(signing), critical=False)
            # Browsers and RFC 9525 §6.1 look for names here alone, never in the common name.
            .add_extension(x509.SubjectAlternativeName(map(general, names)), critical=False)
        )
        return Signer(builder.sign(signing, SHA256()), key)


def usage(**granted: bool) -> x509.KeyUsage:
    """Key usage (RFC 5280 §4.2.1.3) with just these bits set."""
    bits = dict.fromkeys(
        (
            "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
            "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
        ),
        False,
    )  # fmt: skip
    return x509.KeyUsage(**(bits | granted))


SIGNS_CERTIFICATES = usage(key_cert_sign=True, crl_sign=True)
SIGNS_HANDSHAKES = usage(digital_signature=True)


def blank(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    start: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    """The start of every certificate: names, key, validity, serial number, key identifier."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def distinguished(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "netlab lab"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def general(name: str) -> x509.GeneralName:
    """A name as a certificate has it; an address is of a kind of its own (RFC 5280 §4.2.1.6)."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def for_servers() -> x509.ExtendedKeyUsage:
    return x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])


def signed_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
