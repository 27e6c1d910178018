"""The internet as this machine is set up for it."""

import ipaddress
import re
from pathlib import Path

import pytest

from netlab.errors import Exit, NetlabError
from netlab.network.base import Resolver
from netlab.network.internet import HINTS_DATE, ROOT_HINTS, Internet, given_resolver
from netlab.network.resolvers import Configuration
from tests.witness import give_up

HINTS_FILE = Path("/usr/share/dns/root.hints")
OWN = Configuration((Resolver("192.0.2.1", 53, "/etc/resolv.conf"),))


def internet(**given: str | None) -> Internet:
    return Internet(configuration=OWN, environment={}, **given)  # type: ignore[arg-type]


def test_the_machines_resolvers_are_asked_unless_one_is_given() -> None:
    assert internet().resolvers == OWN.resolvers
    assert internet(resolver="192.0.2.7").resolvers == (Resolver("192.0.2.7", 53, "--resolver"),)


def test_addresses_are_dialled_as_they_are() -> None:
    assert internet().dialled("192.0.2.9", 443, "tcp") == ("192.0.2.9", 443)
    assert internet().asks_system
    assert internet().set_up() == ()


@pytest.mark.parametrize(
    ("text", "address", "port"),
    [
        ("192.0.2.53", "192.0.2.53", 53),
        ("192.0.2.53:5353", "192.0.2.53", 5353),
        ("2001:db8::53", "2001:db8::53", 53),
        ("[2001:db8::53]", "2001:db8::53", 53),
        ("[2001:db8::53]:5353", "2001:db8::53", 5353),
    ],
)
def test_a_resolver_is_an_address_perhaps_with_a_port(text: str, address: str, port: int) -> None:
    assert given_resolver(text) == Resolver(address, port, "--resolver")


@pytest.mark.parametrize(
    "text",
    ["", "dns.example", "192.0.2.53:", "192.0.2.53:0", "192.0.2.53:65536", "192.0.2.53:+1",
     "192.0.2.53:²", "[::1", "[::1]x", "192.0.2.53:5_3"],
)  # fmt: skip
def test_what_is_no_resolver_is_a_usage_error(text: str) -> None:
    with pytest.raises(NetlabError) as caught:
        given_resolver(text)
    assert caught.value.exit is Exit.USAGE


def test_trust_anchors_are_given_or_of_the_environment(tmp_path: Path) -> None:
    anchors = tmp_path / "ca.pem"
    anchors.write_text("")
    environment = {"SSL_CERT_FILE": "/from/environment.pem"}
    made = Internet(configuration=OWN, environment=environment)
    assert made.cafile == "/from/environment.pem"
    given = Internet(cafile=str(anchors), configuration=OWN, environment=environment)
    assert given.cafile == str(anchors)
    assert internet().cafile is None
    with pytest.raises(NetlabError, match="no such file"):
        internet(cafile=str(tmp_path / "none.pem"))


def test_there_are_thirteen_root_servers_with_two_addresses_each() -> None:
    names = [root.name for root in ROOT_HINTS]
    versions = [
        tuple(ipaddress.ip_address(a).version for a in root.addresses) for root in ROOT_HINTS
    ]
    assert names == [f"{letter}.root-servers.net" for letter in "abcdefghijklm"]
    assert versions == [(4, 6)] * 13
    assert len({address for root in ROOT_HINTS for address in root.addresses}) == 26


@pytest.mark.witness
def test_the_root_hints_are_those_that_iana_publishes() -> None:
    """As Debian packages the file (dns-root-data); it is no older than ours."""
    if not HINTS_FILE.exists():
        pytest.skip("dns-root-data is not installed")
    text = HINTS_FILE.read_text()
    rows = re.findall(r"^(\S+)\.ROOT-SERVERS\.NET\.\s+\d+\s+A{1,4}\s+(\S+)$", text, re.M | re.I)
    if len(rows) < 26:
        give_up("the packaged root hints could not be read")
    ours = {(root.name[0].upper(), address) for root in ROOT_HINTS for address in root.addresses}
    assert {(name.upper(), address) for name, address in rows} == ours
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", HINTS_DATE)
