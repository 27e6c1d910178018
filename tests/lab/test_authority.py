"""The lab's certificates, held against OpenSSL's strict mode."""

import re
import shutil
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from netlab.lab import Lab
from netlab.lab.authority import Authority
from netlab.lab.catalogue import TlsKind

NAMES = ("www.example.com", "*.example.net")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def verify(authority: Authority, kind: TlsKind, name: str) -> list[x509.Certificate]:
    """As a careful verifier that is not OpenSSL sees it. Raises VerificationError."""
    shown = authority.issue(NAMES, kind)
    verifier = (
        PolicyBuilder()
        .store(Store([authority.root.certificate]))
        .time(authority.now)
        .build_server_verifier(x509.DNSName(name))
    )
    return verifier.verify(shown.leaf.certificate, [link.certificate for link in shown.chain])


@pytest.mark.parametrize("name", ["www.example.com", "cdn.example.net"])
def test_a_good_chain_leads_to_the_root(authority: Authority, name: str) -> None:
    chain = verify(authority, "", name)
    assert [len(chain), chain[-1]] == [3, authority.root.certificate]


@pytest.mark.parametrize(
    "kind",
    [
        "expired", "not-yet-valid", "wrong-name", "untrusted-root", "self-signed",
        "missing-intermediate",
    ],
)  # fmt: skip
def test_a_broken_chain_does_not(authority: Authority, kind: TlsKind) -> None:
    with pytest.raises(VerificationError):
        verify(authority, kind, "www.example.com")


def test_each_kind_is_broken_in_one_way_only(authority: Authority) -> None:
    """What is not the fault is in order: names and dates, above all."""
    for kind in ("", "untrusted-root", "self-signed", "missing-intermediate", "expired"):
        leaf = authority.issue(NAMES, kind).leaf.certificate
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.DNSName) == list(NAMES)
        assert (leaf.not_valid_after_utc < authority.now) == (kind == "expired")


def test_dates_stand_on_the_given_day(tmp_path: Path) -> None:
    day = datetime(2031, 5, 4, 12, tzinfo=UTC)
    leaf = Authority(tmp_path, day).issue(NAMES, "not-yet-valid").leaf.certificate
    assert leaf.not_valid_before_utc == day + timedelta(days=30)


def test_it_takes_no_time_to_found(tmp_path: Path) -> None:
    """Process time: other programs must not decide it. 30 ms is the budget in the lab's start."""

    def cost() -> float:
        start = time.process_time()
        Authority(tmp_path)
        return time.process_time() - start

    assert min(cost() for _ in range(5)) < 0.03


S_CLIENT = {
    "www.google.com": 0,
    "cdn.example.net": 0,
    "tls12.example.org": 0,
    "expired.broken.example.org": 10,
    "not-yet-valid.broken.example.org": 9,
    "wrong-name.broken.example.org": 62,
    "untrusted-root.broken.example.org": 20,
    "self-signed.broken.example.org": 18,
    "missing-intermediate.broken.example.org": 21,
}
"""openssl-verification-options(1): the codes that s_client must end with."""


@pytest.mark.witness
@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not installed")
@pytest.mark.parametrize("name", S_CLIENT)
def test_openssl_strict_agrees(lab: Lab, name: str) -> None:
    from netlab.lab.reach import web_at

    host = next(host for host in lab.directory.hosts if host.name == name)
    dialled = web_at(lab.directory, host)
    assert dialled is not None
    done = subprocess.run(
        [
            "openssl", "s_client", "-x509_strict", "-connect", f"{dialled[0]}:{dialled[1]}",
            "-servername", name, "-verify_hostname", name, "-CAfile", lab.directory.ca_file,
            "-no-CApath", "-no-CAstore",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    codes = {int(code) for code in re.findall(r"Verify return code: (\d+)", done.stdout)}
    assert codes == {S_CLIENT[name]}, done.stdout + done.stderr
