"""Our own look at a chain finds every fault, and believes nothing that it cannot read."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from netlab.lab.authority import Authority, Credentials
from netlab.network.tls_certificates import CHAIN_KEPT, covers, read
from netlab.network.tls_verify import Examination, examine

HOST = "www.example.org"
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def sent(credentials: Credentials) -> list[bytes]:
    return [der(s.certificate) for s in (credentials.leaf, *credentials.chain)]


def judged(
    authority: Authority, chain: list[bytes], host: str = HOST, days: int = 0
) -> Examination:
    anchors = [der(authority.root.certificate)]
    return examine(chain, host, NOW + timedelta(days=days), lambda: anchors)


def codes(examination: Examination) -> list[str]:
    return [fault.code for fault in examination.faults]


def test_a_chain_in_good_order_has_no_fault(authority: Authority) -> None:
    verdict = judged(authority, sent(authority.issue([HOST])))

    assert codes(verdict) == []
    assert verdict.anchored
    assert [c.subject for c in verdict.path] == [
        HOST,
        "netlab lab intermediate CA 1",
        "netlab lab root CA",
    ]


def test_the_order_in_which_the_rest_is_sent_does_not_matter(authority: Authority) -> None:
    leaf, intermediate = sent(authority.issue([HOST]))
    root, stranger = der(authority.root.certificate), der(authority.foreign.certificate)

    assert codes(judged(authority, [leaf, stranger, root, intermediate])) == []


def test_several_faults_are_all_found(authority: Authority) -> None:
    chain = sent(authority.issue(["elsewhere.example"], "untrusted-root"))

    assert codes(judged(authority, chain, days=200)) == ["untrusted-root", "expired", "wrong-name"]


def test_an_expired_intermediate_counts_and_is_named(authority: Authority) -> None:
    verdict = judged(authority, sent(authority.issue([HOST])), days=365 * 5)

    assert codes(verdict) == ["expired", "expired"]
    assert "intermediate" in verdict.faults[1].what


def test_a_name_alone_makes_no_issuer(authority: Authority, tmp_path: Path) -> None:
    impostor = Authority(tmp_path)  # the same names, other keys

    assert codes(judged(authority, sent(impostor.issue([HOST])))) == ["untrusted-root"]


def test_a_trusted_leaf_needs_no_issuer(authority: Authority) -> None:
    chain = sent(authority.issue([HOST], "self-signed"))

    assert codes(examine(chain, HOST, NOW, lambda: chain)) == []


@pytest.mark.parametrize("chain", [[], [b""], [b"\x30\x03\x02\x01\x00"]])
def test_what_is_no_certificate_is_malformed(authority: Authority, chain: list[bytes]) -> None:
    assert codes(judged(authority, chain)) == ["malformed"]


def test_an_endless_chain_is_looked_at_only_so_far(authority: Authority) -> None:
    leaf, intermediate = sent(authority.issue([HOST]))

    assert len(judged(authority, [leaf, *[intermediate] * 1000]).certificates) == CHAIN_KEPT


def made(key: Any = None, names: Any = (), signer: Any = None) -> bytes:
    """A certificate to taste, issued by someone whom nobody knows."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "someone")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)]))
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return der(builder.sign(signer or ec.generate_private_key(ec.SECP256R1()), SHA256()))


SAMPLE = made(names=[x509.DNSName(HOST), x509.IPAddress(ip_address("192.0.2.1"))])


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@example(position=SAMPLE.index(b"\xa0\x03\x02\x01") + 4, value=1)
@example(position=SAMPLE.index(b"\x55\x04\x03") + 2, value=6)
@example(position=SAMPLE.index(b"\x55\x04\x03") + 3, value=0)
@example(position=SAMPLE.index(b"\x55\x04\x03") + 3, value=3)
@example(position=SAMPLE.index(b"\x02\x01\x01") + 2, value=0)
def test_one_changed_octet_never_raises(position: int, value: int) -> None:
    octets = bytearray(SAMPLE)
    octets[position % len(octets)] = value
    certificate = read(bytes(octets))
    verdict = examine([bytes(octets)], HOST, NOW, lambda: [bytes(octets)])

    assert verdict.certificates[0].sha256 == certificate.sha256
    assert isinstance(certificate.subject + certificate.issuer + certificate.key, str)
    assert isinstance(certificate.signature, str)


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("www.example.org", "WWW.example.org", True),
        ("www.example.org", "www.example.org.", True),
        ("*.example.org", "www.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.b.example.org", False),
        ("*.example.org", ".example.org", False),
        ("w*.example.org", "www.example.org", False),
        ("*", "localhost", False),
        ("example.org", "www.example.org", False),
    ],
)
def test_which_names_a_pattern_covers(pattern: str, host: str, fits: bool) -> None:
    assert covers(pattern, host) is fits


def test_addresses_are_compared_as_addresses() -> None:
    certificate = read(made(names=[x509.IPAddress(ip_address("2001:db8::1"))]))

    assert certificate.name_for("2001:0db8:0::1") == "2001:db8::1"
    assert certificate.name_for("2001:db8::2") is None


def test_a_dns_name_that_looks_like_an_address_covers_no_address() -> None:
    assert read(made(names=[x509.DNSName("192.0.2.1")])).name_for("192.0.2.1") is None


def test_the_common_name_counts_for_nothing() -> None:
    certificate = read(made())

    assert certificate.subject == HOST
    assert certificate.name_for(HOST) is None


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (rsa.generate_private_key(65537, 2048), "RSA 2048 bits"),
        (ec.generate_private_key(ec.SECP384R1()), "EC P-384"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
    ],
)
def test_keys_are_named(key: Any, said: str) -> None:
    certificate = read(made(key))

    assert certificate.key == said
    assert certificate.weakness is None


def test_a_short_rsa_key_is_weak(authority: Authority) -> None:
    chain = [made(rsa.generate_private_key(65537, 1024), [x509.DNSName(HOST)])]

    assert codes(judged(authority, chain)) == ["missing-intermediate", "weak-key"]


def test_an_old_signature_is_weak() -> None:
    # The octets of ecdsa-with-SHA256 become those of ecdsa-with-SHA1: the signature fits no more,
    # which is none of weakness's business.
    new, old = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06072a8648ce3d0401")
    octets = SAMPLE
    assert octets.count(new) == 2
    certificate = read(resized(octets, new, old))

    assert certificate.signature == "ecdsa-with-SHA1"
    assert certificate.weakness == "a signature with SHA-1"


def unwrapped(octets: bytes) -> tuple[bytes, bytes]:
    """The body of the DER value that stands first, and what follows it."""
    size, at = octets[1], 2
    if size & 0x80:
        at += size & 0x7F
        size = int.from_bytes(octets[2:at], "big")
    return octets[at : at + size], octets[at + size :]


def resized(octets: bytes, new: bytes, old: bytes) -> bytes:
    """Replace an identifier by a shorter one, and mend the lengths of all that holds it."""
    whole, _ = unwrapped(octets)
    inner, rest = unwrapped(whole)
    algorithm, shorter = b"\x30\x0a" + new, b"\x30\x09" + old
    inner, rest = inner.replace(algorithm, shorter), rest.replace(algorithm, shorter)
    return wrapped(wrapped(inner) + rest)


def wrapped(body: bytes) -> bytes:
    """A SEQUENCE with the shortest length that DER allows."""
    size = len(body).to_bytes(2 if len(body) > 0xFF else 1, "big")
    return b"\x30" + (bytes([0x80 | len(size)]) + size if len(body) > 0x7F else size) + body
