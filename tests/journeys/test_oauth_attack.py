"""`netlab oauth attack`: each works undefended, and fails defended at the named step."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.oauth.attacks import running
from netlab.experiments.oauth.attacks.running import ATTACKS
from netlab.lab import Lab
from netlab.network.lab import LabNetwork
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact
from tests.dnsworld import header
from tests.journeys.command import netlab

STOPPED = {
    "code-interception": ("token endpoint", "RFC 7636"),
    "login-csrf": ("callback", "RFC 6749 §10.12"),
    "redirect-prefix": ("authorization endpoint", "RFC 9700 §4.1"),
    "open-redirect": ("client", "RFC 9700 §4.11.1"),
    "code-replay": ("token endpoint", "RFC 6749 §4.1.2"),
    "refresh-replay": ("token endpoint", "RFC 9700 §4.14"),
    "mix-up": ("callback", "RFC 9207"),
    "pkce-downgrade": ("token endpoint", "RFC 9700 §4.8.2"),
    "wrong-audience": ("resource server", "RFC 9068 §4"),
    "scope-escalation": ("token endpoint", "RFC 6749 §6"),
    "alg-none": ("resource server", "RFC 9068 §4"),
    "key-confusion": ("resource server", "RFC 9068 §4"),
    "implicit-leak": ("browser", "RFC 9700 §2.1.2"),
}


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    """A lab of these tests' own, as they set its servers."""
    with Lab.start() as lab:
        yield lab


def run(lab: Lab, name: str, **which: Any) -> tuple[Exit, dict[tuple[str, str], Any]]:
    recorder = Recorder(header())
    code = asyncio.run(running.run(Bench(recorder, LabNetwork(lab)), name, **which))
    found = [one for one in recorder.finish().records if isinstance(one, Fact)]
    return code, {(one.step, one.name): one.value for one in found}


def test_all_that_are_promised_are_there() -> None:
    assert set(ATTACKS) == set(STOPPED)


@pytest.mark.parametrize("name", STOPPED)
def test_it_works_undefended_and_fails_defended_at_the_named_step(own: Lab, name: str) -> None:
    code, found = run(own, name)
    assert code is Exit.OK, found
    assert found["attack.undefended", "attack.succeeded"] is True
    assert found["attack.undefended", "attack.loot"]
    assert found["attack.defended", "attack.succeeded"] is False
    at, rule = STOPPED[name]
    assert found["attack.defended", "attack.stopped_at"] == at
    assert rule in found["attack.defended", "attack.stopped_by"]
    assert len(found["attack.defended", "attack.on"]) == 1


ALSO = [(attack.name, other) for attack in ATTACKS.values() for other in attack.also]


@pytest.mark.parametrize(("name", "other"), ALSO)
def test_what_is_said_to_stop_it_too_does_so_alone(own: Lab, name: str, other: str) -> None:
    code, found = run(own, name, undefended=False, by=other)
    assert (code, found["attack.defended", "attack.succeeded"]) == (Exit.OK, False)


def test_the_servers_are_as_they_were_afterwards(own: Lab) -> None:
    run(own, "code-interception", defended=False)
    for service in ("web:auth.example.com", "web:api.example.com"):
        assert own.command("oauth", service=service)["settings"]["off"] == ""


def test_an_outcome_that_was_not_foretold_is_a_fault(
    own: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is switched off: the attack fails where it should have worked."""

    async def idle(*_: object) -> None:
        pass

    monkeypatch.setattr(running, "_set", idle)
    code, found = run(own, "wrong-audience", defended=False)
    assert code is Exit.HTTP
    assert found["attack.undefended", "attack.succeeded"] is False


def test_the_list_has_a_name_and_a_sentence_a_line() -> None:
    ran = netlab("oauth", "attack", "--list", "--plain")
    lines = ran.out.splitlines()
    assert (ran.code, [line.split()[0] for line in lines]) == (Exit.OK, list(ATTACKS))
    assert all(line.endswith(".") for line in lines)
    assert "mix-up" in netlab("oauth", "attack", "--list").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("mixup",), "did you mean mix-up?"),
        ((), "which one?"),
        (("mix-up", "--defended", "--undefended"), "exclude each other"),
    ],
)
def test_mistakes_are_told(words: tuple[str, ...], says: str) -> None:
    ran = netlab("oauth", "attack", *words)
    assert (ran.code, says in ran.err) == (Exit.USAGE, True), ran.err


def test_a_whole_command() -> None:
    ran = netlab("oauth", "attack", "mix-up", "--json")
    assert ran.code == Exit.OK, ran.err
    steps = [step["id"] for step in ran.records("step")]
    assert steps == ["attack.undefended", "attack.defended"]
    assert {m["receiver"] for m in ran.records("message")} >= {"as", "rogue", "client"}


def test_settings_that_somebody_made_outlive_an_attack(own: Lab) -> None:
    """As in a lab that `netlab lab up` keeps running."""
    wanted: dict[str, dict[str, Any]] = {
              "web:auth.example.com": {"access_lifetime": 7.0, "protections": {"iss": False}},
              "web:auth.example.net": {"access_tokens": "opaque"},
              "web:files.example.com": {"mode": "jwt"}}  # fmt: skip
    for service, more in wanted.items():
        own.command("oauth", service=service, **more)
    try:
        before = {service: own.command("oauth", service=service)["settings"] for service in wanted}
        code, _ = run(own, "mix-up")
        assert code is Exit.OK
        after = {service: own.command("oauth", service=service)["settings"] for service in wanted}
        assert before == after
        assert after["web:auth.example.com"]["off"] == "iss"
    finally:
        for service in wanted:
            own.command("oauth", service=service, reset=True)
