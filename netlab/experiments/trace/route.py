"""Chapter 5: which way packets to the server leave this machine, as its kernel tells it."""

import ipaddress

from netlab.experiments.bench import Bench
from netlab.network import kernel
from netlab.network.kernel import Route
from netlab.recording.records import Value

PRIVATE = tuple(
    ipaddress.ip_network(block)
    for block in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",  # RFC 1918
        "100.64.0.0/10",  # shared with a carrier's NAT, RFC 6598
        "169.254.0.0/16", "fe80::/10",  # link-local, RFC 3927 and RFC 4291
        "fc00::/7",  # unique local, RFC 4193
    )
)  # fmt: skip
"""Addresses that no answer from afar can find. Python's `is_private` counts others in as well."""

FIRST_TTLS = (64, 128, 255)
"""What systems start TTL and hop limit with: Unix, Windows, routers. An assumption, not a rule."""

ETHERNET_MTU = 1500


def run(bench: Bench, address: str, port: int, received_ttl: int | None = None) -> Route | None:
    """Ask for the way to an address. received_ttl: of a packet that came from afar.

    None when the kernel has no way: the next chapter then tells what that leads to.
    """
    recorder = bench.recorder
    step = bench.step("route", "The way out")
    recorder.actor("kernel", "this machine's kernel", "operating system")
    with recorder.phase(step, "ask the kernel for the route", "netlab", "aside", lane="kernel"):
        try:
            destination = bench.network.dialled(address, port, "tcp")[0]
            route = kernel.route(destination)
        except OSError:
            route = None
    if route is None:
        recorder.fact(step, "route.destination", address, origin="configured")
        recorder.fact(step, "route.error", "unreachable", origin="kernel", actor="kernel")
        return None
    _tell(bench, step, address, route)
    _judge(bench, step, route)
    if received_ttl is not None:
        _distance(bench, step, received_ttl)
    return route


def is_private(address: str | None) -> bool:
    """Whether an address is of a block that is used over and over, in many networks."""
    if address is None:
        return False
    known = ipaddress.ip_address(address.partition("%")[0])
    return any(known in block for block in PRIVATE if block.version == known.version)


def nat(route: Route) -> str:
    """Whether an address must be translated on the way, as far as this end can reason."""
    if route.kind == "loopback" or (is_private(route.source) and is_private(route.destination)):
        return "not-needed"
    return "likely" if is_private(route.source) else "none"


def hops(received_ttl: int) -> int:
    """How many routers took one off, if the packet started with a usual value."""
    return next(first for first in FIRST_TTLS if first >= received_ttl) - received_ttl


def _tell(bench: Bench, step: str, address: str, route: Route) -> None:
    note = "" if route.destination == address else f"where {address} is really dialled"
    bench.recorder.fact(step, "route.destination", route.destination, origin="kernel", note=note)
    told: dict[str, tuple[Value, str | None]] = {
        "route.source": (route.source, None),
        "route.interface": (route.interface, None),
        "route.kind": (route.kind, None),
        "route.mtu": (route.mtu, "B"),
    }
    for name, (value, unit) in told.items():
        if value is not None:
            bench.recorder.fact(step, name, value, unit, origin="kernel", actor="kernel")
    if route.kind is not None:
        bench.recorder.fact(step, "route.gateway", route.gateway, origin="kernel", actor="kernel")
    if route.unknown:
        bench.recorder.fact(step, "route.unknown", list(route.unknown), origin="computed")


def _judge(bench: Bench, step: str, route: Route) -> None:
    private = bench.recorder.fact(
        step, "route.private", is_private(route.source), origin="computed",
        note="by the blocks of RFC 1918, 6598, 4193, 3927 and 4291",
    )  # fmt: skip
    bench.recorder.fact(step, "route.nat", nat(route), origin="computed")
    if route.mtu is not None and route.mtu < ETHERNET_MTU:
        bench.recorder.finding(
            step,
            "note",
            f"Packets may hold {route.mtu} bytes here, fewer than Ethernet's {ETHERNET_MTU}",
            "A tunnel, VPN or virtual network most likely takes the rest for headers of its own. "
            "If large answers hang while small ones pass, look at the MTU first.",
            (private,),
            "mtu",
        )


def _distance(bench: Bench, step: str, received_ttl: int) -> None:
    bench.recorder.fact(
        step, "route.received_ttl", received_ttl, origin="kernel",
        note="of the resolver's answer, so it tells of the way back from there",
    )  # fmt: skip
    if 0 < received_ttl <= FIRST_TTLS[-1]:
        bench.recorder.fact(
            step, "route.hops", hops(received_ttl), origin="computed",
            note="if it started at 64, 128 or 255",
        )  # fmt: skip
