"""Chapter 7: TLS on the connection that won, message by message, and whose time it took."""

import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from netlab.addresses import endpoint
from netlab.dissect import tls as dissect
from netlab.errors import NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.delays import Span, split_delays, waits
from netlab.experiments.trace import secure_certificates, secure_findings
from netlab.experiments.trace.secure_messages import Teller
from netlab.network import tls_faults, trust
from netlab.network.stream import TcpStream
from netlab.network.tls import Handshake, Segment, TlsStream, handshake
from netlab.network.tls_faults import ErrorCode
from netlab.network.tls_messages import CANNOT_SEE
from netlab.network.trust import ALPN_OFFERED, Trust
from netlab.recording.records import Owner

VERSIONS = {"TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}
SERVER_HELLO, CERTIFICATE, SERVER_KEY_EXCHANGE = 2, 11, 12


@dataclass(slots=True)
class Anchors:
    """The one context of a trace. told: whether its loading stands in the recording."""

    trust: Trust
    alpn: tuple[str, ...]
    told: bool = False


@dataclass(slots=True)
class Secured:
    """An established connection. `stream.session` is what a later one may resume, once something
    was read from it; only a stream of the same Anchors can."""

    stream: TlsStream
    alpn: str | None
    verified: bool
    step: str
    teller: Teller


def load_anchors(
    bench: Bench, *, insecure: bool = False, alpn: Sequence[str] = ALPN_OFFERED
) -> Anchors:
    """Build the context before any connection's clock starts; once per trace.

    Raises NetlabError when the network's file of anchors cannot be used.
    """
    try:
        loaded = trust.load(
            bench.recorder.now, bench.network.cafile, insecure=insecure, alpn=tuple(alpn)
        )
    except OSError as error:  # ssl.SSLError is one
        raise NetlabError(
            "The file of trust anchors cannot be used.",
            where="before TLS",
            cause=str(error),
            advice="--cacert and SSL_CERT_FILE want a PEM file with certificates.",
        ) from None
    return Anchors(loaded, tuple(alpn))


async def run(
    bench: Bench,
    stream: TcpStream,
    host: str,
    anchors: Anchors,
    *,
    timeout: float,
    session: ssl.SSLSession | None = None,
    trip: float = 0.0,
    server: str = "server",
    now: datetime | None = None,
) -> Secured | ErrorCode:
    """Shake hands with `host` over `stream`, or say in one word why not; then it is closed.

    session: of an earlier stream, to resume. trip: seconds of a round trip. now: by whose calendar
    certificates are judged.
    """
    recorder = bench.recorder
    step = bench.step("tls", "TLS")
    port = stream.sock.getsockname()[1]
    name = host.rstrip(".")  # no final dot in SNI (RFC 6066 §3), nor in certificates
    _tell_anchors(bench, step, anchors)
    with recorder.phase(step, "TLS handshake", "network") as opened:
        result = await handshake(stream, anchors.trust, name, session=session, timeout=timeout)
        if result.stream is None:
            opened.outcome = "failed"
    delays = await _delays(bench, step, port)
    _leaves(bench, step, opened.id, result, delays, trip)
    teller = Teller(recorder, step, result, opened.id, server)
    teller.tell()
    _settings(bench, step, name, stream, anchors)
    examination = secure_certificates.tell(
        bench, name, anchors.trust, result, now or datetime.now(UTC)
    )
    if result.stream is None:
        code = tls_faults.classify(result, examination.faults)
        await stream.close()
        _failure(bench, step, name, code, result)
        secure_findings.judge_failure(recorder, step, code, name, result, examination)
        return code
    return _success(bench, step, result, result.stream, anchors, teller, examination)


def after(bench: Bench, secured: Secured) -> None:
    """Tell what TLS said beside the application's data: the server's tickets come that late."""
    secured.teller.tell()
    secured.teller.list_messages()
    bench.recorder.fact(
        secured.step, "tls.ticket", secured.stream.session is not None,
        note="tickets come after the handshake, with the first octets of an answer",
    )  # fmt: skip


def _tell_anchors(bench: Bench, step: str, anchors: Anchors) -> None:
    trusted = anchors.trust
    recorder = bench.recorder
    recorder.fact(step, "tls.trust_store", trusted.store, origin="configured")
    if anchors.told:
        return
    anchors.told = True
    count = "" if trusted.count is None else f"{trusted.count} of them"
    recorder.span(step, "trust anchors", trusted.start, trusted.end, "netlab", note=count)
    recorder.fact(step, "tls.trust_load_time", trusted.load_time, "s")
    if trusted.count is not None:
        recorder.fact(step, "tls.trust_anchors", trusted.count)


async def _delays(bench: Bench, step: str, port: int) -> list[Span]:
    """When the lab's server held its answers back, as it was set to; nothing on the internet."""
    start = bench.recorder.now()
    entries = await bench.network.journal()
    if entries:
        end = bench.recorder.now()
        bench.recorder.span(step, "ask the lab what it did", start, end, "netlab", "aside")
    return waits(bench.recorder, entries, (port,))


def _leaves(
    bench: Bench, step: str, parent: str, result: Handshake, delays: Sequence[Span], trip: float
) -> None:
    """The journey's leaves: every instant of the handshake has an owner. trip: seconds of each
    wait for the server that are the network's, one round trip."""
    for index, segment in enumerate(result.segments):
        for name, owner, start, end in _pieces(result, index, segment):
            failed = result.error is not None and end == result.segments[-1].end
            split_delays(
                bench.recorder, step, name, start, end, owner,
                delays if segment.kind == "wait" else (),
                parent=parent, outcome="failed" if failed else "done",
                trip=trip if segment.kind == "wait" else 0.0,
            )  # fmt: skip


def _pieces(
    result: Handshake, index: int, segment: Segment
) -> Iterator[tuple[str, Owner, float, float]]:
    """A segment, cut where OpenSSL checks the certificates: from the Certificate message to
    whatever comes next, for these two are parsed without a wait between them."""
    if segment.kind == "wait":
        yield "wait for the server", "far end", segment.start, segment.end
        return
    checked = verification(result)
    if checked and segment.start <= checked[0] and checked[1] <= segment.end:
        yield "read the server's answer", "netlab", segment.start, checked[0]
        yield "check the certificates", "netlab", *checked
        yield "finish the handshake", "netlab", checked[1], segment.end
    elif index == 0:
        yield "make the ClientHello", "netlab", segment.start, segment.end
    else:
        yield "read and answer", "netlab", segment.start, segment.end


def verification(result: Handshake) -> tuple[float, float] | None:
    """From when to when OpenSSL checked the chain, as far as the messages show it."""
    messages = result.log.messages
    for index, message in enumerate(messages):
        if message.direction == "received" and message.type == CERTIFICATE:
            following = [m.parsed for m in messages[index + 1 :]]
            return message.parsed, following[0] if following else result.segments[-1].end
    return None


def _settings(bench: Bench, step: str, host: str, stream: TcpStream, anchors: Anchors) -> None:
    recorder = bench.recorder
    address = stream.sock.getpeername() if stream.sock.fileno() != -1 else ("", 0)
    if not _is_address(host):
        recorder.fact(step, "tls.sni", host, origin="configured")
    recorder.fact(step, "tls.alpn_offered", list(anchors.alpn), origin="configured")
    recorder.fact(step, "tls.dialled", endpoint(address[0], address[1]), origin="kernel")
    recorder.fact(
        step, "tls.client", " ".join(ssl.OPENSSL_VERSION.split()[:2]), origin="configured",
        note="a browser's ClientHello differs: GREASE, another order, perhaps other shares and ECH",
    )  # fmt: skip


def _is_address(host: str) -> bool:
    """Addresses are never sent as SNI (RFC 6066 §3)."""
    return ":" in host or host.replace(".", "").isdigit()


def _failure(bench: Bench, step: str, host: str, code: ErrorCode, result: Handshake) -> None:
    recorder = bench.recorder
    recorder.fact(step, "tls.error", code, origin="computed")
    recorder.fact(step, "tls.verified", False)
    alert = tls_faults.alert(result)
    if alert is not None:
        recorder.fact(step, "tls.alert", secure_findings.alert_name(alert), origin="captured")
    if isinstance(result.error, ssl.SSLCertVerificationError):
        recorder.fact(step, "tls.verify_error", result.error.verify_message)


def _success(
    bench: Bench,
    step: str,
    result: Handshake,
    stream: TlsStream,
    anchors: Anchors,
    teller: Teller,
    examination: secure_certificates.Verdict,
) -> Secured:
    recorder = bench.recorder
    verified = not anchors.trust.insecure
    facts = _negotiated_facts(bench, step, result, stream)
    recorder.fact(step, "tls.verified", verified)
    if not verified and examination.faults:
        told = "; ".join(fault.what for fault in examination.faults)
        recorder.fact(step, "tls.verify_error", told, origin="computed")
    secure_findings.judge_success(recorder, step, facts, verified, examination, result)
    return Secured(stream, stream.alpn, verified, step, teller)


def _negotiated_facts(
    bench: Bench, step: str, result: Handshake, stream: TlsStream
) -> secure_findings.Negotiated:
    """What both sides settled on, by OpenSSL's word and the ServerHello's."""
    recorder, connection = bench.recorder, stream.connection
    version = connection.version() or ""
    cipher = connection.cipher()
    agreed = secure_findings.Negotiated(
        version=VERSIONS.get(version, version),
        cipher=cipher[0] if cipher else "",
        group=group(result),
        resumed=bool(connection.session_reused),
    )
    agreed.ids.append(recorder.fact(step, "tls.version", agreed.version))
    recorder.fact(step, "tls.cipher", agreed.cipher)
    if agreed.group is not None:
        agreed.ids.append(recorder.fact(step, "tls.group", agreed.group, origin="captured"))
    recorder.fact(step, "tls.alpn", stream.alpn)
    recorder.fact(step, "tls.resumed", agreed.resumed)
    recorder.fact(
        step, "tls.handshake_time", result.end - result.start, "s",
        note="from the first octet made to Finished handed over; the server has not checked it yet",
    )  # fmt: skip
    checked = verification(result)
    if checked:
        recorder.fact(
            step, "tls.verify_time", checked[1] - checked[0], "s", origin="computed",
            note="from the Certificate message to the next one",
        )  # fmt: skip
    if not result.log.visible:
        recorder.finding(step, "note", "The handshake's messages could not be seen", CANNOT_SEE)
    return agreed


def group(result: Handshake) -> str | None:
    """The key-exchange group. Python has no word for it up to 3.14, so it is read off the last
    ServerHello (TLS 1.3) or ServerKeyExchange (1.2)."""
    received = [m for m in result.log.messages if m.direction == "received"]
    exchanges = [m.data for m in received if m.type == SERVER_KEY_EXCHANGE]
    if exchanges:
        return dissect.key_exchange_group(exchanges[-1])
    hellos = [m.data for m in received if m.type == SERVER_HELLO]
    if not hellos and not result.log.visible:
        hellos = [_first_message(tls_faults.received(result))]
    return dissect.negotiated(hellos[-1]).group if hellos else None


def _first_message(octets: bytes) -> bytes:
    """What the first record carries, for a Python that does not show messages."""
    return octets[5 : 5 + int.from_bytes(octets[3:5], "big")]
