"""Chapter 8: one GET over a connection that is open, and when each part of it took place.

Between the clock's start and its end only httpcore works; messages are dissected afterwards,
aside. `http.ttfb` runs from the last octet of the request written to the read that brought the
first octet of the final response (its status line or HEADERS): SETTINGS, session tickets and
interim responses (1xx) come before it and do not count.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.trace import consequences
from netlab.experiments.trace.asking import Validators, request_headers
from netlab.experiments.trace.exchangetime import (
    Spans,
    Timing,
    delays_within,
    local_port,
    timing_of,
    write_phases,
)
from netlab.experiments.trace.options import Options
from netlab.experiments.trace.spoken import Marks, Place, Transcript
from netlab.experiments.trace.typed import Typed
from netlab.network.http import Answer, Client, Code
from netlab.network.stream import Stream
from netlab.recording.records import Origin, Severity, Value

FAULTS: dict[Code, tuple[Severity, str, str]] = {
    "garbage": ("fault", "What came back is not HTTP.",
                "Another service may listen on this port: see what nc or openssl s_client get."),
    "closed": ("fault", "The server closed the connection without an answer.",
               "Ask again; if it stays so, look at the server's logs, or at a proxy before it."),
    "reset": ("fault", "The server broke the exchange off (reset).",
              "A crash, a limit or a firewall does that: try --http1.1, then the server's logs."),
    "timeout": ("fault", "The server took the request and gave no answer in time.",
                "It is up, but busy or stuck: give it longer with --max-time, or see its logs."),
    "slow": ("warning", "The answer came too slowly to be finished in time.",
             "Give it longer with --max-time; if it drips, the server or the path is overloaded."),
    "too-large-headers": ("fault", "The header of the answer is beyond every limit.",
                          "Browsers stop at about 256 KiB: often cookies pile up in a loop."),
    "cut-body": ("fault", "The connection ended in the middle of the body.",
                 "The server crashed, or something on the way cut it: compare its logs."),
    "bad-encoding": ("fault", "The body is not packed as its Content-Encoding says.",
                     "Ask without packing: -H 'Accept-Encoding: identity' shows what is there."),
    "endless-body": ("warning", "The body goes on beyond what netlab reads (4 MiB).",
                     "A large file is no fault; for a page, it is one. curl --max-filesize helps."),
    "tls": ("fault", "TLS broke off in the middle of the exchange.",
            "Under TLS 1.3 a server that wants a client certificate refuses only now."),
}  # fmt: skip


@dataclass(slots=True)
class Session:
    """A connection with HTTP on it, for one exchange after another."""

    client: Client
    transcript: Transcript

    @classmethod
    def over(cls, stream: Stream, typed: Typed) -> "Session":
        client = Client(stream, typed.scheme, typed.host, typed.port)
        return cls(client, Transcript(stream))


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How it went. kept: whether, at its end, the connection could carry another request.

    facts: ids of the chapter's facts, by the last part of their name.
    """

    session: Session
    typed: Typed
    step: str
    answer: Answer
    marks: Marks
    start: float
    end: float
    sent: tuple[tuple[str, str], ...]
    kept: bool
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def error(self) -> Code | None:
        return None if self.answer.fault is None else self.answer.fault.code

    @property
    def location(self) -> str | None:
        """Where a redirect leads, as the server wrote it; None when this is not one."""
        moved = self.status in consequences.REDIRECTS
        return self.answer.header("location") if moved and self.error is None else None

    @property
    def content_type(self) -> str | None:
        return self.answer.header("content-type")

    @property
    def validators(self) -> Validators:
        return Validators(self.answer.header("etag"), self.answer.header("last-modified"))


async def run(
    bench: Bench,
    stream: Stream,
    typed: Typed,
    options: Options,
    deadline: float,
    rtt: float | None = None,
    validators: Validators | None = None,
    session: Session | None = None,
    redirects: Sequence[Mapping[str, Value]] = (),
    server: str = "server",
    verified: bool = True,
) -> Exchanged:
    """Write chapter 8. deadline: seconds that are left. session: of an earlier exchange on stream.

    redirects: those that led here, written down where they end. verified: whether the certificate
    was found good. Never raises for what the server does: see `Exchanged.error`.
    """
    step = bench.step("http", "HTTP")
    sent = request_headers(typed, options.headers, validators)
    session = Session.over(stream, typed) if session is None else session
    bench.recorder.actor("you", "your machine", "client")
    bench.recorder.actor(server, typed.host, "web server")
    port = local_port(stream)
    with bench.recorder.phase(step, "request and answer", "far end") as exchange:
        start = bench.recorder.now()
        answer = await session.client.get(typed.request_target, sent, deadline)
        end = bench.recorder.now()
        if answer.fault is not None:
            exchange.outcome = "failed"
    with bench.recorder.phase(step, "dissection", "netlab", path="aside"):
        marks = session.transcript.write(Place(bench, step, server, typed.scheme == "https"))
        timing = timing_of(marks, start, end)
        delays = await delays_within(bench, port, timing)
        write_phases(bench, step, exchange.id, timing, delays, answer, rtt)
        facts = _write(bench, step, typed, answer, marks)
        facts |= _times(bench, step, timing, delays, rtt, answer)
        if answer.status and not (answer.status in consequences.REDIRECTS and options.follow):
            led = [dict(redirect) for redirect in redirects]
            facts["redirects"] = bench.recorder.fact(step, "http.redirects", [*led])
        if answer.fault is not None:
            _judge(bench, step, answer.fault.code, facts)
        if answer.status:
            consequences.run(bench, step, typed, answer, facts, time.time(), verified)
    kept = answer.fault is None and not marks.goaway and session.client.open
    return Exchanged(session, typed, step, answer, marks, start, end, sent, kept, facts)


def exit_of(code: Code) -> Exit:
    """How a command ends when its exchange broke like this."""
    if code in ("timeout", "slow"):
        return Exit.TIMEOUT
    return Exit.TLS if code == "tls" else Exit.HTTP


def _write(bench: Bench, step: str, typed: Typed, answer: Answer, marks: Marks) -> dict[str, str]:
    """What was asked and what was said; answers the facts' ids."""
    headers: list[Value] = [[name, value] for name, value in answer.headers]
    asked: list[tuple[str, Value, str | None, Origin]] = [
        ("method", "GET", None, "captured"),
        ("url", typed.origin + typed.request_target, None, "captured"),
    ]
    said: list[tuple[str, Value, str | None, Origin]] = [
        ("version", answer.version, None, "captured"),
        ("status", answer.status, None, "captured"),
        ("reason", answer.reason or None, None, "captured"),
        ("headers", headers, None, "captured"),
        ("interim", list(marks.interim) or None, None, "captured"),
        ("location", answer.header("location"), None, "captured"),
        ("content_type", answer.header("content-type"), None, "captured"),
        ("encoding", answer.encoding or None, None, "captured"),
        ("wire_size", answer.raw_size, "B", "measured"),
        ("body_size", len(answer.body), "B", "measured"),
    ]
    fault = answer.fault
    broken: list[tuple[str, Value, str | None, Origin]] = [
        ("error", fault.code if fault else None, None, "measured"),
        ("error_detail", fault.detail if fault else None, None, "captured"),
    ]
    return {
        name: bench.recorder.fact(step, f"http.{name}", value, unit, origin)
        for name, value, unit, origin in [*asked, *(said if answer.status else ()), *broken]
        if value is not None
    }


def _times(
    bench: Bench, step: str, timing: Timing, delays: Spans, rtt: float | None, answer: Answer
) -> dict[str, str]:
    if timing.first is None or timing.written is None or not answer.status:
        return {}
    told = bench.recorder.fact
    ttfb = timing.first - timing.written
    ids = {
        "ttfb": told(
            step, "http.ttfb", ttfb, "s",
            note="from the last octet of the request written to the first of the final response",
        )
    }  # fmt: skip
    if timing.last is not None:
        ids["transfer_time"] = told(step, "http.transfer_time", timing.last - timing.first, "s")
    if rtt is not None:
        waited = sum(end - begin for begin, end in delays)
        ids["server_time"] = told(
            step, "http.server_time", max(0.0, ttfb - rtt - waited), "s", "computed",
            note="time to first byte, less one round trip and what the lab was set to wait",
        )  # fmt: skip
    return ids


def _judge(bench: Bench, step: str, code: Code, facts: Mapping[str, str]) -> None:
    severity, title, advice = FAULTS[code]
    rests = tuple(facts[name] for name in ("error", "wire_size") if name in facts)
    bench.recorder.finding(step, severity, title, advice, rests, "http")
