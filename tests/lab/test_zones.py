import ipaddress

import dns.name
import pytest
from dns.rdatatype import RdataType

from netlab.lab.catalogue import HOSTS
from netlab.lab.zones import (
    DELEGATIONS,
    MANNERS,
    Zone,
    build,
    closest,
    long_names,
    name_servers,
)

DOCUMENTATION = [
    ipaddress.ip_network(block)
    for block in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
ZONES = build()


def name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


def data(zone: str, owner: str, rdtype: RdataType) -> list[str]:
    found = ZONES[name(zone)].get(name(owner), rdtype)
    return sorted(record.to_text() for record in found) if found else []


def test_every_zone_has_two_servers_and_says_who_they_are() -> None:
    for one in DELEGATIONS:
        assert len(one.servers) >= 2
        assert data(one.origin, one.origin, RdataType.NS) == sorted(f"{s}." for s in one.servers)
        assert data(one.origin, one.origin, RdataType.SOA)[0].startswith(f"{one.servers[0]}. ")


def test_every_address_is_kept_for_documentation_and_is_one_servers_alone() -> None:
    addresses = [address for server in name_servers() for address in server.addresses]
    assert len(addresses) == len(set(addresses))
    assert not {address for host in HOSTS for address in (*host.v4, *host.v6)} & set(addresses)
    for address in addresses:
        assert any(ipaddress.ip_address(address) in block for block in DOCUMENTATION), address


def test_parent_and_child_agree_on_the_servers() -> None:
    for one in DELEGATIONS:
        if one.origin == ".":
            continue
        parent = closest(name(one.origin).parent(), ZONES)
        assert parent is not None
        told = parent.get(name(one.origin), RdataType.NS)
        own = ZONES[name(one.origin)].get(name(one.origin), RdataType.NS)
        assert told is not None
        assert own is not None
        assert set(told) == set(own)


def test_glue_stands_at_the_parent_and_the_same_address_in_the_zone() -> None:
    glue = data("com", "ns1.google.com", RdataType.A)
    assert glue == data("google.com", "ns1.google.com", RdataType.A) == ["198.51.100.129"]
    assert data("com", "ns1.google.com", RdataType.AAAA) == ["2001:db8:53::1"]


def test_a_parent_has_no_glue_for_names_outside_its_space() -> None:
    assert data("net", "example.net", RdataType.NS) == ["ns1.example.com.", "ns2.example.com."]
    assert data("net", "ns1.example.com", RdataType.A) == []


def test_every_sound_host_stands_in_its_closest_zone() -> None:
    for host in HOSTS:
        if host.dns:
            continue
        zone = closest(name(host.name), ZONES)
        assert zone is not None
        origin = zone.origin.to_text()
        if host.cname:
            assert data(origin, host.name, RdataType.CNAME) == [f"{host.cname}."]
        else:
            assert data(origin, host.name, RdataType.A) == sorted(host.v4)
            assert data(origin, host.name, RdataType.AAAA) == sorted(host.v6)


def test_the_https_record_offers_http2() -> None:
    assert data("google.com", "www.google.com", RdataType.HTTPS) == ['1 . alpn="h2"']
    assert data("google.com", "google.com", RdataType.HTTPS) == []


def test_hosts_with_a_broken_server_are_delegated_to_it_alone() -> None:
    servers = {server.name: server for server in name_servers()}
    for host in HOSTS:
        if host.dns not in MANNERS:
            continue
        assert data("broken.example.org", host.name, RdataType.NS) == [f"ns1.{host.name}."]
        server = servers[f"ns1.{host.name}"]
        assert server.manner == MANNERS[host.dns][0]
        glue = data("broken.example.org", server.name, RdataType.A)
        assert glue == list(server.addresses)


def test_the_looping_zones_are_each_others_only_servers() -> None:
    loop, other = "delegation-loop.broken.example.org", "other-delegation-loop.broken.example.org"
    assert data("broken.example.org", loop, RdataType.NS) == [f"ns.{other}."]
    assert data("broken.example.org", other, RdataType.NS) == [f"ns.{loop}."]
    assert data("broken.example.org", f"ns.{other}", RdataType.A) == []


def test_names_between_exist_and_others_do_not() -> None:
    zone = ZONES[name("broken.example.org")]
    assert name("link-1.broken.example.org") in zone.names
    assert name("nxdomain.broken.example.org") not in zone.names


def test_the_highest_cut_counts() -> None:
    root = ZONES[dns.name.root]
    assert root.cut_above(name("ns1.google.com")) == name("com")
    assert root.cut_above(name("nowhere.")) is None
    assert ZONES[name("com")].cut_above(name("com")) is None


def test_a_record_said_twice_stands_once() -> None:
    zone = Zone(name("example."))
    zone.add("www.example", 60, RdataType.A, ["192.0.2.1"])
    zone.add("www.example", 60, RdataType.A, ["192.0.2.1", "192.0.2.2"])
    found = zone.get(name("www.example."), RdataType.A)
    assert found is not None
    assert len(found) == 2


def test_long_names_are_legal_and_nearly_as_long_as_a_name_can_be() -> None:
    for one in long_names(name("broken.example.org"), 6):
        assert 200 < len(name(one).to_wire() or b"") <= 255


@pytest.mark.parametrize("one", [d.origin for d in DELEGATIONS if d.origin != "."])
def test_every_zone_can_be_reached_from_the_root(one: str) -> None:
    """Step by step, each parent's servers hold the next zone that they point to."""
    servers = {server.name: server for server in name_servers()}
    zone = ZONES[dns.name.root]
    while (cut := zone.cut_above(name(one))) is not None:
        told = zone.get(cut, RdataType.NS)
        assert told is not None
        first = servers[told[0].target.to_text(omit_final_dot=True)]
        held = [its for its in first.zones if name(one).is_subdomain(its.origin)]
        zone = max(held, key=lambda its: len(its.origin))
    assert zone.origin == name(one)
