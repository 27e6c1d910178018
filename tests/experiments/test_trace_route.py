"""Chapter 5 tells what the kernel says, and reasons only where that is sound."""

import pytest

from netlab.experiments.trace import route
from netlab.network import kernel
from netlab.network.kernel import Route
from tests.experiments.near import Story, bench


def way(source: str | None, destination: str = "93.184.215.14", **changes: object) -> Route:
    told = {"interface": "eth0", "gateway": "192.0.2.1", "kind": "gateway", "mtu": 1500}
    return Route(destination, source, **(told | changes))  # type: ignore[arg-type]


def test_loopback_is_told_as_loopback_with_no_gateway() -> None:
    made = bench({"203.0.113.10": ("127.0.0.1", 43127)})
    route.run(made, "203.0.113.10", 443)
    story = Story(made)
    facts = story.facts()

    assert facts["route.source"] == "127.0.0.1"
    assert facts["route.kind"] == "loopback"
    assert facts["route.gateway"] is None
    assert facts["route.nat"] == "not-needed"
    assert "route.hops" not in facts
    assert "203.0.113.10" in story.fact("route.destination").note
    assert story.fact("route.source").origin == "kernel"


def test_the_question_stands_outside_of_the_journey() -> None:
    made = bench({"203.0.113.10": ("127.0.0.1", 43127)})
    route.run(made, "203.0.113.10", 443)

    assert [p.owner for p in Story(made).phases("aside")] == ["netlab"]
    assert Story(made).phases("journey") == []


def test_no_route_is_told_and_raises_nothing() -> None:
    made = bench()

    assert route.run(made, "203.0.113.10", 443) is None
    assert Story(made).facts()["route.error"] == "unreachable"


@pytest.mark.parametrize(
    ("source", "destination", "verdict"),
    [
        ("192.168.1.5", "93.184.215.14", "likely"),
        ("100.72.0.9", "93.184.215.14", "likely"),
        ("fd00::5", "2606:2800:21f::1", "likely"),
        ("192.168.1.5", "10.1.2.3", "not-needed"),
        ("93.184.215.99", "93.184.215.14", "none"),
        ("2606:2800:21f::2", "2606:2800:21f::1", "none"),
    ],
)
def test_whether_an_address_must_be_translated(source: str, destination: str, verdict: str) -> None:
    assert route.nat(way(source, destination)) == verdict


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("10.0.0.1", True), ("172.15.255.255", False), ("172.16.0.1", True),
        ("172.32.0.1", False), ("192.168.0.1", True), ("100.63.255.255", False),
        ("100.64.0.1", True), ("fd12::1", True), ("fe80::1%eth0", True), ("2001:db8::1", False),
        ("203.0.113.5", False), (None, False),
    ],
)  # fmt: skip
def test_which_addresses_are_private(address: str | None, private: bool) -> None:
    assert route.is_private(address) is private


@pytest.mark.parametrize(
    ("ttl", "hops"), [(64, 0), (57, 7), (65, 63), (128, 0), (113, 15), (246, 9), (255, 0)]
)
def test_how_many_routers_took_one_off(ttl: int, hops: int) -> None:
    assert route.hops(ttl) == hops


def test_the_received_ttl_is_the_kernels_and_the_hops_are_computed() -> None:
    made = bench({"203.0.113.10": ("127.0.0.1", 1)})
    route.run(made, "203.0.113.10", 443, received_ttl=57)
    story = Story(made)

    assert story.fact("route.received_ttl").origin == "kernel"
    assert story.fact("route.hops").value == 7
    assert story.fact("route.hops").origin == "computed"
    assert "64" in story.fact("route.hops").note


def test_what_the_system_cannot_tell_is_listed_and_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = Route("93.184.215.14", "192.168.1.5", None, None, None, None,
                 ("interface", "gateway", "mtu"))  # fmt: skip
    monkeypatch.setattr(kernel, "route", lambda _: told)
    made = bench({"93.184.215.14": ("93.184.215.14", 443)})
    route.run(made, "93.184.215.14", 443)
    facts = Story(made).facts()

    assert facts["route.unknown"] == ["interface", "gateway", "mtu"]
    assert facts["route.source"] == "192.168.1.5"
    assert facts.keys().isdisjoint({"route.kind", "route.gateway", "route.mtu"})


def test_a_narrow_way_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "route", lambda _: way("192.168.1.5", mtu=1400))
    made = bench({"93.184.215.14": ("93.184.215.14", 443)})
    route.run(made, "93.184.215.14", 443)

    assert ["1400" in note.title for note in Story(made).findings("note")] == [True]
