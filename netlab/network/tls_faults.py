"""Naming what broke a handshake, from the error and from what was really received."""

import ssl
from collections.abc import Sequence
from typing import Literal

from netlab.network.tls import EndOfStream, Handshake
from netlab.network.tls_verify import Fault, FaultCode

ErrorCode = (
    FaultCode
    | Literal[
        "plain-http", "not-tls", "handshake-failure", "protocol-version", "alert",
        "timeout", "closed", "reset",
    ]
)  # fmt: skip

VERIFY_CODES: dict[int, FaultCode] = {
    9: "not-yet-valid",
    10: "expired",
    18: "self-signed",
    19: "untrusted-root",
    20: "missing-intermediate",
    21: "missing-intermediate",
    23: "revoked",
    26: "wrong-purpose",
    62: "wrong-name",
    64: "wrong-name",
    66: "weak-key",
    67: "weak-key",
    68: "weak-key",
}
"""OpenSSL's X509_V_ERR numbers, as our codes."""

NO_TRUST = ("self-signed", "untrusted-root", "missing-intermediate")

ALERTS: dict[int, ErrorCode] = {40: "handshake-failure", 70: "protocol-version", 71: "weak-key"}
"""Alert descriptions (RFC 8446 §6.2) with a code of their own."""

TLS_CONTENT_TYPES = range(20, 25)
RECORD_ALERT = 21


def received(result: Handshake) -> bytes:
    """What came from the server since TLS began, as far as it was kept."""
    return result.wire.data("received", result.base[1])


def plain_text(result: Handshake) -> bytes | None:
    """The first line that came, where the other side does not speak TLS but text."""
    line = received(result)[:256].partition(b"\n")[0].rstrip(b"\r")
    if not line or line[0] in TLS_CONTENT_TYPES:
        return None
    printable = sum(32 <= octet < 127 for octet in line)
    return line if printable >= len(line) * 0.9 else None


def alert(result: Handshake) -> bytes | None:
    """The alert that the server sent, or None; read off its record where messages are hidden."""
    for message in reversed(result.log.messages):
        if message.kind == "alert" and message.direction == "received":
            return message.data[:2]
    start = received(result)[:7]
    clear = len(start) == 7 and start[0] == RECORD_ALERT and start[3:5] == b"\x00\x02"
    return start[5:7] if clear else None


def classify(result: Handshake, faults: Sequence[Fault] = ()) -> ErrorCode:
    """The one word for why this handshake failed. faults: what our own look at the chain found."""
    error = result.error
    line = plain_text(result)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate(error.verify_code, faults)
    if line is not None:
        return "plain-http" if line.startswith(b"HTTP/") else "not-tls"
    if isinstance(error, TimeoutError):
        return "timeout"
    told = alert(result)
    if told is not None:
        return ALERTS.get(told[1], "alert")
    if isinstance(error, EndOfStream):
        return "closed"
    if isinstance(error, ssl.SSLError):
        return _reason(error.reason or "")
    return "reset"


def _certificate(verify_code: int, faults: Sequence[Fault]) -> ErrorCode:
    """OpenSSL's verdict; which kind of missing trust it is, we can tell more exactly: "unable to
    get local issuer" (20) stands for a foreign root as for a forgotten intermediate."""
    found = [fault.code for fault in faults]
    verdict = VERIFY_CODES.get(verify_code, found[0] if found else "certificate")
    if verdict in NO_TRUST:
        return next((code for code in found if code in NO_TRUST), verdict)
    return verdict


def _reason(reason: str) -> ErrorCode:
    """OpenSSL's own words, for what this side refused."""
    if reason in ("UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION"):
        return "protocol-version"
    if reason.endswith(("_TOO_SMALL", "_TOO_WEAK")):
        return "weak-key"
    return "malformed"
