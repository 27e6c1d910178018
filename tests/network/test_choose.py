"""Internet or lab: each rule, on a probe that only says what it is told."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from netlab.network.choose import (
    Decision,
    Reply,
    Wish,
    decide,
    reply_of,
    root_reply,
    stays,
    verdict,
)
from netlab.network.system import Proxy
from tests.nameserver import closed_port, name_server, respond
from tests.witness import give_up

LAB = ("www.google.com", "www.naver.com", "expired.broken.example.org")


@dataclass
class Told:
    """A probe that answers as it was told, and keeps what it was asked."""

    routes: bool = True
    resolvers: bool = True
    root: Reply = "other"
    known: bool = False
    names: tuple[Proxy, ...] = ()
    asked: list[str] = field(default_factory=list)

    def proxies(self) -> Sequence[Proxy]:
        return self.names

    def in_hosts_file(self, host: str) -> bool:
        return self.known

    def has_route(self) -> bool:
        self.asked.append("route")
        return self.routes

    def resolvers_reachable(self) -> bool:
        self.asked.append("resolvers")
        return self.resolvers

    async def root_query(self, seconds: float) -> Reply:
        self.asked.append(".")
        assert 0 < seconds <= 0.5
        return self.root


def choose(probe: Told, host: str = "www.google.com", wish: Wish | None = None) -> Decision:
    return decide(host, wish or Wish(), probe, LAB)


def after(code: str, probe: Told, host: str = "www.google.com") -> Decision:
    """The decision after the first look-up failed with this code."""
    return asyncio.run(verdict(code, host, probe, LAB))


@pytest.mark.parametrize("network", ["internet", "lab"])
def test_what_was_said_is_done(network: str) -> None:
    probe = Told(routes=False, resolvers=False)
    got = choose(probe, wish=Wish(network=network))  # type: ignore[arg-type]
    assert (got.network, got.reason, probe.asked) == (network, "", [])


def test_a_given_resolver_never_switches() -> None:
    probe = Told(resolvers=False)
    assert choose(probe, wish=Wish(resolver="192.0.2.1")) == Decision("internet")
    assert probe.asked == []


@pytest.mark.parametrize(
    "host",
    ["", "localhost", "app.localhost", "LOCALHOST.", "127.0.0.1", "::1", "[::1]", "10.0.0.7",
     "142.250.76.36", "2001:db8::1", "printer", "nas.local", "wiki.corp", "x.home.arpa"],
)  # fmt: skip
def test_addresses_and_private_names_never_switch(host: str) -> None:
    probe = Told(routes=False, resolvers=False)
    assert choose(probe, host) == Decision("internet")
    assert probe.asked == []


@pytest.mark.parametrize("host", ["www.google.com", "localhost.example.org", "corp.example"])
def test_public_names_may(host: str) -> None:
    assert not stays(host)


def test_a_name_of_the_hosts_file_never_switches() -> None:
    assert choose(Told(known=True, routes=False)) == Decision("internet")


def test_unreachable_resolvers_decide_without_a_packet() -> None:
    probe = Told(resolvers=False)
    got = choose(probe)
    assert got.network == "lab"
    assert got.reason.startswith("No way out: no way leads to this machine's resolver.")
    assert probe.asked == ["resolvers"]


def test_a_stub_on_loopback_proves_no_way_out() -> None:
    probe = Told(routes=False)
    assert choose(probe).network == "lab"
    assert probe.asked == ["resolvers", "route"]


def test_where_the_kernel_knows_a_way_nothing_is_asked() -> None:
    """A query before the journey would warm the resolver's cache, and falsify the journey's own."""
    probe = Told()
    assert choose(probe) == Decision("internet", uncertain=True)
    assert probe.asked == ["resolvers", "route"]


@pytest.mark.parametrize("root", ["silence", "unreachable"])
def test_silence_is_no_way_out(root: Reply) -> None:
    got = after("timeout", Told(root=root))
    assert got.network == "lab"
    assert got.reason.startswith("No way out: the resolver has not answered for 1.5 s.")


@pytest.mark.parametrize("root", ["servfail", "other"])
def test_a_resolver_that_answers_for_the_root_is_only_slow(root: Reply) -> None:
    assert after("timeout", Told(root=root)) == Decision("internet")


def test_where_nothing_listens_nothing_more_is_asked() -> None:
    probe = Told()
    assert after("unreachable", probe).network == "lab"
    assert probe.asked == []


@pytest.mark.parametrize("code", ["timeout", "nxdomain", "servfail"])
def test_a_resolver_that_denies_the_root_is_cut_off(code: str) -> None:
    probe = Told(root="nxdomain")
    got = after(code, probe)
    assert (got.network, probe.asked) == ("lab", ["."])
    assert "even the root does not exist" in got.reason


@pytest.mark.parametrize("code", ["nxdomain", "servfail"])
@pytest.mark.parametrize("root", ["servfail", "silence", "unreachable", "other"])
def test_any_other_failure_of_the_name_keeps_the_internet(code: str, root: Reply) -> None:
    assert after(code, Told(root=root)) == Decision("internet")


@pytest.mark.parametrize("code", ["refused", "nodata", "malformed", "cname-loop", "bad-name"])
def test_an_answer_that_proves_nothing_asks_nothing(code: str) -> None:
    probe = Told(root="nxdomain")
    assert after(code, probe) == Decision("internet")
    assert probe.asked == []


@pytest.mark.parametrize(
    ("rcode", "fault", "reply"),
    [("NOERROR", None, "other"), ("REFUSED", None, "other"), ("NXDOMAIN", None, "nxdomain"),
     ("SERVFAIL", None, "servfail"), (None, "malformed", "other"), (None, "timeout", "silence"),
     ("NOERROR", "timeout", "other"),
     (None, "unreachable", "unreachable")],
)  # fmt: skip
def test_what_counts_as_what(rcode: str | None, fault: str | None, reply: Reply) -> None:
    assert reply_of(rcode, fault) == reply


def test_a_proxy_is_named_in_the_reason() -> None:
    probe = Told(routes=False, names=(Proxy("HTTPS_PROXY", "http://***@proxy:3128"),))
    assert "HTTPS_PROXY names a proxy, http://***@proxy:3128" in choose(probe).reason


def test_a_name_that_the_lab_has_not_stays_and_is_told_which_it_has() -> None:
    for got in (
        choose(Told(routes=False), "www.kernel.example"),
        after("timeout", Told(root="silence"), "www.kernel.example"),
    ):
        assert (got.network, got.uncertain) == ("internet", False)
        told = "The lab does not know www.kernel.example; it knows www.google.com, www.naver.com "
        assert f"{told}and more: see `netlab lab hosts`." in got.reason


def test_the_sentence_that_names_them_is_short() -> None:
    """A view cuts a longer one off."""
    got = decide("www.kernel.example", Wish(), Told(routes=False))
    assert ", www.naver.com, " in got.reason
    assert len(got.reason) < 300
    assert "more" not in decide("x.example", Wish(), Told(routes=False), LAB[:2]).reason


def test_the_labs_own_names_are_the_catalogues() -> None:
    assert decide("WWW.Google.com.", Wish(), Told(routes=False)).network == "lab"


def heard(*answers: Reply | None) -> Reply:
    """What resolvers that answer so lead to; None is a resolver that never answers."""
    rcodes = {"nxdomain": "NXDOMAIN", "servfail": "SERVFAIL", "other": "REFUSED"}

    async def run(addresses: list[tuple[str, int]], left: list[Reply | None]) -> Reply:
        if not left:
            return await root_reply(addresses, 0.3)
        if left[0] == "unreachable":
            return await run([*addresses, closed_port()], left[1:])

        def answer(query: bytes, _: str) -> bytes | None:
            return respond(query, rcode=rcodes[left[0]]) if left[0] else None

        async with name_server(answer) as address:
            return await run([*addresses, address], left[1:])

    return asyncio.run(run([], list(answers)))


@pytest.mark.parametrize(
    ("answers", "reply"),
    [
        (("other",), "other"),
        ((None, "other"), "other"),
        (("servfail", "other"), "other"),
        (("unreachable", "other"), "other"),
        (("nxdomain", None), "nxdomain"),
        (("servfail", "nxdomain"), "nxdomain"),
        ((None,), "silence"),
        (("unreachable", None), "silence"),
        (("unreachable",), "unreachable"),
        ((), "unreachable"),
    ],
)
def test_the_best_answer_of_all_resolvers_counts(
    answers: tuple[Reply | None, ...], reply: Reply
) -> None:
    assert heard(*answers) == reply


def test_an_answer_is_not_kept_waiting_by_a_silent_resolver() -> None:
    async def run() -> float:
        async with (
            name_server(lambda *_: None) as silent,
            name_server(lambda query, _: respond(query)) as quick,
        ):
            began = time.monotonic()
            assert await root_reply([silent, quick], 20.0) == "other"
            return time.monotonic() - began

    assert asyncio.run(run()) < 10


CODE = """
import json, sys, time
from netlab.network.choose import Machine, Wish, decide
from netlab.network.resolvers import parse_resolv_conf
began = time.perf_counter()
probe = Machine(parse_resolv_conf(sys.argv[1], "test").resolvers)
got = decide("www.google.com", Wish(), probe)
print(json.dumps([got.network, got.reason, time.perf_counter() - began]))
"""

SILENT_WORLD = (
    # A cable with nobody at its other end, who yet has a hardware address: packets get lost.
    "ip link add v0 type veth peer name v1 && ip addr add 192.168.7.20/24 dev v0 && "
    "ip link set v0 up && ip link set v1 up && ip route add default via 192.168.7.1 && "
    "ip neigh add 192.168.7.1 lladdr 02:00:00:00:00:01 dev v0 && "
    "ip route add unreachable 203.0.113.0/24"
)


def in_a_namespace(setup: str, resolv_conf: str) -> tuple[str, str, float]:
    """The decision of a machine that has this set-up and nothing else."""
    shell = f'ip link set lo up && {setup} && exec "$@"'
    line = ["unshare", "-n", "sh", "-c", shell, "sh", sys.executable, "-c", CODE, resolv_conf]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    except FileNotFoundError:
        give_up("there is no unshare on this machine")
    if done.returncode:
        give_up(f"no network namespace like that can be made here: {done.stderr.strip()[-200:]}")
    network, reason, seconds = json.loads(done.stdout)
    return network, reason, seconds


@pytest.mark.witness
@pytest.mark.parametrize(
    ("resolv_conf", "why"),
    [("nameserver 192.0.2.53", "no way leads to this machine's resolver"),
     ("nameserver 127.0.0.53", "no route to the internet"), ("", "no route to the internet")],
)  # fmt: skip
def test_a_machine_without_any_route_takes_the_lab_at_once(resolv_conf: str, why: str) -> None:
    network, reason, seconds = in_a_namespace("true", resolv_conf)
    assert network == "lab"
    assert why in reason
    assert seconds < 0.5


@pytest.mark.witness
def test_a_machine_behind_a_cut_cable_is_left_to_the_journey() -> None:
    network, reason, seconds = in_a_namespace(SILENT_WORLD, "nameserver 192.168.7.1")
    assert (network, reason) == ("internet", "")
    assert seconds < 0.5


@pytest.mark.witness
def test_a_resolver_without_a_route_is_seen_without_a_packet() -> None:
    network, reason, seconds = in_a_namespace(SILENT_WORLD, "nameserver 203.0.113.53")
    assert network == "lab"
    assert "no way leads" in reason
    assert seconds < 0.5
