"""What stands in a certificate, in words that a person can compare with `openssl x509`.

Everything here reads octets that a stranger sent: what cannot be parsed becomes a certificate
that says so.
"""

import hashlib
import ipaddress
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import SignatureAlgorithmOID

CHAIN_KEPT = 32
"""Certificates of one chain that are looked at; OpenSSL itself stops at 100 KB of them."""

CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

SIGNATURES = {
    SignatureAlgorithmOID.RSA_WITH_MD5: "md5WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA1: "sha1WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "sha256WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "sha384WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "sha512WithRSAEncryption",
    SignatureAlgorithmOID.RSASSA_PSS: "rsassaPss",
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: "ecdsa-with-SHA1",
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ecdsa-with-SHA256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ecdsa-with-SHA384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ecdsa-with-SHA512",
    SignatureAlgorithmOID.ED25519: "ED25519",
    SignatureAlgorithmOID.ED448: "ED448",
}

OLD_HASHES = ("md5", "sha1")
SMALLEST_RSA = 2048


@dataclass(frozen=True)
class Certificate:
    """One certificate. parsed is None where the octets are no certificate."""

    der: bytes
    parsed: x509.Certificate | None = field(compare=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @cached_property
    def subject(self) -> str:
        return "unreadable" if self.parsed is None else _name(self.parsed.subject)

    @cached_property
    def issuer(self) -> str:
        return "unreadable" if self.parsed is None else _name(self.parsed.issuer)

    @property
    def not_before(self) -> datetime | None:
        return None if self.parsed is None else self.parsed.not_valid_before_utc

    @property
    def not_after(self) -> datetime | None:
        return None if self.parsed is None else self.parsed.not_valid_after_utc

    @cached_property
    def dns_names(self) -> tuple[str, ...]:
        names = self._alternative_names()
        return tuple(names.get_values_for_type(x509.DNSName)) if names else ()

    @cached_property
    def addresses(self) -> tuple[str, ...]:
        names = self._alternative_names()
        return tuple(map(str, names.get_values_for_type(x509.IPAddress))) if names else ()

    @property
    def names(self) -> tuple[str, ...]:
        """What it is for: the names and addresses of its subjectAltName."""
        return self.dns_names + self.addresses

    @cached_property
    def key(self) -> str:
        """Kind and size of the public key."""
        public = self._public_key()
        match public:
            case rsa.RSAPublicKey() | dsa.DSAPublicKey():
                kind = "RSA" if isinstance(public, rsa.RSAPublicKey) else "DSA"
                return f"{kind} {public.key_size} bits"
            case ec.EllipticCurvePublicKey():
                return f"EC {CURVES.get(public.curve.name, public.curve.name)}"
            case ed25519.Ed25519PublicKey():
                return "Ed25519"
            case ed448.Ed448PublicKey():
                return "Ed448"
        return "unknown"

    @property
    def signature(self) -> str:
        """The algorithm that its issuer signed it with."""
        if self.parsed is None:
            return "unreadable"
        oid = self.parsed.signature_algorithm_oid
        return SIGNATURES.get(oid, oid.dotted_string)

    @property
    def weakness(self) -> str | None:
        """Why its key or signature is not to be trusted any more, or None. A self-signed root's
        signature proves nothing, so it does not count."""
        public = self._public_key()
        if isinstance(public, rsa.RSAPublicKey) and public.key_size < SMALLEST_RSA:
            return f"an RSA key of {public.key_size} bits"
        if self.parsed is None or self.self_issued:
            return None
        try:
            algorithm = self.parsed.signature_hash_algorithm
        except (UnsupportedAlgorithm, ValueError):
            return None
        if algorithm is not None and algorithm.name in OLD_HASHES:
            return f"a signature with {algorithm.name.upper().replace('SHA1', 'SHA-1')}"
        return None

    @cached_property
    def self_issued(self) -> bool:
        return self.issued_by(self)

    def issued_by(self, issuer: "Certificate") -> bool:
        """Whether names fit and the issuer's key really made this signature."""
        if self.parsed is None or issuer.parsed is None:
            return False
        if self.parsed.issuer != issuer.parsed.subject:
            return False
        try:
            self.parsed.verify_directly_issued_by(issuer.parsed)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            return False
        return True

    def name_for(self, host: str) -> str | None:
        """The name or address in it that covers this host (RFC 9525 §6.3), or None."""
        try:
            wanted = str(ipaddress.ip_address(host))
        except ValueError:
            return next((n for n in self.dns_names if covers(n, host)), None)
        return wanted if wanted in self.addresses else None

    def _public_key(self) -> object:
        try:
            return None if self.parsed is None else self.parsed.public_key()
        except (ValueError, UnsupportedAlgorithm):
            return None

    def _alternative_names(self) -> x509.SubjectAlternativeName | None:
        try:
            if self.parsed is None:
                return None
            found = self.parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
            return None
        return found.value


def read(der: bytes) -> Certificate:
    """Parse a certificate; one with a part that every other question needs unreadable is none."""
    try:
        # What the library minds but takes (a serial number of zero) is no word for a person's
        # terminal.
        with warnings.catch_warnings(action="ignore"):
            parsed = x509.load_der_x509_certificate(der)
            # The library parses these only when it is asked for them.
            _ = parsed.subject, parsed.issuer, parsed.signature_algorithm_oid
            _ = parsed.not_valid_before_utc, parsed.not_valid_after_utc
    except (ValueError, KeyError, TypeError, x509.InvalidVersion):
        # KeyError, TypeError: a name whose string is of a type that does not belong there.
        return Certificate(der, None)
    return Certificate(der, parsed)


def read_all(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    return tuple(map(read, chain[:CHAIN_KEPT]))


def covers(pattern: str, host: str) -> bool:
    """Whether a dNSName covers a host: equal, or `*` for exactly the left-most label."""
    pattern, host = pattern.lower().rstrip("."), host.lower().rstrip(".")
    if not pattern.startswith("*."):
        return pattern == host
    label, dot, rest = host.partition(".")
    return bool(label and dot) and rest == pattern[2:]


def utc(instant: datetime | None) -> str | None:
    """ISO 8601, in UTC, as certificates state their dates."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _name(name: x509.Name) -> str:
    """The common name if there is one, else the whole distinguished name."""
    try:
        common = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(common[0].value) if common else name.rfc4514_string() or "(empty)"
    except (ValueError, IndexError):
        return "unreadable"
