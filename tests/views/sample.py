"""Recordings made by hand, with a clock that the test sets."""

from netlab.recording.recorder import Recorder
from netlab.recording.records import Field, Header, Recording, Value

URL = "https://www.google.com/"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def recorder(network: str = "internet", **header: object) -> Recorder:
    command = ("netlab", "trace", "www.google.com")
    made = Header(
        "2026-11-23T22:00:00.000+00:00",
        command,
        "trace",
        network,
        {"netlab": "0.1", "python": "3.11", "openssl": "OpenSSL 3.0"},
    )
    book = Recorder(made, Clock())
    book.actor("you", "you", "client")
    return book


def facts(book: Recorder, step: str, unit: str | None = None, **values: Value) -> None:
    """Facts by keyword: the first underscore stands for the dot (`tls_version`)."""
    for name, value in values.items():
        book.fact(step, name.replace("_", ".", 1), value, unit)


def dns_question(name: str) -> tuple[bytes, tuple[Field, ...]]:
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"
    wire = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + labels + b"\x00\x01\x00\x01"
    flags = (
        Field("qr", 0, "query", 2, 1, 0, 1),
        Field("opcode", 0, "QUERY", 2, 1, 1, 4),
        Field("rd", 1, "recursion desired", 2, 1, 7, 1),
    )
    question = (
        Field("qname", name, None, 12, len(labels)),
        Field("qtype", 1, "A", 12 + len(labels), 2),
        Field("qclass", 1, "IN", 14 + len(labels), 2),
    )
    fields = (
        Field("id", 0x1234, None, 0, 2),
        Field("flags", None, None, 2, 2, children=flags),
        Field("counts", "1, 0, 0, 0", None, 4, 8),
        Field("question", None, None, 12, len(labels) + 4, children=question),
    )
    return wire, fields


def names(book: Recorder, at: float = 0.0, host: str = "www.google.com", prefix: str = "") -> str:
    step = book.step(f"{prefix}dns.lookup", "DNS, the short way")
    book.actor("resolver", "resolver", "recursive resolver", "127.0.0.53:53")
    wire, fields = dns_question(host)
    for kind, answer, late in (("A", "142.250.76.36", 0.0124), ("AAAA", "2404:6800::2004", 0.013)):
        title = f"{kind} {host}?"
        book.message(step, "you", "resolver", "dns", title, wire, fields, at=at)
        book.message(step, "resolver", "you", "dns", answer, b"\x12\x34\x81\x80", at=at + late)
    book.span(step, "asked for addresses", at, at + 0.0124, "resolver")
    facts(
        book,
        step,
        dns_resolver="127.0.0.53:53",
        dns_resolver_host="127.0.0.53",
        dns_resolver_port=53,
        dns_answers=["142.250.76.36", "2404:6800:400a:80b::2004"],
        dns_rcode="NOERROR",
        dns_flags=["qr", "rd", "ra"],
        dns_transport="udp",
        dns_records=[
            {"name": host, "type": "A", "ttl": 300, "data": "142.250.76.36"},
            {"name": host, "type": "AAAA", "ttl": 300, "data": "2404:6800:400a:80b::2004"},
        ],
    )
    book.fact(step, "dns.rtt", 0.0124, "s")
    book.fact(step, "dns.ttl", 300, "s")
    return step


def transport(book: Recorder, at: float, prefix: str = "") -> str:
    step = book.step(f"{prefix}tcp", "TCP")
    book.actor("server", "server", "web server", "142.250.76.36:443")
    book.span(step, "attempt", at, at + 0.003, "network", "detail", "[2404:6800::2004]:443",
              outcome="failed", note="refused")  # fmt: skip
    book.span(step, "attempt", at + 0.003, at + 0.021, "network", "detail", "142.250.76.36:443")
    book.span(step, "connected", at, at + 0.021, "network")
    facts(book, step, tcp_remote_address="142.250.76.36", tcp_remote_port=443)
    facts(book, step, tcp_local_address="192.168.0.7", tcp_local_port=51724)
    book.fact(step, "tcp.connect_time", 0.018, "s")
    book.fact(step, "tcp.race_delay", 0.25, "s", "configured", note="RFC 8305 §8")
    book.fact(step, "tcp.mss", 1448, "B", "kernel")
    return step


def security(book: Recorder, at: float, prefix: str = "") -> str:
    step = book.step(f"{prefix}tls", "TLS")
    part = book.step(f"{prefix}tls.certificate", "The certificates", parent=step)
    whole = book.span(step, "handshake", at, at + 0.0317, "network")
    book.span(step, "to and fro", at, at + 0.03, "network", parent=whole)
    book.span(part, "certificates checked", at + 0.03, at + 0.0317, "netlab", parent=whole)
    for number in range(6):
        ends = ("you", "server") if number in (0, 5) else ("server", "you")
        titles = ("ClientHello", "ServerHello", "EncryptedExtensions", "Certificate",
                  "CertificateVerify, Finished", "Finished")  # fmt: skip
        book.message(step, *ends, "tls", titles[number], b"\x16\x03\x03", at=at + number * 0.005)
    facts(book, step, tls_version="TLSv1.3", tls_cipher="TLS_AES_256_GCM_SHA384")
    facts(book, step, tls_group="X25519MLKEM768", tls_verified=True, tls_sni="www.google.com")
    facts(book, part, tls_chain=[{"subject": "www.google.com", "issuer": "WR2", "role": "leaf"}])
    return step


def exchange(book: Recorder, at: float, prefix: str = "") -> str:
    step = book.step(f"{prefix}http", "HTTP")
    head = b"GET / HTTP/1.1\r\nHost: www.google.com\r\nCookie: sid=secret\r\n\r\n"
    fields = (
        Field("request line", "GET / HTTP/1.1", None, 0, 16),
        Field("Host", "www.google.com", None, 16, 22),
        Field("Cookie", "sid=secret", None, 38, 20),
    )
    book.message(step, "you", "server", "http", "GET /", head, fields, at=at, plaintext=True)
    book.message(step, "server", "you", "http", "200 OK", b"HTTP/1.1 200 OK\r\n\r\n", at=at + 0.02)
    book.span(step, "request sent", at, at + 0.001, "netlab")
    book.span(step, "waited for the first byte", at + 0.001, at + 0.02, "far end")
    book.span(step, "transfer", at + 0.02, at + 0.031, "network")
    facts(book, step, http_method="GET", http_url=URL, http_version="2", http_status=200)
    facts(book, step, http_reason="OK", http_content_type="text/html")
    facts(book, step, http_headers=[["content-type", "text/html"], ["set-cookie", "sid=secret"]])
    book.fact(step, "http.ttfb", 0.019, "s")
    book.fact(step, "http.transfer_time", 0.011, "s")
    book.fact(step, "http.body_size", 18_432, "B")
    book.fact(step, "http.wire_size", 6_144, "B")
    return step


def journey(book: Recorder, at: float = 0.0, prefix: str = "") -> float:
    """One navigation of 138 ms, 40 of them beside the journey; answers its last instant."""
    step = book.step(f"{prefix}url", "Address bar")
    facts(book, step, url_input="www.google.com", url_kind="url", url_scheme="https")
    facts(book, step, url_host="www.google.com", url_port=443, url_url=URL, url_path="/")
    names(book, at, prefix=prefix)
    walk = book.step(f"{prefix}dns.delegation", "DNS, the long way")
    book.span(walk, "walked from the root", at + 0.0125, at + 0.0525, "netlab", "aside")
    hops: list[Value] = [
        {"zone": zone, "server": f"{server}.example", "address": "198.51.100.4", "rtt": 0.012}
        for zone, server in ((".", "k"), ("com", "a.gtld"), ("google.com", "ns1"))
    ]
    book.fact(walk, "dns.delegation", hops, "s")
    transport(book, at + 0.0525, prefix)
    security(book, at + 0.0736, prefix)
    exchange(book, at + 0.1053, prefix)
    return at + 0.1363


def trace(network: str = "internet", exit: int = 0) -> Recording:
    """The journey of the sketch in the design: good, one note, one fault."""
    book = recorder(network)
    journey(book)
    book.step("journey", "Where the time went")
    book.finding("tls", "good", "TLS 1.3, key agreed with X25519MLKEM768: a recording made today "
                 "stays closed to a quantum computer.")  # fmt: skip
    book.finding("tcp", "note", "IPv6 was tried first and refused after 3 ms; IPv4 won the race.",
                 explain="happy-eyeballs")  # fmt: skip
    if exit:
        book.finding("tls", "fault", "The certificate has expired.", "Look at the clock.")
    return book.finish(exit)


def twice() -> Recording:
    """A redirect, and a second visit."""
    book = recorder()
    end = journey(book)
    end = journey(book, end + 0.001, "2/")
    transport(book, end + 0.002, "again/1/")
    exchange(book, end + 0.03, "again/1/")
    return book.finish()


HOSTILE = (
    "\x1b[31mred\x1b]0;title\x07 \u202eesrever\u202c \x9b31m \x85 \u2028 [bold]markup[/bold] "
    ":smile: \ud800 \u200b <b>&amp;</b> `rm -rf` %s {x} \r\nSet-Cookie: a=b \x00\x7f "
    "%%{init: {}}%% ; end"
)


def hostile() -> Recording:
    """Every text that a network could have supplied, at its worst."""
    book = recorder()
    evil = HOSTILE
    book.actor("evil", evil, evil, evil)
    step = book.step("evil", evil, evil)
    book.step("tcp", evil, "tcp")
    for size in (1, 200):
        book.message(
            step, "evil", "you", evil, evil * size, evil.encode("utf-8", "replace"),
            (Field(evil, evil, evil, 0, 9, children=(Field(evil, [evil, {evil: evil}]),)),),
            at=0.1 * size,
        )  # fmt: skip
        book.fact(step, evil, evil * size, evil, "configured", "evil", evil)
        book.fact("tcp", "tcp.remote_address", evil)
        book.fact("tcp", "tcp.connect_time", evil)
    book.span(step, evil, 0.0, 0.5, "network", lane=evil, note=evil)
    book.span(step, evil, 0.5, 1.0, "netlab", lane=evil + "2", outcome="failed")
    book.series(step, evil, evil, evil, [(0.0, 1.0), (1.0, 2.0)])
    book.finding(step, "fault", evil, evil, explain=evil)
    book.question(step, evil, (evil, evil), 0, evil)
    return book.finish(4)


def hangul() -> Recording:
    """Wide letters wherever text can stand."""
    book = recorder()
    book.actor("resolver", "한국어 해석기", "resolver", "127.0.0.53:53")
    step = book.step("dns.lookup", "이름을 찾는 짧은 길과 그 밖의 여러 가지 이야기")
    for number in range(3):
        title = "한국어로된아주긴도메인이름이여기에있습니다.한국 " * (number + 1)
        book.message(step, "you", "resolver", "dns", title, at=number / 100)
    rows: list[Value] = [
        {"name": "한국.kr", "type": "A", "ttl": 300, "data": "가나다라마바사아자차카타파하" * 3}
    ]
    facts(book, step, dns_records=rows, dns_answers=["192.0.2.1"], url_host="한국.kr")
    book.span(step, "물어보고 기다렸다", 0.0, 0.05, "resolver", lane="첫째 줄")
    book.span(step, "다시 물어보았다", 0.05, 0.06, "network", lane="둘째 줄")
    book.finding(step, "warning", "이름이 길어서 한 줄에 다 들어가지 않습니다. " * 3, "줄이세요.")
    return book.finish()


def generic() -> Recording:
    """An experiment of which no page of content knows."""
    book = recorder()
    step = book.step("pool", "A pool of threads")
    book.fact(step, "workers.count", 4, None, "configured")
    book.fact(step, "workers.busy", {"thread 1": 0.4, "thread 2": 0.2}, "s")
    for number in (1, 2):
        lane = f"thread {number}"
        book.span(step, "running", 0.1 * number, 0.1 * number + 0.2, "netlab", "detail", lane)
        book.span(step, "blocked in recv()", 0.1 * number + 0.2, 0.6, "far end", "detail", lane)
    book.series(step, "poll", "s", "", [(0.0, 0.1), (0.1, 0.3), (0.2, 0.2)])
    book.question(step, "Which is first?", ("thread 1", "thread 2"), 1, "It waits least.")
    return book.finish()
