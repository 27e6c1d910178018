"""What chapter 3 says of the answers: its facts and its findings."""

from collections.abc import Mapping

import dns.flags

from netlab.addresses import endpoint
from netlab.experiments.bench import Bench
from netlab.experiments.trace.found import Lookup
from netlab.experiments.trace.questions import Question, Round, rank
from netlab.network.dnsanswer import Record, Service, extended_errors
from netlab.network.system import SystemAnswer
from netlab.recording.records import Value

Ids = Mapping[str, str]

EFFECTS = ("target", "port", "ech", "alpn", "none")
"""What an HTTPS record changes; when it is several things, the first of these is named."""


def introduce(bench: Bench, step: str) -> None:
    """Who is asked, and where that is dialled."""
    resolvers = bench.network.resolvers
    if not resolvers:
        bench.recorder.actor("resolver", "the resolver", "recursive resolver")
        return
    first = resolvers[0]
    shown = endpoint(first.address, first.port)
    bench.recorder.actor("resolver", "the resolver", "recursive resolver", shown)
    bench.recorder.fact(
        step, "dns.resolver", shown, origin="configured", note=f"read in {first.source}"
    )
    try:
        host, port = bench.network.dialled(first.address, first.port, "udp")
    except OSError:
        return
    if (host, port) != (first.address, first.port):
        bench.recorder.fact(step, "dns.resolver_dialled", endpoint(host, port))
    bench.recorder.fact(step, "dns.resolver_host", host)
    bench.recorder.fact(step, "dns.resolver_port", port)


def deciding(asked: Round) -> Question:
    """The question that gave the first address, or else the one whose failure says most."""
    wanted = [one for one in asked.questions if one.rdtype != "HTTPS"]
    return min(
        wanted,
        key=lambda one: (rank(one.answer.error), one.answered_at or 0.0),
    )


def tell(bench: Bench, step: str, rounds: list[Round], found: Lookup) -> Ids:
    """Write the facts; answers the ids of those that findings rest on."""
    fact = bench.recorder.fact
    last = rounds[-1]
    ids: dict[str, str] = {}
    if len(rounds) > 1:
        names: list[Value] = [deciding(one).name for one in rounds]
        ids["searched"] = fact(step, "dns.searched", names)
    if found.addresses:
        ids["answers"] = fact(step, "dns.answers", list(found.addresses))
    if found.error:
        ids["error"] = fact(step, "dns.error", found.error)
    _tell_records(bench, step, found, ids)
    _tell_exchange(bench, step, deciding(last), ids)
    for question in last.questions:
        rtt = question.exchange.rtt if question.exchange else None
        if rtt is not None:
            fact(step, f"dns.rtt.{question.rdtype.lower()}", rtt, "s")
    _tell_https(bench, step, found)
    return ids


def _tell_records(bench: Bench, step: str, found: Lookup, ids: dict[str, str]) -> None:
    fact = bench.recorder.fact
    if found.records:
        fact(step, "dns.records", [_plain(one) for one in found.records])
    ids["chain"] = fact(
        step, "dns.cname_chain",
        [{"name": one.name, "target": one.data, "ttl": one.ttl} for one in found.links],
    )  # fmt: skip
    ttls = [
        answer.ttl for rdtype, answer in found.answers.items()
        if rdtype != "HTTPS" and answer.addresses and answer.ttl is not None
    ]  # fmt: skip
    if ttls:
        ids["ttl"] = fact(step, "dns.ttl", min(ttls), "s")


def _plain(record: Record) -> Value:
    return {"name": record.name, "type": record.type, "ttl": record.ttl, "data": record.data}


def _tell_exchange(bench: Bench, step: str, question: Question, ids: dict[str, str]) -> None:
    """Of the query that decided: its time, its code and flags, and how it travelled."""
    exchange = question.exchange
    if exchange is None:
        return
    fact = bench.recorder.fact
    if exchange.rtt is not None:
        ids["rtt"] = fact(step, "dns.rtt", exchange.rtt, "s")
    if exchange.response is not None:
        ids["rcode"] = fact(step, "dns.rcode", exchange.rcode)
        flags: list[Value] = [*dns.flags.to_text(exchange.response.flags).lower().split()]
        fact(step, "dns.flags", flags)
    fact(step, "dns.transport", exchange.transport)
    ids["truncated"] = fact(step, "dns.truncated", exchange.truncated_first is not None)
    if exchange.received_ttl is not None:
        fact(step, "dns.received_ttl", exchange.received_ttl, origin="kernel", actor="you")
    if words := extended_errors(exchange):
        ids["extended"] = fact(step, "dns.extended_errors", list(words))


def _tell_https(bench: Bench, step: str, found: Lookup) -> None:
    answer = found.answers.get("HTTPS")
    if answer is None or answer.error not in (None, "nodata", "nxdomain"):
        return
    if found.https:
        listed: list[Value] = [
            {"priority": one.priority, "target": one.target, "params": _params(one)}
            for one in found.https
        ]
        bench.recorder.fact(step, "dns.https", listed)
    bench.recorder.fact(step, "dns.https_effect", effect(found.https), origin="computed")


def _params(service: Service) -> dict[str, Value]:
    return {key: [*one] if isinstance(one, list) else one for key, one in service.params.items()}


def effect(services: tuple[Service, ...]) -> str:
    """What the records would change for a browser; the lowest priority is the preferred one."""
    if not services:
        return "none"
    best = min(services, key=lambda one: one.priority)
    changed = {"alpn", "port", "ech"} & set(best.params)
    if best.priority == 0 or best.target != ".":
        changed.add("target")
    return next((one for one in EFFECTS if one in changed), "none")


def tell_system(bench: Bench, step: str, system: SystemAnswer, addresses: tuple[str, ...]) -> None:
    fact = bench.recorder.fact
    fact(step, "dns.system", list(system.addresses), actor="you")
    fact(step, "dns.system_time", system.ended_at - system.started_at, "s")
    if system.error:
        fact(step, "dns.system_error", system.error)
    differs = fact(
        step, "dns.system_differs", set(system.addresses) != set(addresses), origin="computed"
    )
    if system.addresses and not addresses:
        bench.recorder.finding(
            step, "note", "This machine's own getaddrinfo knows the name, DNS does not.",
            "It also reads other places, such as multicast DNS or a directory of its own.",
            (differs,), "getaddrinfo",
        )  # fmt: skip


ERRORS: dict[str, tuple[str, str, str]] = {
    "nxdomain": (
        "{host} does not exist.",
        "Most likely a typing mistake, or a domain that is not registered (any more). "
        "Check the spelling; then ask for the part of the name above it.",
        "nxdomain",
    ),
    "nodata": (
        "{host} exists, and has no address.",
        "A browser needs an A or AAAA record. Perhaps only a longer name, such as www., has one.",
        "dns.lookup",
    ),
    "servfail": (
        "The resolver could not find out the address of {host} (SERVFAIL).",
        "Most likely its own name servers are broken or unreachable, or its signatures are wrong. "
        "The next chapter asks them itself; another resolver (--resolver) tells whether it is "
        "yours.",
        "servfail",
    ),
    "refused": (
        "The resolver refuses to answer (REFUSED).",
        "Most likely it serves other networks only, or filters this name. "
        "Ask another one: --resolver IP.",
        "resolver",
    ),
    "referral": (
        "{host} was not looked up: this server does not resolve names for others.",
        "It only names other servers to ask (a referral), as name servers do that hold zones. "
        "Ask a resolver: leave out --resolver, or give another one.",
        "resolver",
    ),
    "timeout": (
        "The resolver did not answer.",
        "Most likely packets get lost: no way out, a firewall, or a resolver that is down. "
        "Check that its address is still right; ask another one: --resolver IP.",
        "resolver",
    ),
    "unreachable": (
        "The resolver cannot be reached.",
        "Nothing listens at its address, or no route leads there. Check the network connection "
        "and the resolver's address in chapter 2.",
        "resolver",
    ),
    "malformed": (
        "The resolver's answer cannot be read.",
        "Something on the way that answers in its place, or a broken server. "
        "Ask another one: --resolver IP.",
        "dns.lookup",
    ),
    "cname-loop": (
        "{host} is an alias that leads back to itself.",
        "Its zone is set up wrongly, and no resolver can help: whoever runs it has to break the "
        "circle of CNAME records.",
        "cname",
    ),
}  # fmt: skip

OTHER = (
    "The resolver answered {error}, which is no address.",
    "Ask another one: --resolver IP.",
    "dns.lookup",
)


PARTIAL = (
    "The other family's answer was enough. Programs that wait for both are slow here.",
    "Addresses came all the same. Old resolvers and middleboxes drop what they do not know; "
    "browsers then wait a moment in vain.",
)


def judge(bench: Bench, step: str, host: str, asked: Round, found: Lookup, ids: Ids) -> None:
    """Findings: the fault if there is one, else what is slow or odd."""
    if found.error:
        title, advice, term = ERRORS.get(found.error, OTHER)
        words = {"host": host, "error": found.error.upper()}
        rests = tuple(ids[key] for key in ("error", "rcode", "extended", "chain") if key in ids)
        said = _extended(asked)
        bench.recorder.finding(step, "fault", title.format(**words), advice + said, rests, term)
        return
    _judge_partial(bench, step, asked)
    _judge_resolvers(bench, step, asked)
    if "searched" in ids:
        bench.recorder.finding(
            step, "note", "The search list was tried too: each name in it costs a round trip.",
            f"Write the name with a final dot ({host}.) to ask for it alone.",
            (ids["searched"],), "places",
        )  # fmt: skip


def _extended(asked: Round) -> str:
    exchange = deciding(asked).exchange
    words = extended_errors(exchange) if exchange else ()
    return f" The resolver adds: {'; '.join(words)}." if words else ""


def _judge_partial(bench: Bench, step: str, asked: Round) -> None:
    """One family answered and the other failed: a fault that most people never notice."""
    for question in asked.questions:
        error = question.answer.error
        if error in (None, "nodata"):
            continue
        bench.recorder.finding(
            step, "warning", f"The question for {question.rdtype} failed ({error}).",
            PARTIAL[question.rdtype == "HTTPS"], (), "dns.lookup",
        )  # fmt: skip


def _judge_resolvers(bench: Bench, step: str, asked: Round) -> None:
    """A resolver that fails costs time at every name."""
    failed = {
        one.resolver.address: one.answer.error
        for question in asked.questions if question.rdtype != "HTTPS"
        for one in question.tries if one is not question.best
    }  # fmt: skip
    for address, error in failed.items():
        bench.recorder.finding(
            step, "warning", f"The resolver {address} failed at first ({error}).",
            "Every new name waits for that. Check whether it is up, or take it off the list.",
            (), "resolver",
        )  # fmt: skip


def judge_name(bench: Bench, step: str, host: str, why: str) -> None:
    """No question can be asked: this cannot stand in a DNS message."""
    error = bench.recorder.fact(step, "dns.error", "bad-name", origin="computed", note=why)
    bench.recorder.finding(
        step, "fault", f"{host} cannot be a name in DNS: {why[:1].lower()}{why[1:].rstrip('.')}.",
        "Parts of a name have 1 to 63 octets, all of it at most 255 (RFC 1035 §2.3.4).",
        (error,), "dns.lookup",
    )  # fmt: skip


def judge_family(bench: Bench, step: str, host: str, addresses: tuple[str, ...], fact: str) -> None:
    """A literal, or a name of this machine's own, that lacks the family of -4 or -6."""
    bench.recorder.fact(step, "dns.error", "nodata", origin="computed")
    bench.recorder.finding(
        step, "fault", f"{host} has no address of the family that was asked for.",
        f"Leave out -4 or -6: it is {', '.join(addresses)}.", (fact,), "dns.lookup",
    )  # fmt: skip
