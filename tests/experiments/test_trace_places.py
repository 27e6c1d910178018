"""Chapter 2 on files that are handed in."""

from typing import Any

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace import places
from netlab.experiments.trace.places import Places
from netlab.network.base import Resolver
from netlab.network.hosts import HostsFile
from netlab.network.resolvers import Configuration
from netlab.recording.recorder import Recorder
from tests.dnsworld import Story, World, header

OWN = Configuration(
    (Resolver("192.0.2.53", 53, "/etc/resolv.conf"),), ("corp.example",), 2, "/etc/resolv.conf",
    ("files", "dns"), "/etc/nsswitch.conf",
)  # fmt: skip


def look(
    host: str,
    literal: str | None = None,
    match: tuple[str, ...] = (),
    network: str = "internet",
    configuration: Configuration = OWN,
    **environment: str,
) -> tuple[Places, Story]:
    world = World((), ())
    world.name = network
    world.resolvers = (
        OWN.resolvers if network == "internet" else (Resolver("192.0.2.7", 53, "the lab"),)
    )
    recorder = Recorder(header())
    found = places.run(
        Bench(recorder, world), host, literal,
        hosts_file=HostsFile("/etc/hosts", 3, match), configuration=configuration,
        environment=environment,
    )  # fmt: skip
    return found, Story(recorder.finish().records)


def test_a_name_that_no_place_knows_goes_to_dns() -> None:
    found, story = look("www.example.com")
    assert (found.asks_dns, found.special, found.addresses) == (True, "none", ())
    assert story.facts == {
        "places.special": "none",
        "places.hosts_file": "/etc/hosts",
        "places.hosts_entries": 3,
        "places.order": ["files", "dns"],
        "places.order_source": "/etc/nsswitch.conf",
        "places.resolvers": [{"address": "192.0.2.53", "port": 53, "source": "/etc/resolv.conf"}],
        "places.search": ["corp.example"],
        "places.ndots": 2,
    }
    assert [(p.name, p.path, p.owner) for p in story.phases] == [
        ("hosts file and settings", "journey", "netlab")
    ]
    assert story.findings == []


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "app.localhost"])
def test_localhost_is_loopback_by_definition(host: str) -> None:
    found, story = look(host, match=("192.0.2.66",))
    assert (found.special, found.addresses) == ("localhost", ("::1", "127.0.0.1"))
    assert found.source == "RFC 6761 §6.3"
    assert "places.hosts_match" not in story.facts


@pytest.mark.parametrize("host", ["notlocalhost", "localhost.example"])
def test_other_names_are_not(host: str) -> None:
    assert look(host)[0].special == "none"


def test_an_address_is_no_name() -> None:
    found, _ = look("[2001:db8::1]", literal="2001:db8::1")
    assert (found.special, found.addresses, found.asks_dns) == ("address", ("2001:db8::1",), False)


@pytest.mark.parametrize(("address", "severity"), [("10.0.0.7", "note"), ("8.8.8.8", "warning")])
def test_the_hosts_file_decides_before_dns(address: str, severity: str) -> None:
    found, story = look("intranet.example", match=(address,))
    assert (found.addresses, found.source) == ((address,), "/etc/hosts")
    assert story.facts["places.hosts_match"] == [address]
    assert [one.severity for one in story.findings] == [severity]


def test_in_the_lab_the_files_are_shown_and_not_obeyed() -> None:
    found, story = look("www.google.com", match=("10.0.0.7",), network="lab")
    assert (found.asks_dns, found.hosts_match) == (True, ())
    assert story.facts["places.hosts_ignored"] == ["10.0.0.7"]
    assert story.facts["places.resolvers"] == [
        {"address": "192.0.2.7", "port": 53, "source": "the lab"}
    ]
    (fact,) = [one for one in story.records if getattr(one, "name", "") == "places.resolvers"]
    assert getattr(fact, "note", "") == (
        "instead of this machine's own (192.0.2.53, /etc/resolv.conf)"
    )
    assert found.names("printer") == ("printer",)


def test_a_proxy_is_named_without_its_password() -> None:
    _, story = look("www.example.com", HTTPS_PROXY="http://me:secret@proxy:3128")
    assert story.facts["places.proxy"] == [
        {"variable": "HTTPS_PROXY", "address": "http://***@proxy:3128"}
    ]
    assert "secret" not in str(story.records)


def test_what_a_system_does_not_tell_is_said() -> None:
    dumb = Configuration(OWN.resolvers, notes=("Windows does not tell.",))
    _, story = look("www.example.com", configuration=dumb)
    assert story.facts["places.untold"] == ["Windows does not tell."]
    assert not {"places.order", "places.search"} & set(story.facts)


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("printer", ("printer.corp.example", "printer")),
        ("www.example", ("www.example.corp.example", "www.example")),
        ("www.example.com", ("www.example.com",)),
        ("printer.", ("printer.",)),
    ],
)
def test_short_names_get_the_search_list_first(host: str, names: tuple[str, ...]) -> None:
    assert look(host)[0].names(host) == names


def test_a_search_list_is_bounded() -> None:
    endless = Places("none", search=tuple(f"s{i}.example" for i in range(99)))
    assert len(endless.names("printer")) == 7


def test_this_machines_own_files_are_read() -> None:
    """Whatever they say, the chapter has its facts."""
    recorder = Recorder(header())
    options: dict[str, Any] = {"environment": {}}
    found = places.run(Bench(recorder, World((), ())), "localhost", **options)
    facts = Story(recorder.finish().records).facts
    assert found.special == "localhost"
    assert isinstance(facts["places.hosts_entries"], int)
