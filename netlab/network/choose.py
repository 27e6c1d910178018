"""Internet or lab, when the person left it to netlab (`--network auto`).

The lab is taken only when nothing else can work: an answer of any kind from beyond this machine
keeps the internet. What is asked is asked once, before the journey, and told.
"""

import asyncio
import ipaddress
import socket
import time
from asyncio import FIRST_COMPLETED
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal, Protocol

from netlab.lab.catalogue import HOSTS
from netlab.network import hosts
from netlab.network.base import Resolver, SocketAddress
from netlab.network.system import Proxy, proxies

SILENCE = 1.5
"""Seconds without any answer that mean: there is no way out."""
IN_ALL = 1.9
"""Seconds in which everything is decided."""
MOST_RESOLVERS = 3

PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "test", "lan", "intranet", "corp")
"""Last labels of names that only a private network can know, so that the lab is no stand-in."""

FAR = (("198.41.0.4", 53), ("2001:503:ba3e::2:30", 53))
"""An address of each family that is out on the internet (a root server's)."""

Reply = Literal["silence", "unreachable", "nxdomain", "servfail", "other"]
"""What became of a query; `other` is any answer besides these two."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person said: `--network` and `--resolver`."""

    network: Literal["auto", "internet", "lab"] = "auto"
    resolver: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Which network it is, and why, in one sentence; empty where there is nothing to tell.

    way_out is False when there is none: then the lab stands in, or nothing can. asked says what
    was asked in order to decide, since the resolver may remember its answer from now on.
    """

    network: Literal["internet", "lab"]
    reason: str = ""
    way_out: bool = True
    asked: str = ""


class Probe(Protocol):
    """Looks at this machine and asks its resolvers."""

    def proxies(self) -> Sequence[Proxy]:
        """Proxies that the environment names."""

    def in_hosts_file(self, host: str) -> bool:
        """Whether the hosts file knows the name."""

    def has_route(self) -> bool:
        """Whether the kernel knows a way out for either family. Sends nothing."""

    def resolvers_reachable(self) -> bool:
        """Whether the kernel knows a way to any resolver. Sends nothing."""

    def first_query(self, host: str, seconds: float) -> Reply:
        """What the machine's resolvers say to the journey's own first question."""

    def root_query(self, seconds: float) -> Reply:
        """What they say when asked for the root's name servers."""


def decide(
    host: str, wish: Wish, probe: Probe, served: Collection[str] | None = None
) -> Decision:  # fmt: skip
    """Choose. host: the target's name or address, empty for a search; served: the lab's names."""
    if wish.network != "auto":
        return Decision(wish.network)
    if wish.resolver is not None or stays(host) or probe.in_hosts_file(host):
        return Decision("internet")
    why, asked = no_way_out(host, probe)
    if not why:
        return Decision("internet", asked=asked)
    for proxy in probe.proxies()[:1]:
        why += f" ({proxy.variable} names a proxy, {proxy.address}, which netlab does not use)"
    names = served if served is not None else [one.name for one in HOSTS]
    if host.lower().rstrip(".") in names:
        reason = f"No way out: {why}. This run is in the lab, netlab's own small Internet."
        return Decision("lab", reason, way_out=False, asked=asked)
    known = ", ".join(name for name in names if ".broken." not in name)
    reason = f"No way out: {why}. The lab does not know {host}; it knows {known}."
    return Decision("internet", reason, way_out=False, asked=asked)


def stays(host: str) -> bool:
    """Whether the target is an address, or a name that means nothing beyond this network."""
    name = host.lower().rstrip(".")
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(tuple(f".{last}" for last in PRIVATE_NAMES))
    return True


def no_way_out(host: str, probe: Probe) -> tuple[str, str]:
    """Why there is no way out, or nothing; and what was asked in order to know."""
    if not probe.resolvers_reachable():
        return "no way leads to this machine's resolver", ""
    # A stub on loopback can always be reached, and proves nothing: the routes say more.
    if not probe.has_route():
        return "this machine has no route to the internet, over IPv4 or IPv6", ""
    began = time.monotonic()
    reply = probe.first_query(host, SILENCE)
    asked = f"Before the journey netlab asked once for {host}, to see whether there is a way out."
    if reply == "silence":
        return f"the resolver has not answered for {SILENCE:g} s", asked
    if reply == "unreachable":
        return "nothing answers at the resolver's address", asked
    if reply in ("nxdomain", "servfail"):
        left = max(IN_ALL - (time.monotonic() - began), 0.1)
        if probe.root_query(left) == "nxdomain":
            return "the resolver says that even the root does not exist: it is cut off", asked
    return "", asked


class Machine:
    """The probe that really asks: this machine's resolvers, over UDP."""

    def __init__(self, resolvers: Sequence[Resolver]) -> None:
        self.resolvers: list[SocketAddress] = [
            (one.address, one.port) for one in resolvers[:MOST_RESOLVERS]
        ]

    def proxies(self) -> Sequence[Proxy]:
        return proxies()

    def in_hosts_file(self, host: str) -> bool:
        return bool(hosts.look_up(host).match)

    def has_route(self) -> bool:
        return any(map(reachable, FAR))

    def resolvers_reachable(self) -> bool:
        return any(map(reachable, self.resolvers))

    def first_query(self, host: str, seconds: float) -> Reply:
        return asyncio.run(first_reply(host, "A", self.resolvers, seconds))

    def root_query(self, seconds: float) -> Reply:
        return asyncio.run(first_reply(".", "NS", self.resolvers, seconds))


def reachable(address: SocketAddress) -> bool:
    """Whether the kernel has a route: connecting a UDP socket looks it up and sends nothing."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as sock:
            sock.connect(address)
    except OSError:
        return False
    return True


async def first_reply(
    name: str, rdtype: str, resolvers: Sequence[SocketAddress], seconds: float
) -> Reply:
    """Ask all resolvers at once; the first that answers decides, and a failure decides last."""
    from netlab.network.dnsclient import Exchange, ask

    tasks = {
        asyncio.ensure_future(ask(name, rdtype, one, time.perf_counter, seconds))
        for one in resolvers
    }
    end = time.perf_counter() + seconds
    replies: set[Reply] = set()
    waiting: set[asyncio.Future[Exchange]] = {*tasks}
    while waiting and "other" not in replies and (left := end - time.perf_counter()) > 0:
        done, waiting = await asyncio.wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
        replies |= {reply_of(one.result().rcode, one.result().fault) for one in done}
    for task in waiting:
        task.cancel()
    order: tuple[Reply, ...] = ("other", "nxdomain", "servfail", "silence")
    nothing: Reply = "silence" if waiting else "unreachable"
    return next((reply for reply in order if reply in replies), nothing)


def reply_of(rcode: str | None, fault: str | None) -> Reply:
    if fault in ("timeout", "unreachable"):
        return "silence" if fault == "timeout" else "unreachable"
    return {"NXDOMAIN": "nxdomain", "SERVFAIL": "servfail"}.get(rcode or "", "other")  # type: ignore[return-value]
