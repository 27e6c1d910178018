"""Chapter 7 on real servers: what was said, whom to believe, and whose time it took."""

import asyncio
import hashlib
import itertools
import select
import socket
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from netlab.experiments.bench import Bench
from netlab.experiments.trace import secure
from netlab.experiments.trace.secure import Anchors, Secured
from netlab.lab.authority import Authority
from netlab.network import tls_messages
from netlab.network.base import JournalEntry
from netlab.network.race import connect
from netlab.network.stream import TcpStream
from tests.experiments.near import Near, Story, bench
from tests.network.tlsserver import HOST, context_for, over_tls, serving, tls_server
from tests.witness import need, output

SOON = 5.0
Body = Callable[[Bench, Secured], Awaitable[None]]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


async def talk(made: Bench, secured: Secured) -> None:
    """Say something and hear it back, so that tickets come, and tell what came."""
    await secured.stream.write(b"x", timeout=SOON)
    await secured.stream.read(timeout=SOON)
    secure.after(made, secured)


async def shake(
    made: Bench,
    address: tuple[str, int],
    anchors: Anchors | None = None,
    body: Body = talk,
    host: str = HOST,
    insecure: bool = False,
    **options: Any,
) -> Secured | str:
    tcp = TcpStream(await connect(address), made.recorder.now)
    try:
        loaded = anchors or secure.load_anchors(made, insecure=insecure)
        outcome = await secure.run(made, tcp, host, loaded, **({"timeout": SOON} | options))
        if isinstance(outcome, Secured):
            await body(made, outcome)
            await outcome.stream.close()
        return outcome
    finally:
        await tcp.close()


def told(
    authority: Authority, address: tuple[str, int], **options: Any
) -> tuple[Story, Secured | str]:
    made = bench(cafile=str(authority.ca_file))
    outcome = asyncio.run(shake(made, address, **options))
    return Story(made), outcome


@pytest.fixture(scope="module")
def good(authority: Authority) -> Story:
    """A handshake without fault, told once for many questions."""
    with tls_server(authority, authority.issue([HOST, "*.example.net"])) as address:
        story, outcome = told(authority, address)
    assert isinstance(outcome, Secured)
    return story


def test_what_was_settled_is_told(good: Story) -> None:
    facts = good.facts()

    assert facts["tls.version"] == "TLS 1.3"
    assert facts["tls.cipher"].startswith("TLS_")
    assert facts["tls.group"]
    assert facts["tls.alpn"] == "h2"
    assert facts["tls.alpn_offered"] == ["h2", "http/1.1"]
    assert facts["tls.sni"] == HOST
    assert facts["tls.verified"] is True
    assert facts["tls.resumed"] is False
    assert facts["tls.ticket"] is True
    assert facts["tls.client"].startswith(("OpenSSL", "LibreSSL", "AWS-LC"))
    assert 0 < facts["tls.verify_time"] < facts["tls.handshake_time"] < SOON


def test_the_chain_is_told_as_sent_and_as_used(good: Story, authority: Authority) -> None:
    facts = good.facts()
    chain = facts["tls.chain"]
    intermediate = authority.intermediate.certificate.public_bytes(Encoding.DER)

    assert [c["role"] for c in chain] == ["leaf", "intermediate"]
    assert chain[0]["names"] == [HOST, "*.example.net"]
    assert chain[0]["key"] == "EC P-256"
    assert chain[1]["sha256"] == hashlib.sha256(intermediate).hexdigest()
    assert facts["tls.chain_used"] == [
        HOST,
        "netlab lab intermediate CA 1",
        "netlab lab root CA",
    ]
    assert facts["tls.anchor"] == "netlab lab root CA"
    assert facts["tls.name_matched"] == HOST
    assert facts["tls.days_left"] == 88
    assert "tls.faults" not in facts


def test_every_message_is_told_in_order_with_its_record(good: Story) -> None:
    titles = [m.title for m in good.messages("tls") if m.title != "ChangeCipherSpec"]

    assert titles[:7] == [
        "ClientHello",
        "ServerHello",
        "EncryptedExtensions",
        "Certificate",
        "CertificateVerify",
        "Finished",
        "Finished",
    ]
    assert set(titles[7:]) == {"NewSessionTicket"}
    assert len(titles) > 7
    carriers = {m.id: m for m in good.messages("tls-record")}
    for message in good.messages("tls"):
        assert message.carrier is not None
        carrier = carriers[message.carrier]
        assert (carrier.sender, carrier.receiver) == (message.sender, message.receiver)
        assert carrier.at == message.at
        inside = message.wire in carrier.wire
        assert inside is (message.wire_form == "on the wire")
        assert message.fields


def test_the_table_of_messages_holds_the_tickets_in_the_end(good: Story) -> None:
    rows = good.facts()["tls.messages"]

    assert [row["name"] for row in rows] == [m.title for m in good.messages("tls")]
    assert all(row["size"] > 0 for row in rows)


def test_every_instant_of_the_handshake_has_an_owner(good: Story) -> None:
    leaves = [leaf for leaf in good.leaves() if leaf.name != "trust anchors"]

    assert all(a.end == b.start for a, b in itertools.pairwise(leaves))
    whole = good.facts()["tls.handshake_time"]
    assert leaves[-1].end - leaves[0].start == whole
    assert sum(leaf.end - leaf.start for leaf in leaves) == pytest.approx(whole)
    assert [leaf.name for leaf in leaves[:2]] == ["make the ClientHello", "wait for the server"]
    assert "check the certificates" in [leaf.name for leaf in leaves]
    assert {leaf.owner for leaf in leaves if leaf.name != "wait for the server"} == {"netlab"}


def test_loading_the_anchors_is_a_line_of_its_own_before_all(good: Story) -> None:
    loading, *handshake = good.leaves()

    assert loading.name == "trust anchors"
    assert loading.owner == "netlab"
    assert loading.end <= handshake[0].start
    assert good.facts()["tls.trust_load_time"] == loading.end - loading.start


def test_a_configured_delay_is_taken_out_of_the_servers_time(authority: Authority) -> None:
    made = bench(cafile=str(authority.ca_file))
    network = made.network
    assert isinstance(network, Near)
    context = context_for(authority.issue([HOST]), authority.directory)

    def held_back(sock: socket.socket) -> None:
        start = time.perf_counter()
        select.select([], [], [], 0.02)
        end = time.perf_counter()
        network.entries.append(JournalEntry(start, "web", "delay", sock.getpeername()[1], end))
        over_tls(context)(sock)

    with serving(held_back) as address:
        asyncio.run(shake(made, address))
    leaves = [leaf for leaf in Story(made).leaves() if leaf.name != "trust anchors"]

    (delay,) = [leaf for leaf in leaves if leaf.owner == "configured delay"]
    assert delay.end - delay.start == pytest.approx(0.02, rel=0.5)
    assert all(a.end == b.start for a, b in itertools.pairwise(leaves))


def test_tls13_is_good(good: Story) -> None:
    assert any("TLS 1.3" in finding.title for finding in good.findings("good"))
    assert good.findings("fault") == good.findings("warning") == []


def test_the_certificate_sub_step_belongs_to_the_chapter(good: Story) -> None:
    assert good.fact("tls.chain").step == "tls.certificate"
    assert good.fact("tls.version").step == "tls"


def test_tls12_tells_its_group_and_that_it_is_old(authority: Authority) -> None:
    context = context_for(authority.issue([HOST]), authority.directory)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ecdh_curve("prime256v1")
    with serving(over_tls(context)) as address:
        story, _ = told(authority, address)

    assert story.facts()["tls.version"] == "TLS 1.2"
    assert story.facts()["tls.group"] == "secp256r1"
    assert "ServerKeyExchange" in [m.title for m in story.messages("tls")]
    assert [f.title.split(":")[0] for f in story.findings("note")] == ["TLS 1.2"]


def test_a_server_that_wants_another_share_costs_a_round_trip(authority: Authority) -> None:
    context = context_for(authority.issue([HOST]), authority.directory)
    context.set_ecdh_curve("secp384r1")
    with serving(over_tls(context)) as address:
        story, _ = told(authority, address)

    assert story.facts()["tls.group"] == "secp384r1"
    titles = [m.title for m in story.messages("tls") if m.title != "ChangeCipherSpec"]
    assert titles[:4] == ["ClientHello", "HelloRetryRequest", "ClientHello", "ServerHello"]
    assert any("another ClientHello" in f.title for f in story.findings("note"))


def test_a_resumed_session_shows_no_certificates(authority: Authority) -> None:
    made = bench(cafile=str(authority.ca_file))

    async def both(address: tuple[str, int]) -> Secured | str:
        anchors = secure.load_anchors(made)
        first = await shake(made, address, anchors)
        assert isinstance(first, Secured)
        again = made.under("again/2/")
        return await shake(again, address, anchors, session=first.stream.session)

    with tls_server(authority, authority.issue([HOST])) as address:
        outcome = asyncio.run(both(address))
    story = Story(made)

    assert isinstance(outcome, Secured)
    assert story.facts()["tls.resumed"] is True
    again = [m.title for m in story.messages("tls") if m.step == "again/2/tls"]
    assert "Certificate" not in again
    assert not any(step.startswith("again/2/tls.certificate") for step in steps(story))
    loads = [p for p in story.leaves() if p.name == "trust anchors"]
    assert len(loads) == 1  # one context per trace


def steps(story: Story) -> set[str]:
    return {str(getattr(record, "step", "")) for record in story.records}


KINDS = ["expired", "not-yet-valid", "wrong-name", "untrusted-root", "self-signed",
         "missing-intermediate"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_certificate_ends_the_journey_and_says_why(
    authority: Authority, kind: Any
) -> None:
    with tls_server(authority, authority.issue([HOST], kind)) as address:
        story, outcome = told(authority, address)
    facts = story.facts()

    assert outcome == facts["tls.error"] == kind
    assert facts["tls.faults"] == [kind]
    assert facts["tls.verified"] is False
    assert facts["tls.verify_error"]
    assert facts["tls.chain"]
    assert "tls.chain_used" not in facts
    assert len(story.findings("fault")) == 1
    assert story.findings("fault")[0].advice
    alerts = [m for m in story.messages("tls") if m.title.startswith("Alert")]
    assert [m.sender for m in alerts] == ["you"]
    assert [leaf.outcome for leaf in story.leaves()][-1] == "failed"


@pytest.mark.parametrize("kind", KINDS)
def test_insecure_goes_on_and_says_what_it_overlooked(authority: Authority, kind: Any) -> None:
    with tls_server(authority, authority.issue([HOST], kind)) as address:
        story, outcome = told(authority, address, insecure=True)
    facts = story.facts()

    assert isinstance(outcome, Secured)
    assert facts["tls.verified"] is False
    assert facts["tls.faults"] == [kind]
    assert facts["tls.version"] == "TLS 1.3"
    assert "tls.error" not in facts
    (warning,) = story.findings("warning")
    assert "--insecure" in warning.title
    assert "would have ended here" in warning.advice


def test_all_faults_of_a_chain_are_told_not_only_the_first(authority: Authority) -> None:
    broken = authority.issue(["elsewhere.example"], "self-signed")
    later = datetime.now(UTC) + timedelta(days=365)
    with tls_server(authority, broken) as address:
        story, outcome = told(authority, address, now=later)

    assert outcome == "self-signed"
    assert story.facts()["tls.faults"] == ["self-signed", "expired", "wrong-name"]
    assert len(story.findings("fault")) == 3
    assert "vouches for itself" in story.findings("fault")[0].title
    assert story.findings("fault")[1].advice.startswith("elsewhere.example was valid until ")


def test_a_certificate_near_its_end_is_noted(authority: Authority) -> None:
    later = datetime.now(UTC) + timedelta(days=69)
    with tls_server(authority, authority.issue([HOST])) as address:
        story, _ = told(authority, address, now=later)

    assert story.facts()["tls.days_left"] == 19
    assert ["expires in 19 days" in f.title for f in story.findings("note")] == [True]


def say(data: bytes) -> Callable[[socket.socket], None]:
    def speak(sock: socket.socket) -> None:
        sock.recv(4096)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(4096):
            pass

    return speak


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "plain-http", "plain HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not-tls", "SSH-2.0-OpenSSH_9.2"),
        (b"\x15\x03\x01\x00\x02\x02\x28", "handshake-failure", "refused"),
        (b"\x15\x03\x01\x00\x02\x02\x70", "alert", "unrecognized_name"),
        (b"", "closed", "closed"),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "malformed", "not proper TLS"),
    ],
)
def test_what_breaks_a_handshake_is_said_in_words(
    authority: Authority, data: bytes, code: str, words: str
) -> None:
    with serving(say(data)) as address:
        story, outcome = told(authority, address)
    (fault,) = story.findings("fault")

    assert outcome == story.facts()["tls.error"] == code
    assert words in fault.title + fault.advice
    assert "tls.version" not in story.facts()


def test_the_servers_alert_is_named(authority: Authority) -> None:
    with serving(say(b"\x15\x03\x01\x00\x02\x02\x28")) as address:
        story, _ = told(authority, address)

    assert story.facts()["tls.alert"] == "handshake_failure"


def test_a_curly_brace_from_a_stranger_changes_no_sentence(authority: Authority) -> None:
    with serving(say(b"220 {0} {host} {x!r}\r\n")) as address:
        story, _ = told(authority, address)

    assert "220 {0} {host} {x!r}" in story.findings("fault")[0].advice


def test_silence_is_a_timeout(authority: Authority) -> None:
    def silent(sock: socket.socket) -> None:
        while sock.recv(4096):
            pass

    with serving(silent) as address:
        story, outcome = told(authority, address, timeout=0.1)

    assert outcome == story.facts()["tls.error"] == "timeout"
    assert [leaf.outcome for leaf in story.leaves()][-1] == "failed"


def test_an_address_is_never_sent_as_a_name(authority: Authority) -> None:
    with tls_server(authority, authority.issue([HOST])) as address:
        story, outcome = told(authority, address, host="127.0.0.1")

    assert outcome == "wrong-name"
    assert "tls.sni" not in story.facts()
    hello = next(m for m in story.messages("tls") if m.title == "ClientHello")
    assert b"127.0.0.1" not in hello.wire


def test_without_the_message_callback_only_records_are_told(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_messages, "CALLBACK", "_gone")
    with tls_server(authority, authority.issue([HOST])) as address:
        story, outcome = told(authority, address)

    assert isinstance(outcome, Secured)
    assert story.messages("tls") == []
    assert len(story.messages("tls-record")) > 2
    assert story.facts()["tls.group"]
    assert [f.advice for f in story.findings("note")] == [tls_messages.CANNOT_SEE]


@pytest.mark.witness
def test_openssl_sees_the_same_connection(authority: Authority) -> None:
    need("openssl")
    with tls_server(authority, authority.issue([HOST])) as address:
        story, _ = told(authority, address)
        said = output(
            ["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", "-servername", HOST,
             "-CAfile", str(authority.ca_file), "-showcerts", "-alpn", "h2,http/1.1"]
        )  # fmt: skip
    facts = story.facts()

    version = facts["tls.version"].replace("TLS ", "TLSv")
    assert f"New, {version}, Cipher is {facts['tls.cipher']}" in said
    assert f"Server Temp Key: {facts['tls.group']}".upper() in said.upper()
    assert f"ALPN protocol: {facts['tls.alpn']}" in said
    assert "Verify return code: 0 (ok)" in said
    sent = said.split("-----BEGIN CERTIFICATE-----")[1:]
    ders = [
        ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERTIFICATE-----" + c.split("-----END")[0] + "-----END CERTIFICATE-----\n"
        )
        for c in sent
    ]
    assert [hashlib.sha256(der).hexdigest() for der in ders] == [
        c["sha256"] for c in facts["tls.chain"]
    ]
