"""The certificates of chapter 7: the chain as sent and as used, and all that is wrong with it."""

from collections.abc import Sequence
from datetime import datetime

from netlab.experiments.bench import Bench
from netlab.network import tls_chain
from netlab.network.tls import Handshake
from netlab.network.tls_certificates import Certificate, read_all, utc
from netlab.network.tls_verify import Examination, examine
from netlab.network.trust import Trust
from netlab.recording.records import Value

Verdict = Examination


def tell(bench: Bench, host: str, trusted: Trust, result: Handshake, now: datetime) -> Verdict:
    """Open `tls.certificate` and tell the chain. No certificate came: nothing is told."""
    connection = result.connection
    resumed = result.stream is not None and bool(connection.session_reused)
    chain = () if resumed else tls_chain.sent(connection)
    if not chain:
        return Examination(now, (), (), (), False)
    step = bench.step("tls.certificate", "The certificates", "tls")
    verified = result.stream is not None and not trusted.insecure
    used = tls_chain.used(connection) if verified else ()
    with bench.recorder.phase(step, "look at the chain", "netlab", "aside"):
        # On a chain that OpenSSL verified its own anchor is the only one to look at.
        anchors = (lambda: used[-1:]) if used else trusted.anchors
        verdict = examine(chain, host, now, anchors)
    _chain_facts(bench, step, verdict.certificates, now)
    _judgement_facts(bench, step, host, verdict)
    _used_facts(bench, step, read_all(used))
    return verdict


def _chain_facts(
    bench: Bench, step: str, certificates: Sequence[Certificate], now: datetime
) -> None:
    recorder = bench.recorder
    rows: list[Value] = [_row(index, c) for index, c in enumerate(certificates)]
    recorder.fact(step, "tls.chain", rows, origin="captured")
    leaf = certificates[0]
    if leaf.not_before is None or leaf.not_after is None:
        return
    recorder.fact(step, "tls.not_before", utc(leaf.not_before), origin="captured")
    recorder.fact(step, "tls.not_after", utc(leaf.not_after), origin="captured")
    recorder.fact(
        step, "tls.days_left", int((leaf.not_after - now).total_seconds() // 86400),
        origin="computed", note="by this machine's calendar",
    )  # fmt: skip


def _row(index: int, certificate: Certificate) -> Value:
    role = "intermediate"
    if index == 0:
        role = "leaf"
    elif certificate.self_issued:
        role = "root"
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "names": list(certificate.names),
        "not_before": utc(certificate.not_before),
        "not_after": utc(certificate.not_after),
        "key": certificate.key,
        "signature": certificate.signature,
        "sha256": certificate.sha256,
        "role": role,
    }


def _judgement_facts(bench: Bench, step: str, host: str, verdict: Verdict) -> None:
    recorder = bench.recorder
    matched = verdict.certificates[0].name_for(host)
    if matched is not None:
        recorder.fact(
            step, "tls.name_matched", matched, origin="computed",
            note="by subjectAltName (RFC 9525 §6.3)",
        )  # fmt: skip
    codes: list[Value] = list(dict.fromkeys(fault.code for fault in verdict.faults))
    if codes:
        recorder.fact(step, "tls.faults", codes, origin="computed", note="netlab's own look")


def _used_facts(bench: Bench, step: str, used: Sequence[Certificate]) -> None:
    if used:
        subjects: list[Value] = [certificate.subject for certificate in used]
        bench.recorder.fact(step, "tls.chain_used", subjects)
        bench.recorder.fact(step, "tls.anchor", used[-1].subject)
