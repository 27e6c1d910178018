"""The questions of chapter 3, side by side, and when the first address may be dialled.

RFC 8305 §3: an address of IPv6 may be dialled at once; one of IPv4 waits a moment (the Resolution
Delay) for the answer to AAAA, which is the preferred one. What is not in by then comes late, and
holds nobody up.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from netlab.network.base import Network, NoRoute, Resolver, SocketAddress
from netlab.network.dnsanswer import Answer, read_answer
from netlab.network.dnsclient import Exchange, ask

Clock = Callable[[], float]
Rdtype = Literal["A", "AAAA", "HTTPS"]

RESOLUTION_DELAY = 0.05
"""RFC 8305 §8."""
FIRST_TIMEOUT, LAST_TIMEOUT = 2.0, 3.0
LATE = 1.0
"""Seconds for which answers that hold nobody up are waited for."""
MOST_RESOLVERS = 3

FINAL = frozenset({None, "nodata", "nxdomain", "cname-loop"})
"""What an answer says for good; after anything else the next resolver is asked."""

RANK = ("cname-loop", "nxdomain", "nodata", "servfail", "refused", "referral")
TAIL = ("malformed", "timeout", "unreachable")
"""Which failure tells most, when there are several: those of TAIL tell least."""


@dataclass(frozen=True, slots=True)
class Try:
    """One resolver asked. exchange is None when the network has no way to it."""

    resolver: Resolver
    dialled: SocketAddress | None
    exchange: Exchange | None
    answer: Answer


@dataclass(slots=True)
class Question:
    """A name and a type, and all that was tried for an answer."""

    name: str
    rdtype: Rdtype
    tries: list[Try] = field(default_factory=list)

    @property
    def best(self) -> Try | None:
        """The try that says most."""
        return min(self.tries, key=lambda one: rank(one.answer.error), default=None)

    @property
    def answer(self) -> Answer:
        best = self.best
        return best.answer if best else Answer(self.name, error="unreachable")

    @property
    def exchange(self) -> Exchange | None:
        return self.best.exchange if self.best else None

    @property
    def answered_at(self) -> float | None:
        return self.exchange.received_at if self.exchange else None


def rank(error: str | None) -> int:
    """The smaller, the more it says; an answer without error is the best."""
    if error is None:
        return -1
    if error in RANK:
        return RANK.index(error)
    return len(RANK) + (1 + TAIL.index(error) if error in TAIL else 0)


def plan(resolvers: Sequence[Resolver]) -> list[tuple[Resolver, float]]:
    """Whom to ask in which order, and for how long to wait for each: each once, then the first."""
    once = [(resolver, FIRST_TIMEOUT) for resolver in resolvers[:MOST_RESOLVERS]]
    return [*once, *((resolver, LAST_TIMEOUT) for resolver in resolvers[:1])]


@dataclass(slots=True)
class Round:
    """All questions for one name. dialable_at: when the first address could be dialled."""

    questions: list[Question]
    dialable_at: float = 0.0
    late: list["asyncio.Task[None]"] = field(default_factory=list)
    give_up: "asyncio.Future[None] | None" = None

    def of(self, rdtype: Rdtype) -> Question | None:
        return next((one for one in self.questions if one.rdtype == rdtype), None)


async def ask_all(network: Network, questions: list[Question], clock: Clock) -> Round:
    """Ask all at once; returns when an address may be dialled, or none will come."""
    loop = asyncio.get_running_loop()
    asked = Round(questions, give_up=loop.create_future())
    tasks = {
        one.rdtype: loop.create_task(put(network, one, clock, asked.give_up)) for one in questions
    }
    with _cancelling(tasks.values()):
        asked.dialable_at = await until_dialable(asked, tasks, clock)
    asked.late = [task for task in tasks.values() if not task.done()]
    return asked


async def until_dialable(
    asked: Round, tasks: dict[Rdtype, "asyncio.Task[None]"], clock: Clock
) -> float:
    """Wait as RFC 8305 §3 says; answers the instant at which the waiting was over."""
    left = {task for rdtype, task in tasks.items() if rdtype != "HTTPS"}
    while True:
        v4, v6 = (_positive(asked.of(rdtype)) for rdtype in ("A", "AAAA"))
        if v6 is not None:
            return v6
        if not left:
            break
        delay = None if v4 is None else max(0.0, v4 + RESOLUTION_DELAY - clock())
        newly, left = await asyncio.wait(left, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
        if not newly:
            return clock()
        for task in newly:
            task.result()
    ends = [one.answered_at for one in asked.questions if one.rdtype != "HTTPS"]
    return max((end for end in ends if end is not None), default=clock())


def _positive(question: Question | None) -> float | None:
    """When this question's addresses came, if it has any by now."""
    if question is None or not question.answer.addresses:
        return None
    return question.answered_at


@contextmanager
def _cancelling(tasks: Iterable["asyncio.Task[None]"]) -> Iterator[None]:
    """An interrupt of whoever waits for the tasks ends them too."""
    try:
        yield
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


async def wait_for_late(asked: Round) -> None:
    """Give what is still out a moment, then give it up."""
    if not asked.late:
        return
    with _cancelling(asked.late):
        await asyncio.wait(asked.late, timeout=LATE)
        if asked.give_up is not None:
            asked.give_up.set_result(None)
        await asyncio.wait(asked.late)
    for task in asked.late:
        task.result()


async def put(
    network: Network, question: Question, clock: Clock, give_up: "asyncio.Future[None] | None"
) -> None:
    """Ask one resolver after the other until one gives an answer that is final."""
    steps = plan(network.resolvers)
    for number, (resolver, timeout) in enumerate(steps):
        one = await _try(network, resolver, question, clock, timeout, give_up)
        question.tries.append(one)
        error = one.answer.error
        if error in FINAL or (give_up is not None and give_up.done()):
            return
        last_resolver = number + 1 >= len(steps) - 1
        if last_resolver and any(each.answer.error != "timeout" for each in question.tries):
            return


async def _try(
    network: Network,
    resolver: Resolver,
    question: Question,
    clock: Clock,
    timeout: float,
    give_up: "asyncio.Future[None] | None",
) -> Try:
    try:
        udp = network.dialled(resolver.address, resolver.port, "udp")
        tcp = network.dialled(resolver.address, resolver.port, "tcp")
    except NoRoute:
        return Try(resolver, None, None, Answer(question.name, error="unreachable"))
    exchange = await ask(
        question.name, question.rdtype, udp, clock, timeout, give_up=give_up, server_tcp=tcp
    )
    return Try(resolver, udp, exchange, read_answer(exchange, question.name, question.rdtype))
