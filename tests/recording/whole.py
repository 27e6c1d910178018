"""A recording with one record of every kind, each attribute set."""

from netlab.recording.records import (
    Actor,
    Fact,
    Field,
    Finding,
    Header,
    Message,
    Phase,
    Question,
    Recording,
    Series,
    Step,
)

HEADER = Header(
    "2026-11-23T22:00:00.000+09:00",
    ("netlab", "trace", "한국.kr"),
    "trace",
    "internet",
    {"netlab": "0.1"},
    ("cookies",),
    4,
    1.5,
)

RECORDS = (
    Actor("you", "you", "client", None),
    Actor("server", "서버", "web server", "203.0.113.10:443"),
    Step("tls", "tls", "TLS"),
    Step("tls.certificate", "tls.certificate", "The certificates", "tls"),
    Phase("p1", "tls", "handshake", 0.0, 0.5, "cut", "far end", "detail", "server", "p0", "slow"),
    Message(
        "m1", "tls", 0.25, "you", "server", "tls", "ClientHello",
        (Field("type", 1, "client_hello", 0, 1, 0, 8, (Field("deep", [None, True, {"a": 1.5}]),)),),
        b"\x16\x03\x01", 517, "plaintext", ((1, 2),), "m0", False,
    ),
    Fact("f1", "tls", "tls.version", "TLSv1.3", None, "computed", "you", "RFC 8446"),
    Series("tls", "latency", "s", "a", ((0.0, 1.0), (1.0, 2.5))),
    Finding("tls", "good", "fine", "carry on", ("f1",), "tls"),
    Question("tls", "which?", ("this", "that"), 1, "because"),
)  # fmt: skip

WHOLE = Recording(HEADER, RECORDS)
