"""The internet, as this machine reaches it: its own resolvers, routes and trust store."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from netlab.errors import NetlabError
from netlab.network.base import Network, Resolver, RootServer, SocketAddress, Transport
from netlab.network.resolvers import PORT, Configuration, machine

HINTS_DATE = "2024-04-18"
"""When the list below was last changed: the root hints file that IANA publishes, `named.root`."""

ROOT_HINTS: tuple[RootServer, ...] = tuple(
    RootServer(f"{letter}.root-servers.net", (v4, v6))
    for letter, v4, v6 in (
        ("a", "198.41.0.4", "2001:503:ba3e::2:30"),
        ("b", "170.247.170.2", "2801:1b8:10::b"),
        ("c", "192.33.4.12", "2001:500:2::c"),
        ("d", "199.7.91.13", "2001:500:2d::d"),
        ("e", "192.203.230.10", "2001:500:a8::e"),
        ("f", "192.5.5.241", "2001:500:2f::f"),
        ("g", "192.112.36.4", "2001:500:12::d0d"),
        ("h", "198.97.190.53", "2001:500:1::53"),
        ("i", "192.36.148.17", "2001:7fe::53"),
        ("j", "192.58.128.30", "2001:503:c27::2:30"),
        ("k", "193.0.14.129", "2001:7fd::1"),
        ("l", "199.7.83.42", "2001:500:9f::42"),
        ("m", "202.12.27.33", "2001:dc3::35"),
    )
)


class Internet(Network):
    """resolver: `IP[:PORT]` to ask instead of the machine's own. cafile: PEM file of the anchors.

    notes: what a person must know of how this network was chosen.
    """

    name = "internet"
    roots = ROOT_HINTS

    def __init__(
        self,
        resolver: str | None = None,
        cafile: str | None = None,
        *,
        configuration: Configuration | None = None,
        environment: Mapping[str, str] = os.environ,
        notes: tuple[str, ...] = (),
    ) -> None:
        if resolver is not None:
            self.resolvers = (given_resolver(resolver),)
        else:
            self.resolvers = (configuration or machine()).resolvers
        self.cafile = trust_file(cafile) or environment.get("SSL_CERT_FILE") or None
        self.notes = notes

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        return address, port

    def set_up(self) -> tuple[str, ...]:
        return self.notes


def given_resolver(text: str) -> Resolver:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353`."""
    address, port = _split(text.strip())
    try:
        ipaddress.ip_address(address)
        number = int(port)
        if not port.isascii() or not port.isdecimal() or not 0 < number < 65536:
            raise ValueError(port)
    except ValueError as error:
        raise NetlabError(
            f"--resolver {text}: not the address of a resolver",
            advice="write an IP address, with a port if need be: 9.9.9.9, 127.0.0.1:5353, [::1]:53",
        ) from error
    return Resolver(address, number, "--resolver")


def _split(text: str) -> tuple[str, str]:
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        return address, (rest.removeprefix(":") if rest or not bracket else str(PORT))
    if text.count(":") == 1:
        address, _, port = text.partition(":")
        return address, port
    return text, str(PORT)


def trust_file(cafile: str | None) -> str | None:
    """A file that was named must be there; what stands in it is seen when it is loaded."""
    if cafile is not None and not Path(cafile).is_file():
        raise NetlabError(
            f"--cacert {cafile}: there is no such file",
            advice="name a PEM file with the certificates that are to be trusted",
        )
    return cafile
