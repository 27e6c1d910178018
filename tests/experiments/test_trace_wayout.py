"""Turning back: on loopback, with resolvers that answer as they are told, or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from netlab.errors import Exit
from netlab.experiments.trace import questions, wayout
from netlab.experiments.trace.options import Options
from netlab.experiments.trace.wayout import NoWayOut
from netlab.network.choose import Reply
from netlab.network.system import Proxy
from tests.dnsworld import Story, play
from tests.nameserver import Answerer, asked, respond
from tests.nameserver import Reply as Octets

NAME = "www.google.com"
SILENCE = 0.05
NEVER = 60.0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journey's own patience; the silence that decides is shorter than it, as in earnest."""
    monkeypatch.setattr(questions, "FIRST_TIMEOUT", 0.3)
    monkeypatch.setattr(questions, "LAST_TIMEOUT", 0.3)
    monkeypatch.setattr(questions, "LATE", 0.05)


@dataclass
class Resolvers:
    """A probe that says this of the root, and counts how often it was asked."""

    root: Reply = "silence"
    asked: int = 0

    def proxies(self) -> Sequence[Proxy]:
        return ()

    def in_hosts_file(self, host: str) -> bool:
        return False

    def has_route(self) -> bool:
        return True

    def resolvers_reachable(self) -> bool:
        return True

    async def root_query(self, seconds: float) -> Reply:
        self.asked += 1
        return self.root


@dataclass
class Slow(Resolvers):
    """Gives the root up only after the name was answered, while late answers are waited for."""

    answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def root_query(self, seconds: float) -> Reply:
        reply = await super().root_query(seconds)
        await self.answered.wait()
        await asyncio.sleep(0.1)
        return reply


def travel(
    answer: Answerer, probe: Resolvers, host: str = NAME, silence: float = SILENCE
) -> tuple[Exit, Story]:
    """A journey to a lab's name; nothing but the resolver can be reached."""
    return play(
        lambda bench: wayout.travel(bench, Options(host), host, probe, (NAME,), silence),
        {"192.0.2.53": answer}, ("192.0.2.53",),
    )  # fmt: skip


def silent(query: bytes, transport: str) -> Octets:
    return None


def says(rcode: str) -> Answerer:
    return lambda query, transport: respond(query, rcode=rcode)


def test_silence_ends_the_journey() -> None:
    probe = Resolvers("silence")
    with pytest.raises(NoWayOut) as told:
        travel(silent, probe)
    assert "not answered" in told.value.reason
    assert probe.asked == 1


def test_a_resolver_that_answers_for_the_root_keeps_the_journey() -> None:
    probe = Resolvers("other")
    end, story = travel(silent, probe)
    assert end is Exit.TIMEOUT
    assert story.facts["dns.error"] == "timeout"
    assert "run.note" not in story.facts
    assert probe.asked == 1


def test_an_answer_that_comes_while_the_root_is_asked_for_keeps_the_journey(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first query is lost, the second answered; nothing is heard of the root even later."""
    monkeypatch.setattr(questions, "LATE", 0.5)
    probe = Slow()
    lost: set[str] = set()

    def later(query: bytes, transport: str) -> Octets:
        _, rdtype = asked(query)
        if rdtype == "HTTPS" or rdtype not in lost:
            lost.add(rdtype)
            return None
        probe.answered.set()
        return respond(query, f"{NAME}. 300 IN A 192.0.2.1")

    end, story = travel(later, probe)
    assert end is Exit.CONNECT
    assert story.facts["dns.answers"] == ["192.0.2.1"]
    assert probe.asked == 1


def test_an_answer_in_time_asks_nothing() -> None:
    probe = Resolvers("nxdomain")
    end, _ = travel(lambda query, _: respond(query, f"{NAME}. 300 IN A 192.0.2.1"), probe)
    assert end is Exit.CONNECT
    assert probe.asked == 0


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL"])
def test_a_resolver_that_is_cut_off_ends_the_journey(rcode: str) -> None:
    with pytest.raises(NoWayOut, match="even the root"):
        travel(says(rcode), Resolvers("nxdomain"), silence=NEVER)


@pytest.mark.parametrize("rcode", ["NXDOMAIN", "SERVFAIL"])
def test_a_name_that_fails_alone_ends_as_ever_and_the_question_stands_beside(rcode: str) -> None:
    probe = Resolvers("other")
    end, story = travel(says(rcode), probe, silence=NEVER)
    assert end is Exit.NAME
    assert probe.asked == 1
    assert [one.path for one in story.phases if "way out" in one.name] == ["aside"]
    assert "run.note" not in story.facts


def test_a_refusal_proves_nothing() -> None:
    probe = Resolvers("nxdomain")
    end, story = travel(says("REFUSED"), probe, silence=NEVER)
    assert (end, probe.asked) == (Exit.NAME, 0)
    assert story.facts["dns.error"] == "refused"


def test_a_name_that_the_lab_has_not_fails_by_itself_and_the_reason_is_told() -> None:
    probe = Resolvers("silence")
    end, story = travel(silent, probe, "www.kernel.example")
    assert (end, probe.asked) == (Exit.TIMEOUT, 1)
    note = story.facts["run.note"]
    assert isinstance(note, str)
    assert note.startswith("No way out: ")
    assert f"does not know www.kernel.example; it knows {NAME}." in note
