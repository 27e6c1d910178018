"""The whole: journey after journey, from what was typed to the last answer.

A journey is one address, from chapter 1 to where it ends. A redirect begins another one, told
under the prefix `2/`, `3/` … and timed alone; so does plain HTTP after https could not be reached.
A second visit (`--again`) is told under `again/1/` (the kept connection) and `again/2/` (a new
connection that resumes the TLS session).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.trace import (
    after,
    connect,
    exchange,
    lookup,
    page,
    places,
    route,
    secure,
    totals,
    url,
    walk,
)
from netlab.experiments.trace.after import Visit
from netlab.experiments.trace.asking import Validators, check_headers
from netlab.experiments.trace.connect import Connected
from netlab.experiments.trace.exchange import Exchanged, Session
from netlab.experiments.trace.options import Options
from netlab.experiments.trace.secure import Anchors, Secured
from netlab.experiments.trace.typed import Typed
from netlab.network import http
from netlab.network.stream import Stream
from netlab.recording.ledger import ledger
from netlab.recording.records import Value

MOST_REDIRECTS = 20
"""Browsers give up at 20 (the Fetch standard, §4.4)."""

CONNECT_PATIENCE = 10.0
TLS_PATIENCE = 10.0

Doubt = Callable[[str], Awaitable[None]]
"""Asked when the first look-up fails with this code; raises when there is no way out at all."""


@dataclass(slots=True)
class Open:
    """A connection that can carry another request."""

    connected: Connected
    secured: Secured | None
    session: Session

    @property
    def stream(self) -> Stream:
        return self.connected.stream if self.secured is None else self.secured.stream


@dataclass(slots=True)
class End:
    """Where a journey ended. exchanged: when it got as far as an answer. refused: TCP was tried
    and did not come about, the one case in which plain HTTP may be tried."""

    exit: Exit = Exit.OK
    exchanged: Exchanged | None = None
    open: Open | None = None
    refused: bool = False


@dataclass(slots=True)
class Trip:
    """What lasts from journey to journey: the time that is left, and what a browser would keep."""

    bench: Bench
    options: Options
    anchors: Anchors
    doubt: Doubt | None
    end: float
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)
    open: dict[str, Open] = field(default_factory=dict)
    redirects: list[dict[str, Value]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    @property
    def left(self) -> float:
        """Seconds, never quite none: what has no time left fails at once by its own time-out."""
        return max(0.001, self.end - self.bench.recorder.now())


def warm() -> None:
    """Load what the first request would load, before any clock runs."""
    http.warm()


async def travel(bench: Bench, options: Options, doubt: Doubt | None = None) -> Exit:
    """Run the experiment; answers how the command ends."""
    check_headers(options.headers)
    typed = url.parse(options.target)
    bench.recorder.actor("you", "you", "client")
    if typed.kind == "search":
        url.run(bench, options.target, typed)
        return Exit.OK
    anchors = _anchors(bench, options)
    trip = Trip(bench, options, anchors, doubt, bench.recorder.now() + options.max_time)
    try:
        end = await _visit(trip, bench, typed)
        if options.again and end.exit is Exit.OK and end.exchanged is not None:
            await _again(trip, end)
        return end.exit
    finally:
        await _hang_up(trip)
        totals.run(bench)


def _anchors(bench: Bench, options: Options) -> Anchors:
    offered = {"1.1": ("http/1.1",), "2": ("h2",), None: ("h2", "http/1.1")}[options.http]
    return secure.load_anchors(bench, insecure=options.insecure, alpn=offered)


def _set_up(bench: Bench) -> None:
    """What a person must know of this network; it stands above the story."""
    for note in bench.network.set_up():
        bench.recorder.fact(
            "url", "run.note", note, origin="configured", note="how this run was set up"
        )


async def _visit(trip: Trip, bench: Bench, typed: Typed) -> End:
    """Follow the address wherever it leads."""
    number = 1
    while True:
        here = bench if number == 1 else bench.under(f"{bench.prefix}{number}/")
        end = await _journey(trip, here, typed)
        onward = _onward(trip, here, typed, end)
        if not isinstance(onward, Typed):
            return replace(end, exit=onward)
        typed = onward
        number += 1


def _onward(trip: Trip, bench: Bench, typed: Typed, end: End) -> Typed | Exit:
    """The next address, or how the command ends."""
    if end.refused and typed.may_fall_back:
        bench.recorder.finding(
            bench.prefix + "tcp", "note", "https could not be reached: plain HTTP is tried next.",
            "Only because TCP failed. After a TLS fault no browser falls back by itself.",
            explain="url",
        )  # fmt: skip
        return url.fallen_back(typed)
    exchanged = end.exchanged
    if end.exit is not Exit.OK or exchanged is None or exchanged.location is None:
        return end.exit
    return _redirect(trip, bench, typed, exchanged) if trip.options.follow else end.exit


def _redirect(trip: Trip, bench: Bench, typed: Typed, exchanged: Exchanged) -> Typed | Exit:
    trip.seen.add(typed.origin + typed.request_target)
    trip.redirects.append(
        {"url": typed.url, "status": exchanged.status, "location": exchanged.location}
    )
    try:
        target = url.redirected(typed, exchanged.location or "")
    except NetlabError as error:
        return _lost(bench, exchanged, "bad-redirect", error.what, error.advice)
    if target.origin + target.request_target in trip.seen:
        return _lost(
            bench, exchanged, "redirect-loop", f"The redirects lead in a circle, to {target.url}.",
            "A server and a proxy before it often disagree on https: compare their settings, and "
            "see each answer with curl -I.",
        )  # fmt: skip
    if len(trip.redirects) >= MOST_REDIRECTS:
        return _lost(
            bench, exchanged, "too-many-redirects", f"More than {MOST_REDIRECTS} redirects.",
            "Browsers give up here too. See each answer with curl -I.",
        )  # fmt: skip
    return target


def _lost(bench: Bench, exchanged: Exchanged, code: str, title: str, advice: str) -> Exit:
    fact = bench.recorder.fact(exchanged.step, "http.error", code, origin="computed")
    bench.recorder.finding(exchanged.step, "fault", title, advice, (fact,), "redirects")
    return Exit.HTTP


async def _journey(trip: Trip, bench: Bench, typed: Typed) -> End:
    """One address, chapter by chapter, to where it ends."""
    url.run(bench, trip.options.target, typed)
    if not bench.prefix:
        _set_up(bench)
    kept = trip.open.get(typed.origin)
    if kept is not None and kept.session.client.open:
        connect.reused(bench, kept.connected)
        return await _ask(trip, bench, typed, kept)
    addresses = await _names(trip, bench, typed)
    if isinstance(addresses, Exit):
        return End(addresses)
    opened = await _reach(trip, bench, typed, addresses)
    if isinstance(opened, End):
        return opened
    return await _ask(trip, bench, typed, opened)


async def _names(trip: Trip, bench: Bench, typed: Typed) -> tuple[str, ...] | Exit:
    """Chapters 2 to 5: the addresses, and the way to the first of them."""
    place = places.run(bench, typed.host, typed.literal)
    found = await lookup.run(bench, typed.host, place, trip.options.family, typed.port)
    if found.error is not None and trip.doubt is not None and not bench.prefix:
        await trip.doubt(found.error)
    await walk.run(bench, typed.host, found, trip.options.family)
    if found.error is not None:
        return Exit.TIMEOUT if found.error == "timeout" else Exit.NAME
    trip.found[typed.host] = found.addresses
    route.run(bench, found.addresses[0], typed.port, found.received_ttl)
    return found.addresses


async def _reach(
    trip: Trip,
    bench: Bench,
    typed: Typed,
    addresses: tuple[str, ...],
    earlier: Secured | None = None,
) -> Open | End:
    """Chapters 6 and 7: a connection that HTTP can use. earlier: whose TLS session to resume."""
    connected = await connect.run(
        bench, addresses, typed.port, timeout=min(trip.left, CONNECT_PATIENCE), host=typed.host,
        family=trip.options.family,
    )  # fmt: skip
    if not isinstance(connected, Connected):
        late = connected == "timeout"
        return End(Exit.TIMEOUT if late else Exit.CONNECT, refused=True)
    secured = None
    if typed.scheme == "https":
        result = await secure.run(
            bench, connected.stream, typed.host, trip.anchors,
            timeout=min(trip.left, TLS_PATIENCE),
            session=None if earlier is None else earlier.stream.session,
            trip=connected.round_trip, server=_server(bench, typed),
        )  # fmt: skip
        if not isinstance(result, Secured):
            return End(Exit.TIMEOUT if result == "timeout" else Exit.TLS)
        secured = result
    stream = connected.stream if secured is None else secured.stream
    return Open(connected, secured, Session.over(stream, typed))


async def _ask(
    trip: Trip, bench: Bench, typed: Typed, opened: Open, validators: Validators | None = None
) -> End:
    """Chapters 8 to 10 over an open connection."""
    exchanged = await exchange.run(
        bench, opened.stream, typed, trip.options, trip.left,
        rtt=opened.connected.round_trip,
        validators=validators, session=opened.session, redirects=trip.redirects,
        server=_server(bench, typed),
        verified=opened.secured is None or opened.secured.verified,
    )  # fmt: skip
    if opened.secured is not None and bench.prefix + "tls" == opened.secured.step:
        secure.after(bench, opened.secured)
    if not exchanged.kept:
        trip.open.pop(typed.origin, None)
    else:
        trip.open[typed.origin] = opened
    leads_on = exchanged.location is not None and trip.options.follow
    if exchanged.status and not leads_on and exchanged.status != 304:
        answer = exchanged.answer
        page.run(bench, answer.body, exchanged.content_type, typed.url, answer.complete)
    after.run(bench, exchanged)
    code = Exit.OK if exchanged.error is None else exchange.exit_of(exchanged.error)
    return End(code, exchanged, opened)


def _server(bench: Bench, typed: Typed) -> str:
    """The actor who serves this address; a later journey's may be another one."""
    return "server" if not bench.prefix else f"server:{typed.host}"


async def _again(trip: Trip, first: End) -> None:
    """Visit the last address twice more: on the kept connection, and on one that resumes."""
    assert first.exchanged is not None
    bench, typed = trip.bench, first.exchanged.typed
    validators = first.exchanged.validators
    trip.redirects = []
    kept = None
    if first.open is not None and trip.open.get(typed.origin) is first.open:
        here = bench.under("again/1/")
        connect.reused(here, first.open.connected)
        end = await _ask(trip, here, typed, first.open, validators)
        kept = _visited(here, end, "reused")
    resumed = await _resume(trip, bench.under("again/2/"), typed, first, validators)
    after.compare(bench, _visited(bench, first, "full"), kept, resumed)


async def _resume(
    trip: Trip, bench: Bench, typed: Typed, first: End, validators: Validators
) -> Visit | None:
    """Connect anew, with the addresses and the session that are known."""
    earlier = first.open.secured if first.open else None
    opened = await _reach(trip, bench, typed, trip.found[typed.host], earlier)
    if isinstance(opened, End):
        return None
    end = await _ask(trip, bench, typed, opened, validators)
    secured = opened.secured
    resumed = secured is not None and bool(secured.stream.connection.session_reused)
    await opened.session.client.close()
    return _visited(bench, end, "resumed" if resumed else "full")


def _visited(bench: Bench, end: End, connection: after.Connection) -> Visit:
    """One visit, as chapter 10 compares it."""
    assert end.exchanged is not None
    book = ledger(bench.recorder.finish().records, bench.prefix)
    asked: after.Names = "asked" if connection == "full" and not bench.prefix else "cached"
    answer = end.exchanged.answer
    return Visit(book.total, asked, connection, end.exchanged.status, answer.raw_size)


async def _hang_up(trip: Trip) -> None:
    """Close what is still open; a Ctrl-C that comes here must not be held up."""
    for opened in trip.open.values():
        if opened.connected.stream.sock.fileno() != -1:
            connect.after(trip.bench, opened.connected.stream)
    async with asyncio.timeout(1):
        for opened in trip.open.values():
            await opened.session.client.close()
