"""Internet or lab, when the person left it to netlab (`--network auto`).

The lab is taken only when nothing else can work: an answer of any kind from beyond this machine
keeps the internet. Before the journey nothing is sent. Where the kernel's own tables leave it open,
the journey sets out, and its first look-up decides.
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
ROOT_PATIENCE = 0.4
"""Seconds for the question about the root: with it, two seconds decide everything."""
MOST_RESOLVERS = 3
MOST_NAMES = 8

PRIVATE_NAMES = ("localhost", "local", "internal", "home.arpa", "test", "lan", "intranet", "corp")
"""Last labels of names that only a private network can know, so that the lab is no stand-in."""

FAR = (("198.41.0.4", 53), ("2001:503:ba3e::2:30", 53))
"""An address of each family that is out on the internet (a root server's)."""

ROOT_TELLS = frozenset({"timeout", "nxdomain", "servfail"})
"""Failures of the first look-up that leave open whether the resolver itself has a way out."""

Reply = Literal["silence", "unreachable", "nxdomain", "servfail", "other"]
"""What became of a query; `other` is any answer besides these two."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the person said: `--network` and `--resolver`."""

    network: Literal["auto", "internet", "lab"] = "auto"
    resolver: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Which network it is.

    reason: why there is no way out, in a sentence or two; empty where nothing says so.
    uncertain: the journey's own first look-up is yet to tell.
    """

    network: Literal["internet", "lab"]
    reason: str = ""
    uncertain: bool = False


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

    async def root_query(self, seconds: float) -> Reply:
        """What the machine's resolvers say when asked for the root's name servers."""


def decide(
    host: str, wish: Wish, probe: Probe, served: Collection[str] | None = None
) -> Decision:  # fmt: skip
    """Choose, and send nothing. host: the target's name or address, empty for a search; served:
    the lab's names."""
    if wish.network != "auto":
        return Decision(wish.network)
    if wish.resolver is not None or stays(host) or probe.in_hosts_file(host):
        return Decision("internet")
    if not probe.resolvers_reachable():
        return _without("no way leads to this machine's resolver", host, probe, served)
    # A stub on loopback can always be reached, and proves nothing: the routes say more.
    if not probe.has_route():
        why = "this machine has no route to the internet, over IPv4 or IPv6"
        return _without(why, host, probe, served)
    return Decision("internet", uncertain=True)


async def verdict(
    code: str, host: str, probe: Probe, served: Collection[str] | None = None
) -> Decision:
    """What it means that the journey's own first look-up failed. code: as in `dns.error`."""
    why = await _failure(code, probe)
    return _without(why, host, probe, served) if why else Decision("internet")


async def _failure(code: str, probe: Probe) -> str:
    """Why this failure means that there is no way out; empty if it does not. REFUSED never does.

    The question about the root also clears a resolver that is alive and only slow for this name,
    and finds the second one when the first is down.
    """
    if code == "unreachable":
        return "nothing answers at the resolver's address"
    root = await probe.root_query(ROOT_PATIENCE) if code in ROOT_TELLS else "other"
    if root == "nxdomain":
        return "the resolver says that even the root does not exist: it is cut off"
    if code == "timeout" and root in ("silence", "unreachable"):
        return f"the resolver has not answered for {SILENCE:g} s"
    return ""


def _without(why: str, host: str, probe: Probe, served: Collection[str] | None) -> Decision:
    """There is no way out: the lab stands in where it can."""
    for proxy in probe.proxies()[:1]:
        why += f" ({proxy.variable} names a proxy, {proxy.address}, which netlab does not use)"
    if serves(host, served):
        reason = f"No way out: {why}. This run is in the lab, netlab's own small Internet."
        return Decision("lab", reason)
    reason = f"No way out: {why}. The lab does not know {host}; it knows {_known(_names(served))}."
    return Decision("internet", reason)


def _known(names: Collection[str]) -> str:
    """The names that a person would try first."""
    told = [name for name in names if ".broken." not in name][:MOST_NAMES]
    more = " and more: see `netlab lab hosts`" if len(told) < len(names) else ""
    return ", ".join(told) + more


def serves(host: str, served: Collection[str] | None = None) -> bool:
    """Whether the lab knows the name."""
    return host.lower().rstrip(".") in _names(served)


def _names(served: Collection[str] | None) -> Collection[str]:
    return [one.name for one in HOSTS] if served is None else served


def stays(host: str) -> bool:
    """Whether the target is an address, or a name that means nothing beyond this network."""
    name = host.lower().rstrip(".")
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(tuple(f".{last}" for last in PRIVATE_NAMES))
    return True


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

    async def root_query(self, seconds: float) -> Reply:
        return await root_reply(self.resolvers, seconds)


def reachable(address: SocketAddress) -> bool:
    """Whether the kernel has a route: connecting a UDP socket looks it up and sends nothing."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with closing(socket.socket(family, socket.SOCK_DGRAM)) as sock:
            sock.connect(address)
    except OSError:
        return False
    return True


async def root_reply(resolvers: Sequence[SocketAddress], seconds: float) -> Reply:
    """Ask all resolvers at once; the first that answers decides, and a failure decides last."""
    from netlab.network.dnsclient import Exchange, ask

    tasks = {
        asyncio.ensure_future(ask(".", "NS", one, time.perf_counter, seconds)) for one in resolvers
    }
    end = time.perf_counter() + seconds
    replies: set[Reply] = set()
    waiting: set[asyncio.Future[Exchange]] = {*tasks}
    try:
        while waiting and "other" not in replies and (left := end - time.perf_counter()) > 0:
            done, waiting = await asyncio.wait(waiting, timeout=left, return_when=FIRST_COMPLETED)
            for one in (task.result() for task in done):
                # Cut short it was an answer all the same, whatever became of TCP.
                replies.add(reply_of("NOERROR" if one.truncated_first else one.rcode, one.fault))
    finally:
        for task in tasks:
            task.cancel()
    order: tuple[Reply, ...] = ("other", "nxdomain", "servfail", "silence")
    nothing: Reply = "silence" if waiting else "unreachable"
    return next((reply for reply in order if reply in replies), nothing)


def reply_of(rcode: str | None, fault: str | None) -> Reply:
    if rcode is None and fault in ("timeout", "unreachable"):
        return "silence" if fault == "timeout" else "unreachable"
    return {"NXDOMAIN": "nxdomain", "SERVFAIL": "servfail"}.get(rcode or "", "other")  # type: ignore[return-value]
