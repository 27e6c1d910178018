"""Judgements on TLS: what is good, what is old, what is broken, and what to do about it."""

from dataclasses import dataclass, field

from netlab.dissect import tls as dissect
from netlab.network import tls_faults
from netlab.network.tls import Handshake
from netlab.network.tls_verify import Examination, Fault
from netlab.recording.recorder import Recorder
from netlab.recording.records import Severity

HYBRID = "MLKEM"
"""In the name of every group that adds a key exchange which quantum computers do not break."""

SOON = 30
"""Days. Of a certificate's last third, that is when an automatic renewal should have happened."""

CERTIFICATE: dict[str, tuple[str, str]] = {
    "expired": (
        "The certificate of {host} has expired",
        "Whoever runs the server forgot to renew it, or renewed it without loading it into the "
        "server; or this machine's clock is wrong. Look at the date here first.",
    ),
    "not-yet-valid": (
        "The certificate of {host} is not valid yet",
        "It was made too early, or this machine's clock is behind. Look at the date here first.",
    ),
    "wrong-name": (
        "The certificate is not for {host}",
        "You reached another server, or the site was set up without this name. Look which names "
        "it has, and whether the address is the right one.",
    ),
    "untrusted-root": (
        "The chain leads to a root that this machine does not trust",
        "A private authority, or somebody in between who reads along (a company's proxy, a virus "
        "scanner). If it is your own authority, give its root with --cacert.",
    ),
    "self-signed": (
        "The certificate vouches for itself",
        "Nobody else does: a test server, a device on your network, or an impostor. If it is your "
        "own, compare its SHA-256 and give it with --cacert.",
    ),
    "missing-intermediate": (
        "The server left out a certificate between its own and a root",
        "Browsers often find it elsewhere, so its owner does not notice; most programs cannot. "
        "The server should send the whole chain but the root. If the issuer is a private "
        "authority of yours, its root is what is missing here: give it with --cacert.",
    ),
    "weak-key": (
        "A key or signature of the chain is too weak",
        "RSA below 2048 bits and signatures with SHA-1 or MD5 can be forged. It needs a new one.",
    ),
    "malformed": (
        "The server's certificate cannot be read",
        "What it sent is no X.509 certificate: a broken server, or something in between.",
    ),
    "wrong-purpose": (
        "The certificate was issued for another purpose",
        "It may not identify a server (extended key usage, RFC 5280 §4.2.1.12).",
    ),
    "revoked": ("The certificate was revoked", "Its authority took it back. Do not go on."),
    "certificate": (
        "The certificate could not be trusted",
        "Look at the chain above, and at what OpenSSL says of it.",
    ),
}

HANDSHAKE: dict[str, tuple[str, str]] = {
    "plain-http": (
        "The server answered TLS in plain HTTP",
        "This port speaks no TLS: a web server set up without it, or the wrong port. Try http:// "
        "with the same port.",
    ),
    "not-tls": (
        "What answered is not TLS",
        "Another protocol lives on this port; its first line was: {line}",
    ),
    "handshake-failure": (
        "The server refused the handshake",
        "It found nothing in the ClientHello that it could agree to (cipher suites, groups, "
        "signatures), or it does not serve this name. Its own log says which.",
    ),
    "protocol-version": (
        "The two sides share no version of TLS",
        "netlab offers TLS 1.2 and 1.3; the server wants another, most likely an old one that "
        "browsers have given up as well (RFC 8996).",
    ),
    "weak-key": (
        "What the server offers is too weak",
        "This machine's OpenSSL refuses keys and ciphers below its security level.",
    ),
    "alert": (
        "The server ended the handshake with the alert {alert}",
        "The name of the alert is its whole explanation (RFC 8446 §6.2); its own log may say more.",
    ),
    "timeout": (
        "The server never finished the handshake",
        "The connection stands, so a system is there: its service hangs, is overloaded, or waits "
        "for another protocol to speak first. Try the port with another client.",
    ),
    "closed": (
        "The server closed the connection in the middle of the handshake",
        "Without an alert it does not say why: a service that speaks no TLS, one that does not "
        "serve this name, or a firewall that read the name (SNI).",
    ),
    "reset": (
        "The connection was reset in the middle of the handshake",
        "By the server, or by something in between that does not want it. Try from another "
        "network to learn which.",
    ),
    "malformed": (
        "What the server sent is not proper TLS",
        "A broken server or a device in between. openssl s_client -msg shows how far it gets.",
    ),
}


@dataclass(slots=True)
class Negotiated:
    """What a handshake settled on. ids: of the facts that say so."""

    version: str
    cipher: str
    group: str | None
    resumed: bool
    ids: list[str] = field(default_factory=list)


def alert_name(alert: bytes) -> str:
    """What RFC 8446 §6 calls the alert."""
    for part in dissect.alert(alert):
        if part.name == "description":
            return part.meaning or f"number {part.value}"
    return "unreadable"


def judge_failure(
    recorder: Recorder, step: str, code: str, host: str, result: Handshake, verdict: Examination
) -> None:
    """One finding for why the handshake failed, and one for each further fault of the chain."""
    if verdict.faults and code in CERTIFICATE:
        # OpenSSL's verdict first, then what it did not come to.
        for fault in sorted(verdict.faults, key=lambda fault: fault.code != code):
            _fault(recorder, step, "fault", fault, host)
        return
    title, advice = HANDSHAKE.get(code) or CERTIFICATE[code]
    line = (tls_faults.plain_text(result) or b"").decode("ascii", "backslashreplace")[:80]
    alert = tls_faults.alert(result)
    named = alert_name(alert) if alert else ""
    recorder.finding(
        step,
        "fault",
        title.format(host=host, alert=named),
        advice.replace("{line}", line),
        explain="tls",
    )


def judge_success(
    recorder: Recorder,
    step: str,
    agreed: Negotiated,
    verified: bool,
    verdict: Examination,
    result: Handshake,
) -> None:
    if not verified:
        _unverified(recorder, step, verdict)
    _version(recorder, step, agreed)
    _exchange(recorder, step, agreed)
    if verified:
        for fault in verdict.faults:
            if fault.code == "weak-key":
                _fault(recorder, step, "warning", fault, "")
        _lifetime(recorder, step, verdict)
    hellos = [m for m in result.log.messages if m.direction == "sent" and m.type == 1]
    if len(hellos) > 1:
        recorder.finding(
            step,
            "note",
            "The server asked for another ClientHello: one more round trip",
            "It wanted a key share of a group that was offered without one (HelloRetryRequest, "
            "RFC 8446 §4.1.4).",
            explain="key-exchange",
        )


def _fault(recorder: Recorder, step: str, severity: Severity, fault: Fault, host: str) -> None:
    title, advice = CERTIFICATE[fault.code]
    recorder.finding(
        step, severity, title.format(host=host), f"{_sentence(fault.what)} {advice}",
        explain="tls.certificate",
    )  # fmt: skip


def _sentence(what: str) -> str:
    """A sentence begins with a capital, but for the name of a host or of an authority."""
    return f"{what[:1].upper()}{what[1:]}." if what.startswith("the ") else f"{what}."


def _unverified(recorder: Recorder, step: str, verdict: Examination) -> None:
    """Checking was off. What checking would have said is told all the same."""
    wrong = "; ".join(fault.what for fault in verdict.faults)
    recorder.finding(
        step,
        "warning",
        "Nobody proved to be the server: checking its certificate was off (--insecure)",
        f"With checking on, this would have ended here: {wrong}." if wrong else
        "Its certificate would have passed, as far as netlab's own look can tell.",
        explain="tls.certificate",
    )  # fmt: skip


def _version(recorder: Recorder, step: str, agreed: Negotiated) -> None:
    if agreed.version == "TLS 1.3":
        recorder.finding(
            step, "good", "TLS 1.3: one round trip, and the certificates travel encrypted",
            facts=tuple(agreed.ids[:1]), explain="tls",
        )  # fmt: skip
        return
    recorder.finding(
        step,
        "note",
        f"{agreed.version}: two round trips, and the certificates travel readable",
        "TLS 1.3 (RFC 8446) needs one and hides them. The server could offer it.",
        tuple(agreed.ids[:1]),
        "tls",
    )


def _exchange(recorder: Recorder, step: str, agreed: Negotiated) -> None:
    if agreed.group is not None and HYBRID in agreed.group.upper():
        recorder.finding(
            step, "good",
            f"{agreed.group}: what is recorded today stays closed to tomorrow's quantum computers",
            facts=tuple(agreed.ids[1:]), explain="key-exchange",
        )  # fmt: skip
    old = agreed.version == "TLS 1.2" and not agreed.resumed
    if old and not agreed.cipher.startswith(("ECDHE", "DHE")):
        recorder.finding(
            step,
            "warning",
            "No forward secrecy: the key was sent under the certificate's own key",
            "Who records this and steals the server's key later can read it all. The server "
            "should prefer ECDHE.",
            tuple(agreed.ids[:1]),
            "key-exchange",
        )


def _lifetime(recorder: Recorder, step: str, verdict: Examination) -> None:
    """Certificates that live for days are always close to their end: only the last third counts."""
    leaf = verdict.certificates[0] if verdict.certificates else None
    if leaf is None or leaf.not_after is None or leaf.not_before is None:
        return
    left = (leaf.not_after - verdict.now).total_seconds()
    whole = (leaf.not_after - leaf.not_before).total_seconds()
    if left < SOON * 86400 and left * 3 < whole:
        recorder.finding(
            step,
            "note",
            f"The certificate expires in {int(left // 86400)} days",
            "If it renews itself, that should have happened by now.",
            explain="tls.certificate",
        )
