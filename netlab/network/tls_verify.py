"""Judging a chain by ourselves: OpenSSL stops at the first fault, people want them all.

It never makes a connection trusted. OpenSSL has decided that before; this says why not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from netlab.network.tls_certificates import Certificate, read, read_all, utc

FaultCode = Literal[
    "expired", "not-yet-valid", "wrong-name", "self-signed", "untrusted-root",
    "missing-intermediate", "weak-key", "malformed", "wrong-purpose", "revoked", "certificate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a chain. what: which certificate, and how."""

    code: FaultCode
    what: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of looking at a chain at `now`. path: leaf upwards, as far as signatures lead."""

    now: datetime
    certificates: tuple[Certificate, ...]
    path: tuple[Certificate, ...]
    faults: tuple[Fault, ...]
    anchored: bool


def examine(
    chain: Sequence[bytes],
    host: str,
    now: datetime,
    anchors: Callable[[], Sequence[bytes]],
) -> Examination:
    """Find all faults of a chain as it was sent. anchors is asked once, for it may be slow."""
    certificates = read_all(chain)
    if not certificates:
        return Examination(
            now, (), (), (Fault("malformed", "the server sent no certificate"),), False
        )
    if certificates[0].parsed is None:
        fault = Fault("malformed", "the server's certificate cannot be read")
        return Examination(now, certificates, (), (fault,), False)
    path, anchored = _path(certificates, anchors())
    faults = [*_trust(path, anchored), *_dates(path, now), *_names(path[0], host), *_weak(path)]
    return Examination(now, certificates, path, tuple(faults), anchored)


def _path(
    sent: Sequence[Certificate], anchors: Sequence[bytes]
) -> tuple[tuple[Certificate, ...], bool]:
    """Climb from the leaf by issuers: trust anchors first, then what the server sent."""
    known = frozenset(anchors)
    path = [sent[0]]
    while path[-1].der not in known:
        here = path[-1]
        anchor = _anchor(here, anchors)
        if anchor is not None:
            return (*path, anchor), True
        above = [c for c in sent if c not in path and here.issued_by(c)]
        if not above:
            return tuple(path), False
        path.append(above[0])
    return tuple(path), True


def _anchor(certificate: Certificate, anchors: Sequence[bytes]) -> Certificate | None:
    """The trust anchor that signed this one. Names are compared as octets first: parsing every
    anchor would cost tens of milliseconds."""
    if certificate.parsed is None:
        return None
    wanted = certificate.parsed.issuer.public_bytes()
    likely = (read(der) for der in anchors if wanted in der)
    return next((anchor for anchor in likely if certificate.issued_by(anchor)), None)


def _trust(path: Sequence[Certificate], anchored: bool) -> list[Fault]:
    """Why the path reaches no trust anchor. A leaf that comes alone is most likely one whose
    intermediate was forgotten; where an authority came along, its root is the unknown."""
    if anchored:
        return []
    leaf, top = path[0], path[-1]
    if leaf.self_issued:
        return [Fault("self-signed", f"{leaf.subject} vouches for itself")]
    if len(path) == 1:
        missing = f"{leaf.subject} is signed by {leaf.issuer}, which the server did not send"
        return [Fault("missing-intermediate", missing)]
    unknown = top.subject if top.self_issued else top.issuer
    return [Fault("untrusted-root", f"the chain leads to {unknown}, which nobody here trusts")]


def _dates(path: Sequence[Certificate], now: datetime) -> list[Fault]:
    faults = []
    for certificate in path:
        before, after = certificate.not_before, certificate.not_after
        if after is not None and now > after:
            what = f"{certificate.subject} was valid until {utc(after)}"
            faults.append(Fault("expired", what))
        if before is not None and now < before:
            what = f"{certificate.subject} is valid from {utc(before)} on"
            faults.append(Fault("not-yet-valid", what))
    return faults


def _names(leaf: Certificate, host: str) -> list[Fault]:
    if leaf.name_for(host) is not None:
        return []
    names = ", ".join(leaf.names[:8]) or "no name at all"
    more = " and more" if len(leaf.names) > 8 else ""
    return [Fault("wrong-name", f"the certificate is for {names}{more}, not for {host}")]


def _weak(path: Sequence[Certificate]) -> list[Fault]:
    return [Fault("weak-key", f"{c.subject} has {c.weakness}") for c in path if c.weakness]
