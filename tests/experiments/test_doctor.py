"""The examination, of machines that lack this or that."""

import asyncio
import importlib.metadata
from dataclasses import dataclass, replace

import pytest

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.doctor import examination, machine
from netlab.experiments.doctor.examination import Options, Terminal
from netlab.experiments.doctor.known import KERNEL, TOOLS
from netlab.experiments.doctor.machine import Python, ThisMachine, Tls
from netlab.explain.pages import topics
from netlab.network.abilities import Families, Kernel, Waiting
from netlab.network.base import Resolver
from netlab.network.choose import Reply
from netlab.network.internet import Internet
from netlab.network.programs import Found
from netlab.network.resolvers import Configuration
from netlab.network.system import Proxy
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Recording, Step, Value

OWN = ("alice-laptop", "192.168.7.53", "2001:db8::53", "/home/alice", "proxy.example")
"""What is nobody's business but the person's own."""


PYTHON = Python("3.14.1", "CPython", True, 8, "Linux 6.1 x86_64", ("rich 15",), "/home/alice/py")
EVERYWHERE = Families(True, True, True, True)
RESOLVER = Resolver("192.168.7.53", 53, "/etc/resolv.conf")
ALL_TOLD = Kernel(True, True, True, True, True, True, True)
NEW_TLS = Tls("OpenSSL 3.5.1", ("X25519MLKEM768", "x25519"), True)
LINUX = Waiting(True, False, True, True, (1024, 524288))


@dataclass(frozen=True)
class Pretend:
    """A machine that has all; a test takes something away."""

    _python: Python = PYTHON
    _families: Families = EVERYWHERE
    _resolvers: tuple[Resolver, ...] = (RESOLVER,)
    _answer: Reply = "other"
    _proxies: tuple[Proxy, ...] = ()
    _kernel: Kernel = ALL_TOLD
    _tls: Tls = NEW_TLS
    _waiting: Waiting = LINUX
    _tools: tuple[Found, ...] = tuple(
        Found(one.name, f"/home/alice/bin/{one.name}", "1.2") for one in TOOLS
    )

    def python(self) -> Python:
        return self._python

    def families(self) -> Families:
        return self._families

    def resolvers(self) -> tuple[Resolver, ...]:
        return self._resolvers

    async def resolver_answers(self) -> Reply:
        return self._answer

    def proxies(self) -> tuple[Proxy, ...]:
        return self._proxies

    def kernel(self) -> Kernel:
        return self._kernel

    def tls(self) -> Tls:
        return self._tls

    def waiting(self) -> Waiting:
        return self._waiting

    async def tools(self) -> tuple[Found, ...]:
        return self._tools


OPTIONS = Options(
    Terminal(80, True, True, "utf-8", True, True), "~/.local/state/netlab", lambda: 0.3
)


def examined(asked: Pretend, options: Options = OPTIONS) -> Recording:
    recorder = Recorder(Header("2026-01-01T00:00:00", ("netlab", "doctor"), "doctor", "x", {}))
    network = Internet(configuration=Configuration(()))
    assert asyncio.run(examination.run(Bench(recorder, network), asked, options)) is Exit.OK
    return recorder.finish()


def facts(recording: Recording) -> dict[str, Value]:
    return {one.name: one.value for one in recording.records if isinstance(one, Fact)}


def findings(recording: Recording) -> list[str]:
    return [one.title for one in recording.records if isinstance(one, Finding)]


def test_a_machine_that_has_all_is_told_nothing() -> None:
    assert findings(examined(Pretend())) == []


def test_every_chapter_has_its_page() -> None:
    steps = [one.topic for one in examined(Pretend()).records if isinstance(one, Step)]
    assert len(steps) == 7
    assert set(steps) <= set(topics())


@pytest.mark.parametrize("full", [False, True])
def test_what_is_the_persons_own_stands_only_in_full(full: bool) -> None:
    asked = Pretend(_proxies=(Proxy("https_proxy", "http://proxy.example:3128"),))
    state = "/home/alice/.local/state/netlab" if full else OPTIONS.state
    said = str(examined(asked, replace(OPTIONS, full=full, state=state)).records)
    for own in ("192.168.7.53", "/home/alice/py", "/home/alice/bin/dig", "proxy.example"):
        assert (own in said) is full
    assert "https_proxy" in said
    if not full:
        assert not any(own in said for own in OWN)


@pytest.mark.parametrize(
    ("lacking", "found"),
    [
        ({"_families": Families(True, False, True, False)}, "no way out over IPv6"),
        ({"_answer": "silence"}, "The resolver leads nowhere"),
        ({"_answer": "nxdomain"}, "The resolver leads nowhere"),
        ({"_proxies": (Proxy("http_proxy", "x"),)}, "names a proxy"),
        ({"_tls": Tls("OpenSSL 3.0", ("x25519",), True)}, "does not offer X25519MLKEM768"),
        ({"_tls": Tls("OpenSSL 3.5", ("X25519MLKEM768",), False)}, "no trust anchors"),
        ({"_waiting": Waiting(True, False, True, True, (256, 1024))}, "more than 1024 open files"),
        ({"_tools": tuple(Found(one.name) for one in TOOLS)}, "tools that are not here"),
        (
            {"_python": Python("3", "C", True, 1, "L", ("rich missing",), "py")},
            "Not installed: rich.",
        ),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_is_missing_is_found_with_what_helps(lacking: dict[str, object], found: str) -> None:
    recording = examined(replace(Pretend(), **lacking))  # type: ignore[arg-type]
    (finding,) = [one for one in recording.records if isinstance(one, Finding)]
    assert found in finding.title
    assert finding.advice


@pytest.mark.parametrize("ability", KERNEL, ids=lambda one: one.key)
def test_each_ability_of_the_kernel_that_is_refused_has_its_advice(ability: object) -> None:
    key = getattr(ability, "key")  # noqa: B009
    refused = examined(Pretend(_kernel=replace(ALL_TOLD, **{key: False})))
    absent = examined(Pretend(_kernel=replace(ALL_TOLD, **{key: None})))
    assert len(findings(refused)) == 1
    assert findings(absent) == [], "what a system has not got cannot be had by advice"
    assert (facts(refused)[f"doctor.{key}"], facts(absent)[f"doctor.{key}"]) == ("no", "not here")


def test_offline_asks_no_resolver() -> None:
    class Silent(Pretend):
        async def resolver_answers(self) -> Reply:
            raise AssertionError("asked")

    recording = examined(Silent(), replace(OPTIONS, offline=True))
    assert facts(recording)["doctor.resolver_answer"] == "not asked"
    assert findings(recording) == []


@pytest.mark.parametrize("error", [OSError(2, "no python"), NetlabError("it did not stand")])
def test_a_lab_that_does_not_start_is_a_fault(error: Exception) -> None:
    def lab() -> float:
        raise error

    recording = examined(Pretend(), replace(OPTIONS, lab=lab))
    assert findings(recording) == ["The lab does not start: nothing can be shown offline."]
    assert "doctor.lab" not in facts(recording)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.53", "a stub on this machine"), ("::1", "a stub on this machine"),
        ("192.168.1.1", "a resolver of the local network"),
        ("fe80::1%eth0", "a resolver of the local network"),
        ("9.9.9.9", "a resolver on the internet"),
    ],
)  # fmt: skip
def test_a_resolver_is_named_by_its_kind(address: str, kind: str) -> None:
    assert examination.kind(Resolver(address, 53, "")) == kind


def test_a_terminal_without_our_letters_is_told_what_helps() -> None:
    plain = replace(OPTIONS.terminal, encoding="cp949", glyphs=False)
    (finding,) = findings(examined(Pretend(), replace(OPTIONS, terminal=plain)))
    assert finding.startswith("cp949 has no letters")


def test_this_machine_names_its_packages_with_their_versions() -> None:
    found = ThisMachine().python()
    assert any(one.startswith("typer 0.") for one in found.packages)
    assert not any("pytest" in one for one in found.packages), "those of tests are no part of it"
    assert found.processors >= 1


def test_a_package_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        importlib.metadata, "requires",
        lambda name: ["surely-not-there>=1", "rich>=14; python_version>'3'", "x; extra == 'test'"],
    )  # fmt: skip
    missing, rich = machine.packages()
    assert missing == "surely-not-there missing"
    assert rich.startswith("rich 1")
