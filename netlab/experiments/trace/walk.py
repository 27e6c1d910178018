"""Chapter 4: the same question walked from the root, and what both ways tell together."""

from dataclasses import dataclass
from typing import Literal

from netlab.experiments.bench import Bench
from netlab.experiments.delays import split_delays, waits
from netlab.experiments.trace import dnsmessages, walk_told
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.walker import PATIENCE, TOTAL, End, Hop, Walker

TITLE = "DNS, the long way"


@dataclass(frozen=True, slots=True)
class Walked:
    """error: None, or the code of why no answer was reached."""

    addresses: tuple[str, ...]
    hops: tuple[Hop, ...]
    error: str | None = None


async def run(
    bench: Bench,
    host: str,
    lookup: Lookup,
    family: Literal[4, 6] | None = None,
    total: float = TOTAL,
    patience: float = PATIENCE,
) -> Walked | None:
    """Walk; None where DNS was not asked. total, patience: seconds for the walk, for one server."""
    step = bench.step("dns.delegation", TITLE)
    if not lookup.asked:
        return None
    rdtype = question_type(lookup, family)
    walker = Walker(bench.network, bench.recorder.now, family or 4, total, patience)
    with bench.recorder.phase(step, "walk from the root", "far end", "aside") as opened:
        end = await walker.walk(lookup.name, rdtype)
        error = None if end.kind == "answer" else reason(end, walker.hops)
        if error:
            opened.outcome = "failed"
    time = bench.recorder.now() - walker.began
    with bench.recorder.phase(step, "dissect the messages", "netlab", "aside"):
        await _write(bench, step, walker.hops, opened.id)
    walk_told.tell(bench, step, walker.hops, end, time, error)
    walk_told.compare(bench, step, lookup, end, rdtype, error)
    if error:
        walk_told.judge_error(bench, step, host, walker.hops, error, lookup.error)
    else:
        walk_told.judge_servers(bench, step, walker.hops)
    return Walked(end.addresses, tuple(walker.hops), error)


def question_type(lookup: Lookup, family: Literal[4, 6] | None) -> str:
    """The type for which the resolver had an answer, so that both ways can be compared."""
    if family is not None:
        return "A" if family == 4 else "AAAA"
    v4, v6 = (lookup.answers.get(rdtype) for rdtype in ("A", "AAAA"))
    return "AAAA" if v6 and v6.addresses and not (v4 and v4.addresses) else "A"


def reason(end: End, hops: list[Hop]) -> str:
    """Why the walk ended without an answer. Nothing but silence from the root: port 53 is blocked.

    So it is when the root's servers refuse, or seem to recurse: neither is their way.
    """
    at_root = {hop.reading.kind for hop in hops if hop.zone == "."}
    if "intercepted" in at_root or (at_root and at_root <= {"timeout", "refused", "unreachable"}):
        return "unreachable" if at_root == {"unreachable"} else "blocked"
    return end.kind


async def _write(bench: Bench, step: str, hops: list[Hop], parent: str) -> None:
    """Messages of every hop, and its time: in the lab with the configured delay apart."""
    entries = await bench.network.journal()
    bench.recorder.actor("you", "your machine", "client")
    for hop in hops:
        actor = f"ns:{hop.address}"
        bench.recorder.actor(actor, hop.server, "name server", hop.address)
        if hop.exchange is None:
            continue
        dnsmessages.tell(bench, step, hop.exchange, hop.question, actor)
        for one in hop.exchange.all():
            split_delays(
                bench.recorder, step, f"{hop.question} at {hop.server}", one.started_at,
                one.received_at, "far end", waits(bench.recorder, entries, [one.local_port]),
                path="aside", lane=hop.server, parent=parent,
                outcome="done" if one.response else "failed",
            )  # fmt: skip
