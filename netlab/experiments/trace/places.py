"""Chapter 2: what is asked before DNS, and which resolver this machine is set up to ask."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from netlab.experiments.bench import Bench
from netlab.network import hosts
from netlab.network.hosts import HostsFile
from netlab.network.resolvers import Configuration, machine
from netlab.network.system import Proxy, proxies
from netlab.recording.records import Value

Special = Literal["localhost", "address", "none"]

LOOPBACK = ("::1", "127.0.0.1")
MOST_ENDINGS = 6


@dataclass(frozen=True, slots=True)
class Places:
    """addresses: what is known without DNS, which then is not asked; source: who knew it.

    search: endings that this machine adds to names of fewer than ndots dots.
    """

    special: Special
    hosts_match: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    source: str = ""
    search: tuple[str, ...] = ()
    ndots: int = 1

    @property
    def asks_dns(self) -> bool:
        return not self.addresses

    def names(self, host: str) -> tuple[str, ...]:
        """What DNS is asked for, in this order, until one exists (resolv.conf(5), ndots)."""
        if host.endswith(".") or host.count(".") >= self.ndots:
            return (host,)
        longer = (f"{host}.{ending}" for ending in self.search[:MOST_ENDINGS] if ending != ".")
        return (*longer, host)


def run(
    bench: Bench,
    host: str,
    literal: str | None = None,
    *,
    hosts_file: HostsFile | None = None,
    configuration: Configuration | None = None,
    environment: Mapping[str, str] | None = None,
) -> Places:
    """Look in the places that come before DNS. literal: the address, when the host is one.

    The files are this machine's; they can be handed in instead.
    """
    step = bench.step("places", "Places asked first")
    with bench.recorder.phase(step, "hosts file and settings", "netlab"):
        file = hosts_file or hosts.look_up(literal or host)
        settings = configuration or machine()
    special = special_of(host, literal)
    # The lab's names are its own: a line of this machine's file leads to another network.
    match = file.match if special == "none" and bench.network.name != "lab" else ()
    _tell(bench, step, special, file, match)
    _tell_settings(bench, step, settings)
    found = proxies() if environment is None else proxies(environment)
    _tell_proxies(bench, step, found)
    if match:
        _judge_match(bench, step, file, host)
    known, source = _known(special, literal, file, match)
    # Another network's resolver knows nothing of this machine's search list.
    search = settings.search if bench.network.resolvers == settings.resolvers else ()
    return Places(special, match, known, source, search, settings.ndots)


def special_of(host: str, literal: str | None) -> Special:
    """`localhost` and all below it are loopback by definition (RFC 6761 §6.3)."""
    if literal is not None:
        return "address"
    name = host.lower().rstrip(".")
    return "localhost" if name == "localhost" or name.endswith(".localhost") else "none"


def _known(
    special: Special, literal: str | None, file: HostsFile, match: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    if special == "address" and literal is not None:
        return (literal,), "the address itself"
    if special == "localhost":
        return LOOPBACK, "RFC 6761 §6.3"
    return match, file.path if match else ""


def _tell(
    bench: Bench, step: str, special: Special, file: HostsFile, match: tuple[str, ...]
) -> None:
    fact = bench.recorder.fact
    fact(step, "places.special", special, origin="standard")
    if file.readable:
        fact(step, "places.hosts_file", file.path)
        fact(step, "places.hosts_entries", file.entries)
    if match:
        fact(step, "places.hosts_match", list(match))
    elif file.match and special == "none":
        note = "of this machine's file; the lab's names are its own"
        fact(step, "places.hosts_ignored", list(file.match), note=note)


def _tell_settings(bench: Bench, step: str, settings: Configuration) -> None:
    fact = bench.recorder.fact
    if settings.order:
        fact(step, "places.order", list(settings.order))
        fact(step, "places.order_source", settings.order_source)
    asked = bench.network.resolvers
    fact(
        step,
        "places.resolvers",
        [{"address": r.address, "port": r.port, "source": r.source} for r in asked],
        origin="measured" if asked == settings.resolvers else "configured",
        note="" if asked == settings.resolvers else _machines_own(settings),
    )
    if settings.search:
        fact(step, "places.search", list(settings.search))
    fact(step, "places.ndots", settings.ndots)
    if settings.notes:
        fact(step, "places.untold", list(settings.notes))


def _machines_own(settings: Configuration) -> str:
    own = ", ".join(resolver.address for resolver in settings.resolvers)
    return f"instead of this machine's own ({own}, {settings.source})"


def _tell_proxies(bench: Bench, step: str, found: tuple[Proxy, ...]) -> None:
    if not found:
        return
    listed: Value = [{"variable": one.variable, "address": one.address} for one in found]
    id = bench.recorder.fact(step, "places.proxy", listed)
    bench.recorder.finding(
        step, "note", f"A proxy is set: {found[0].variable} is {found[0].address}.",
        "Programs that obey it never look the name up themselves; netlab goes directly.",
        (id,), "places",
    )  # fmt: skip


def _judge_match(bench: Bench, step: str, file: HostsFile, host: str) -> None:
    private = all(ipaddress.ip_address(address).is_private for address in file.match)
    bench.recorder.finding(
        step, "note" if private else "warning",
        f"The hosts file decides for {host}: DNS is not asked.",
        f"If that is not wanted, look for the name in {file.path}.", (), "hosts-file",
    )  # fmt: skip
