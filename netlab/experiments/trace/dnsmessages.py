"""A DNS exchange as two messages of the recording: the query, and what came back."""

from netlab.dissect import dns as microscope
from netlab.experiments.bench import Bench
from netlab.network.dnsclient import Exchange


def tell(bench: Bench, step: str, exchange: Exchange, question: str, server: str) -> None:
    """Write every exchange that this one took. server: the id of who was asked."""
    for one in exchange.all():
        over = " over TCP" if one.transport == "tcp" else ""
        bench.recorder.message(
            step, "you", server, "DNS", f"{question}?{over}", one.sent,
            microscope.message(one.sent), one.sent_at, arrived=bool(one.received),
        )  # fmt: skip
        if one.received:
            bench.recorder.message(
                step, server, "you", "DNS", outcome(one) + over, one.received,
                microscope.message(one.received), one.received_at,
            )  # fmt: skip


def outcome(exchange: Exchange) -> str:
    """What the response says, in a few words: `NOERROR, 2 answers`."""
    if exchange.response is None:
        return "an answer that cannot be read"
    said = exchange.rcode or ""
    if exchange.received[2] & 0x02:
        return f"{said}, truncated"
    response = exchange.response
    for section, noun in (
        (response.answer, "answer"), (response.authority, "authority"),
    ):  # fmt: skip
        if count := sum(len(rrset) for rrset in section):
            return f"{said}, {count} {noun}{'s' if count > 1 and noun == 'answer' else ''}"
    return f"{said}, empty"
