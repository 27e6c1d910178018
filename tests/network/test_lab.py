"""The lab seen as a network."""

import asyncio
import socket
import time

import pytest

from netlab.lab import Lab
from netlab.network.base import NoRoute
from netlab.network.dnsclient import ask
from netlab.network.lab import LabNetwork


@pytest.fixture
def network(lab: Lab) -> LabNetwork:
    return LabNetwork(lab)


def test_it_says_whom_to_ask_and_to_trust(network: LabNetwork, lab: Lab) -> None:
    assert (network.name, network.asks_system) == ("lab", False)
    assert [(one.address, one.port, one.source) for one in network.resolvers] == [
        (*lab.directory.resolver, "the lab")
    ]
    assert [root.name for root in network.roots] == [name for name, _ in lab.directory.roots]
    assert network.cafile == lab.directory.ca_file


def test_a_seen_address_is_dialled_on_loopback(network: LabNetwork) -> None:
    host, port = network.dialled("203.0.113.10", 443, "tcp")
    with socket.create_connection((host, port), 5) as sock:
        assert sock.getpeername()[0] in ("127.0.0.1", "::1")


def test_elsewhere_no_way_leads(network: LabNetwork) -> None:
    for address, port in (("203.0.113.10", 1), ("198.51.100.12", 443), ("8.8.8.8", 53)):
        with pytest.raises(NoRoute):
            network.dialled(address, port, "tcp")


def test_another_of_its_servers_may_be_asked(lab: Lab) -> None:
    network = LabNetwork(lab, resolver="192.0.2.1")
    assert [(one.address, one.source) for one in network.resolvers] == [("192.0.2.1", "--resolver")]


def test_the_journal_holds_what_was_asked(network: LabNetwork) -> None:
    async def run() -> int | None:
        resolver = network.resolvers[0]
        server = network.dialled(resolver.address, resolver.port, "udp")
        exchange = await ask("www.google.com", "A", server, time.perf_counter)
        assert exchange.rcode == "NOERROR"
        entries = await network.journal()
        (mine,) = [
            one for one in entries
            if one.service == "resolver" and one.peer_port == exchange.local_port
        ]  # fmt: skip
        assert exchange.sent_at <= mine.at <= exchange.received_at
        assert (mine.event, mine.detail["name"]) == ("query", "www.google.com.")
        return mine.peer_port

    assert asyncio.run(run())


def test_configured_distances_are_named() -> None:
    with Lab.start({"resolver": 0.0125, "ns": 0.03, "web": 0.0}) as lab:
        told = LabNetwork(lab).set_up()[-2:]
    assert told == (
        "In the lab every name server waits 30 ms before each answer: a setting.",
        "In the lab the resolver waits 12.5 ms before each answer: a setting.",
    )


def test_closing_ends_the_lab() -> None:
    lab = Lab.start()
    LabNetwork(lab).close()
    assert not lab.alive
