"""Chapter 10: what becomes of the connection, and what a second visit saves.

`run` says how the first visit ended; `compare` lays second visits beside it. Neither opens a
socket: who makes the visits tells what each one did.
"""

from dataclasses import dataclass
from typing import Literal

from netlab.experiments.bench import Bench
from netlab.experiments.trace.exchange import Exchanged
from netlab.network.http import Answer
from netlab.recording.records import Value

ClosedBy = Literal["server", "netlab", "error"]
Connection = Literal["reused", "resumed", "full"]
Names = Literal["cached", "asked"]


@dataclass(frozen=True, slots=True)
class Ending:
    """Whether the connection stays, and if not, who closed it. why: a code."""

    kept: bool
    why: str
    closed_by: ClosedBy | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit as it is compared. time: seconds, from its start to the last octet.

    dns: whether the name was asked for. connection: what became of TCP and TLS; `resumed` only
    where the session itself says so.
    """

    time: float
    dns: Names
    connection: Connection
    status: int
    octets: int = 0


def run(bench: Bench, exchanged: Exchanged) -> Ending:
    """Write chapter 10 for this journey."""
    step = bench.step("after", "After")
    end = ending(exchanged)
    told = bench.recorder.fact
    kept = told(step, "after.kept", end.kept)
    why = told(step, "after.why", end.why, origin="computed")
    if end.closed_by is not None:
        told(step, "after.closed_by", end.closed_by)
    hint = exchanged.answer.header("keep-alive")
    if hint is not None:
        told(step, "after.keep_alive", hint[:200], origin="captured")
    if end.closed_by == "server" and exchanged.answer.version == "1.1":
        bench.recorder.finding(
            step, "note", "The server closes the connection after one answer.",
            "Every further file of the page needs TCP and TLS anew: let it keep connections.",
            (kept, why), "keep-alive",
        )  # fmt: skip
    return end


def ending(exchanged: Exchanged) -> Ending:
    """Who ended the connection, and by which rule; the first that fits decides."""
    answer, error = exchanged.answer, exchanged.error
    if error in ("endless-body", "slow", "bad-encoding", "too-large-headers"):
        return Ending(False, "body-unread", "netlab")
    if error is not None:
        return Ending(False, error, "netlab" if error in ("timeout", "garbage") else "error")
    if exchanged.kept and not exchanged.session.client.left:
        return Ending(True, _kept_by(answer))
    if exchanged.marks.goaway:
        return Ending(False, "goaway", "server")
    if "close" in tokens(answer.header("connection")):
        return Ending(False, "connection-close", "server")
    asked = [value for name, value in exchanged.sent if name.lower() == "connection"]
    if answer.version != "2" and any("close" in tokens(value) for value in asked):
        return Ending(False, "connection-close", "netlab")
    if answer.version == "1.0":
        return Ending(False, "http10", "server")
    if answer.version == "1.1" and _until_close(answer):
        return Ending(False, "until-close", "server")
    return Ending(False, "done", "server")


def _kept_by(answer: Answer) -> str:
    if answer.version == "2":
        return "http2"
    return "persistent" if answer.header("keep-alive") is None else "keep-alive"


def _until_close(answer: Answer) -> bool:
    """RFC 9112 §6.3: no length is told, so the connection's end is the body's."""
    if answer.status in (204, 304):
        return False
    coded = tokens(answer.header("transfer-encoding"))
    return answer.header("content-length") is None and "chunked" not in coded


def tokens(value: str | None) -> list[str]:
    """A comma-separated list of words, in small letters (RFC 9110 §5.6.1)."""
    return [word.strip().lower() for word in (value or "").split(",") if word.strip()]


SKIPPED = {
    "reused": ["DNS", "TCP", "TLS"],
    "resumed": ["certificates"],
    "full": [],
}  # fmt: skip


def compare(bench: Bench, first: Visit, kept: Visit | None, resumed: Visit | None) -> None:
    """Lay second visits beside the first. kept: on the same connection, in `again/1/`; resumed:
    on a new one, in `again/2/`. None: it could not be made."""
    rows: list[Value] = [_row("first", first, first)]
    facts: list[str] = []
    for number, (visit, title) in enumerate(((kept, "same connection"), (resumed, "new one")), 1):
        if visit is not None:
            facts += _again(bench.under(f"again/{number}/"), first, visit)
            rows.append(_row(title, first, visit))
    step = bench.step("after", "After")
    side = bench.recorder.fact(step, "again.visits", rows)
    if kept is None:
        bench.recorder.finding(
            step, "note", "No second visit went over the first connection.",
            "It had been closed: see why above.", (side,), "keep-alive",
        )  # fmt: skip
    if resumed is not None and resumed.connection == "full":
        bench.recorder.finding(
            step, "note", "The new connection could not resume the first one's session.",
            "The server gave no ticket, or did not honour it: each visit pays for TLS in full.",
            (side,), "session-resumption",
        )  # fmt: skip


def _again(bench: Bench, first: Visit, visit: Visit) -> list[str]:
    step = bench.step("after", "After")
    told = bench.recorder.fact
    return [
        told(step, "again.time", visit.time, "s"),
        told(step, "again.dns", visit.dns),
        told(step, "again.connection", visit.connection),
        told(step, "again.status", visit.status, origin="captured"),
        told(step, "again.skipped", skipped(visit), origin="computed"),
        told(step, "again.saved", first.time - visit.time, "s", "computed"),
    ]


def skipped(visit: Visit) -> list[Value]:
    """What this visit did without."""
    parts: list[Value] = [*SKIPPED[visit.connection]]
    if visit.dns == "cached" and "DNS" not in parts:
        parts.insert(0, "DNS")
    return [*parts, "body"] if visit.status == 304 else parts


def _row(title: str, first: Visit, visit: Visit) -> Value:
    return {
        "visit": title,
        "dns": visit.dns,
        "connection": visit.connection,
        "status": visit.status,
        "octets": visit.octets,
        "time": visit.time,
        "saved": None if visit is first else first.time - visit.time,
    }
