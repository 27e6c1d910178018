"""Chapter 3: the questions to the resolver, whose answer is what is dialled."""

from dataclasses import replace
from typing import Literal

import dns.exception
import dns.name

from netlab.experiments.bench import Bench
from netlab.experiments.delays import Span, split_delays, waits
from netlab.experiments.trace import dnsmessages, lookup_told, order
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.places import Places
from netlab.experiments.trace.questions import (
    Question,
    Rdtype,
    Round,
    ask_all,
    rank,
    wait_for_late,
)
from netlab.network.dnsclient import Exchange
from netlab.network.system import LookUp, system_look_up
from netlab.recording.records import Origin, Outcome

Family = Literal[4, 6]

SYSTEM_TIMEOUT = 3.0
TITLE = "DNS, the short way"


async def run(
    bench: Bench,
    host: str,
    places: Places,
    family: Family | None = None,
    port: int = 443,
    getaddrinfo: LookUp | None = None,
) -> Lookup:
    """Look the name up. port: the service's, which is part of an HTTPS record's name."""
    step = bench.step("dns.lookup", TITLE)
    if not places.asks_dns:
        return _known(bench, step, host, places, family)
    bench.recorder.actor("you", "your machine", "client")
    lookup_told.introduce(bench, step)
    names = [name for name in places.names(host) if not unfit(name)]
    if not names:
        lookup_told.judge_name(bench, step, host, unfit(host))
        return Lookup(host, error="bad-name", asked=False)
    rounds: list[Round] = []
    for name in names:
        rounds.append(await _round(bench, step, name, family, port))
        if _settles(rounds[-1]):
            break
    found = _found(rounds[-1])
    told = lookup_told.tell(bench, step, rounds, found)
    found = replace(found, addresses=order.arrange(bench, step, found.addresses))
    if bench.network.asks_system:
        await _ask_system(bench, step, host, found, family, getaddrinfo)
    lookup_told.judge(bench, step, host, rounds[-1], found, told)
    return found


def unfit(name: str) -> str:
    """Why this cannot be asked for; empty if it can."""
    try:
        dns.name.from_text(name)
    except dns.exception.DNSException as error:
        return str(error)
    return ""


def _settles(asked: Round) -> bool:
    """Whether the search list ends here: with an address, or with a failure that is no denial."""
    errors = {one.answer.error for one in asked.questions if one.rdtype != "HTTPS"}
    return not errors <= {"nxdomain", "nodata"}


async def _round(bench: Bench, step: str, name: str, family: Family | None, port: int) -> Round:
    """One name: the wait that counts, what came late, and all of it written down."""
    recorder = bench.recorder
    questions = [Question(_asked_name(name, one, port), one) for one in _types(family)]
    with recorder.phase(step, "dns", "resolver") as opened:
        asked = await ask_all(bench.network, questions, recorder.now)
        if not any(one.answer.addresses for one in questions):
            opened.outcome = "failed"
    wait = opened.id, recorder.now()
    late = None
    if asked.late:
        with recorder.phase(step, "late answers", "resolver", "aside") as late:
            await wait_for_late(asked)
    with recorder.phase(step, "dissect the messages", "netlab", "aside"):
        tell_exchanges(bench, step, asked, wait, late.id if late else None)
        await _share(bench, step, asked, opened.id, opened.outcome)
    return asked


def _types(family: Family | None) -> tuple[Rdtype, ...]:
    by_family: dict[Family | None, tuple[Rdtype, ...]] = {4: ("A",), 6: ("AAAA",)}
    return (*by_family.get(family, ("AAAA", "A")), "HTTPS")


def _asked_name(name: str, rdtype: Rdtype, port: int) -> str:
    """HTTPS records of another port stand under a name of their own (RFC 9460 §9.1)."""
    return f"_{port}._https.{name}" if rdtype == "HTTPS" and port not in (80, 443) else name


def tell_exchanges(
    bench: Bench, step: str, asked: Round, wait: tuple[str, float], late: str | None
) -> None:
    """Messages and detail phases. wait: the phase that counts, and its end; late: what follows."""
    parent, end = wait
    for question in asked.questions:
        for exchange in (one.exchange for one in question.tries if one.exchange is not None):
            text = f"{question.rdtype} {question.name}"
            dnsmessages.tell(bench, step, exchange, text, "resolver")
            for one in exchange.all():
                _tell_span(bench, step, question.rdtype, one, (parent, end), late)


def _tell_span(
    bench: Bench, step: str, rdtype: str, one: Exchange, wait: tuple[str, float], late: str | None
) -> None:
    """Details lie within their phase: an exchange that went on past the wait has two parts."""
    parent, end = wait
    name = f"{rdtype} over {one.transport.upper()}"
    outcome: Outcome = "done" if one.response else "failed"
    span = bench.recorder.span
    if one.started_at < end:
        note = "" if one.received_at <= end else "still out when the wait ended"
        span(
            step, name, one.started_at, min(one.received_at, end), "resolver", "detail", rdtype,
            parent, outcome, note,
        )  # fmt: skip
    if one.received_at > end:
        span(
            step, name, max(one.started_at, end), one.received_at, "resolver", "detail", rdtype,
            late, outcome, "late",
        )  # fmt: skip


async def _share(bench: Bench, step: str, asked: Round, parent: str, outcome: Outcome) -> None:
    """The wait by its owners: in the lab, the configured delays apart."""
    exchanges = [
        one.exchange for question in asked.questions for one in question.tries
        if one.exchange is not None
    ]  # fmt: skip
    if not exchanges:
        return
    start = min(exchange.began_at for exchange in exchanges)
    end = max(start, asked.dialable_at)
    split_delays(
        bench.recorder, step, "the resolver's answer", start, end, "resolver",
        await _delays(bench, asked, (start, end)), parent=parent, outcome=outcome,
    )  # fmt: skip


async def _delays(bench: Bench, asked: Round, span: Span) -> list[Span]:
    """The delays that our queries waited out, and those of name servers whom the resolver asked.

    Nobody else asks the lab's name servers while we wait, so what they delayed then was for us.
    """
    entries = await bench.network.journal()
    ports = [
        one.local_port
        for question in asked.questions if question.rdtype != "HTTPS"
        for each in question.tries if each.exchange
        for one in each.exchange.all()
    ]  # fmt: skip
    servers = [one for one in entries if one.service.startswith("ns:")]
    behind = waits(bench.recorder, servers, {one.peer_port for one in servers})
    return [
        *waits(bench.recorder, entries, ports),
        *(one for one in behind if span[0] <= one[0] and one[1] <= span[1]),
    ]


def _found(asked: Round) -> Lookup:
    """Put the answers together, the addresses as they came: AAAA, then A."""
    by_type = {one.rdtype: one for one in asked.questions}
    wanted = [one for one in asked.questions if one.rdtype != "HTTPS"]
    arrivals = {
        address: one.answered_at or 0.0
        for one in wanted if one.answer.error is None
        for address in one.answer.addresses
    }  # fmt: skip
    deciding = lookup_told.deciding(asked)
    https = by_type["HTTPS"].answer
    records = [*deciding.answer.links, *(r for one in wanted for r in one.answer.records)]
    return Lookup(
        name=deciding.name,
        addresses=tuple(arrivals),
        arrivals=arrivals,
        error=None if arrivals else min((one.answer.error for one in wanted), key=rank),
        records=tuple(dict.fromkeys((*records, *https.records))),
        links=deciding.answer.links,
        https=https.services,
        answers={one.rdtype: one.answer for one in asked.questions},
        received_ttl=deciding.exchange.received_ttl if deciding.exchange else None,
    )


def _known(bench: Bench, step: str, host: str, places: Places, family: Family | None) -> Lookup:
    """DNS is not asked: the name has a meaning of its own, is an address, or stands in a file."""
    fitting = [a for a in places.addresses if family is None or (":" in a) == (family == 6)]
    origin: Origin = "standard" if places.special == "localhost" else "measured"
    fact = bench.recorder.fact(
        step, "dns.answers", list(fitting), None, origin, note=f"from {places.source}: no query"
    )  # fmt: skip
    addresses = order.arrange(bench, step, fitting)
    if not addresses:
        lookup_told.judge_family(bench, step, host, places.addresses, fact)
    now = bench.recorder.now()
    return Lookup(
        host, addresses, dict.fromkeys(addresses, now), None if addresses else "nodata",
        asked=False,
    )  # fmt: skip


async def _ask_system(
    bench: Bench, step: str, host: str, found: Lookup, family: Family | None,
    getaddrinfo: LookUp | None,
) -> None:  # fmt: skip
    """What programs on this machine get: beside our own question, never in its place."""
    given = {} if getaddrinfo is None else {"getaddrinfo": getaddrinfo}
    with bench.recorder.phase(step, "getaddrinfo", "resolver", "aside", lane="system") as opened:
        system = await system_look_up(host, bench.recorder.now, SYSTEM_TIMEOUT, family, **given)
        if system.error:
            opened.outcome = "failed"
    lookup_told.tell_system(bench, step, system, found.addresses)
