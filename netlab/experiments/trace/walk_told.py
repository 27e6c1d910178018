"""What chapter 4 says: the hops, how old the resolver's answer was, and what differs."""

from collections.abc import Sequence

from netlab.experiments.bench import Bench
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.walker import End, Hop
from netlab.network.dnsanswer import text
from netlab.network.dnsreferral import USEFUL
from netlab.recording.records import Value

DEFINITE = frozenset({"nxdomain", "nodata", "cname-loop", "lame", "loop", "refused", "servfail"})
"""Ends at which the zone's own servers were reached, or are known to be out of reach for all."""


def tell(
    bench: Bench, step: str, hops: Sequence[Hop], end: End, time: float, error: str | None
) -> None:
    fact = bench.recorder.fact
    fact(step, "dns.delegation", [_plain(hop) for hop in hops])
    referrals = [hop.reading for hop in hops if hop.reading.cut]
    if referrals:
        fact(step, "dns.glue_believed", sum(reading.believed for reading in referrals))
        fact(step, "dns.glue_refused", sum(reading.refused for reading in referrals))
    if end.addresses:
        fact(step, "dns.authoritative", list(end.addresses))
        fact(step, "dns.authoritative_ttl", end.records[0].ttl, "s")
    fact(step, "dns.walk_time", time, "s")
    if error:
        fact(step, "dns.walk_error", error)
    reached = [hop for hop in hops if hop.exchange and not hop.purpose]
    for role, hop in (("root", reached[:1]), ("last", reached[1:][-1:])):
        for one in hop:
            _tell_door(bench, step, role, one)


def _tell_door(bench: Bench, step: str, role: str, hop: Hop) -> None:
    """Where a person finds the same server: its name, and the socket that answers as it."""
    host, port = bench.network.dialled(hop.address, 53, "udp")
    rdtype, _, name = hop.question.partition(" ")
    fact = bench.recorder.fact
    fact(step, f"dns.{role}_server", hop.server)
    fact(step, f"dns.{role}_type", rdtype)
    fact(step, f"dns.{role}_name", name)
    fact(step, f"dns.{role}_host", host)
    fact(step, f"dns.{role}_port", port)


def _plain(hop: Hop) -> Value:
    reading, exchange = hop.reading, hop.exchange
    cut, offered = reading.cut, reading.believed + reading.refused
    next_zone = text(cut.zone) if cut else text(reading.target) if reading.target else None
    return {
        "zone": hop.zone,
        "server": hop.server,
        "address": hop.address,
        "rtt": exchange.rtt if exchange else None,
        "kind": reading.kind,
        "next_zone": next_zone,
        "could_ask": hop.could_ask,
        "glue": reading.believed if cut else None,
        "bailiwick": reading.believed > 0 if cut and offered else None,
        "transport": exchange.transport if exchange else None,
        "ttl": reading.ttl,
        "question": hop.question,
        "purpose": f"to find {hop.purpose}" if hop.purpose else None,
    }


def compare(
    bench: Bench, step: str, lookup: Lookup, end: End, rdtype: str, error: str | None
) -> None:
    """Lay the resolver's answer beside the zone's own."""
    answer = lookup.answers.get(rdtype)
    resolver = set(answer.addresses) if answer else set()
    code = difference(resolver, set(end.addresses), error)
    if code is None:
        return
    fact = bench.recorder.fact(step, "dns.difference", code, origin="computed")
    if answer is not None and resolver and end.records:
        _age(bench, step, lookup, end, rdtype)
    if lookup.error != "referral":  # then there was no resolver to judge
        _judge_difference(bench, step, code, fact)


def difference(resolver: set[str], walk: set[str], error: str | None) -> str | None:
    """A code; None where one of the two ways says nothing that could be compared."""
    if not resolver and not walk:
        return None
    if resolver and walk:
        return "none" if resolver == walk else "other-addresses"
    if walk:
        return "only-walk"
    return "only-resolver" if error in DEFINITE else None


def _age(bench: Bench, step: str, lookup: Lookup, end: End, rdtype: str) -> None:
    """How long the resolver had kept its answer: the same records' lifetime here and there."""
    theirs = end.records[0]
    ours = [
        one for one in lookup.answers[rdtype].records if one.name.lower() == theirs.name.lower()
    ]  # fmt: skip
    if not ours:
        return
    age = theirs.ttl - ours[0].ttl
    if age >= 0:
        bench.recorder.fact(
            step, "dns.resolver_age", age, "s", "computed",
            note=f"the {rdtype} records of {theirs.name}: {theirs.ttl} s less {ours[0].ttl} s",
        )  # fmt: skip
        return
    bench.recorder.finding(
        step, "note", "The resolver hands on a longer lifetime than the zone gives.",
        f"{ours[0].ttl} s against {theirs.ttl} s: it keeps answers for a time of its own, "
        "or the zone has changed.", (), "ttl",
    )  # fmt: skip


DIFFERENCES = {
    "other-addresses": (
        "The resolver and the zone's own server give other addresses.",
        "Usual where a site answers by where the asker is (a CDN sees your resolver there, and "
        "you here), or hands out a larger set in turns. If it is neither, the resolver remembers "
        "an older answer, or has rules of its own.",
    ),
    "only-resolver": (
        "Only the resolver knows an address.",
        "It may remember an older answer, or answer by rules of its own; the zone's servers do "
        "not confirm it.",
    ),
    "only-walk": (
        "The zone's own server gives an address, the resolver does not.",
        "The resolver fails, filters this name, or remembers that it did not exist. "
        "Ask another one: --resolver IP.",
    ),
}


def _judge_difference(bench: Bench, step: str, code: str, fact: str) -> None:
    if code in DIFFERENCES:
        title, advice = DIFFERENCES[code]
        severity = "warning" if code == "only-walk" else "note"
        bench.recorder.finding(step, severity, title, advice, (fact,), "resolver")  # type: ignore[arg-type]


ERRORS = {
    "blocked": (
        "Port 53 beyond the resolver is blocked, or answered by somebody else.",
        "Many networks let only their own resolver ask. The walk ends here; the journey does not.",
        "dns.delegation",
    ),
    "lame": (
        "The servers named for {zone} do not serve it: a lame delegation.",
        "Whoever runs {host} has to correct the NS records at the zone above, or set up the zone "
        "at {server}.",
        "lame-delegation",
    ),
    "loop": (
        "The delegation leads in a circle: its servers' names lie in each other's zones.",
        "The zone above has to give an address along for at least one of them (glue).",
        "glue",
    ),
    "refused": (
        "{server} refuses to answer for {zone}, whose server it is said to be.",
        "Its zone is missing there, or it answers some networks only. Whoever runs it can tell.",
        "lame-delegation",
    ),
    "servfail": (
        "{server} fails at every question for {zone} (SERVFAIL).",
        "Most likely it could not load the zone. Whoever runs it finds the reason in its log.",
        "servfail",
    ),
    "timeout": (
        "The servers named for {zone} do not answer.",
        "They are down, or a firewall drops UDP port 53 on the way to them.",
        "dns.delegation",
    ),
    "unreachable": (
        "The servers named for {zone} cannot be reached from here.",
        "No route leads to them, or nothing listens there.",
        "dns.delegation",
    ),
    "nxdomain": (
        "The zone's own server says that the name does not exist.",
        "So the resolver is right about it: the name is not there, or not yet.",
        "nxdomain",
    ),
    "nodata": (
        "The zone's own server says that the name exists and has no address.",
        "The resolver is right about it.",
        "dns.lookup",
    ),
    "cname-loop": (
        "The aliases lead in a circle, says the zone's own server.",
        "Whoever runs the zone has to break the circle of CNAME records.",
        "cname",
    ),
}

OTHER = (
    "The walk did not reach an answer ({code}).",
    "Ask the servers one by one with dig +norecurse, as the chapter shows.",
    "dns.delegation",
)

HARMLESS = ("blocked", "nxdomain", "nodata")


def judge_error(
    bench: Bench,
    step: str,
    host: str,
    hops: Sequence[Hop],
    code: str,
    resolver_error: str | None,
) -> None:
    """The walk's end in plain words: where the lookup failed as well, this is the likely cause."""
    title, advice, term = ERRORS.get(code, OTHER)
    last = hops[-1] if hops else None
    zone, server = (last.zone, last.server) if last else ("the root", "the server")
    words = {"host": host, "zone": zone, "server": server, "code": code}
    causal = resolver_error is not None and code not in HARMLESS
    bench.recorder.finding(
        step, "fault" if causal else "note" if code in HARMLESS else "warning",
        title.format(**words), advice.format(**words), (), term,
    )  # fmt: skip


def judge_servers(bench: Bench, step: str, hops: Sequence[Hop]) -> None:
    """Servers that were of no use on the way to an answer: every resolver loses time there."""
    for hop in hops:
        if hop.reading.kind not in USEFUL:
            bench.recorder.finding(
                step, "warning", f"{hop.server} was of no use for {hop.zone} ({hop.reading.kind}).",
                "Another server of the zone answered. Resolvers that ask this one first lose time.",
                (), "lame-delegation" if hop.reading.kind == "lame" else "dns.delegation",
            )  # fmt: skip
