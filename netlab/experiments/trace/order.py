"""In which order the addresses that were found are tried, and by which rule."""

from collections.abc import Sequence

from netlab.experiments.bench import Bench
from netlab.network import selection
from netlab.network.base import Network
from netlab.network.race import in_turns
from netlab.network.selection import LEAVE, Rule, SourceOf

ELSEWHERE = "dialled elsewhere than at these addresses: this machine's sources say nothing of them"


def arrange(
    bench: Bench, step: str, found: Sequence[str], source_of: SourceOf | None = None
) -> tuple[str, ...]:
    """Sort by RFC 6724, then take the families by turns (RFC 8305 §4), and tell of it."""
    given = tuple(dict.fromkeys(found))
    if len(given) < 2:
        return given
    if source_of is None and not dialled_themselves(bench.network, given):
        addresses = in_turns(given)
        _tell(bench, step, addresses, LEAVE, ELSEWHERE)
        return addresses
    sources = {one: (source_of or selection.kernel_source)(one) for one in given}
    addresses = in_turns(selection.ordered(given, sources.get))
    rule = selection.deciding(addresses[0], addresses[1], sources.get)
    told = "; ".join(f"to {one} from {sources[one] or 'nowhere'}" for one in addresses[:2])
    _tell(bench, step, addresses, rule, told)
    return addresses


def dialled_themselves(network: Network, addresses: Sequence[str]) -> bool:
    """Whether packets would really go to these addresses; in the lab they go to loopback."""
    try:
        return all(network.dialled(one, 443, "tcp")[0] == one for one in addresses)
    except OSError:
        return False


def _tell(bench: Bench, step: str, addresses: tuple[str, ...], rule: Rule, note: str) -> None:
    """The rule is the one between the first two, which after the turns are of both families."""
    fact = bench.recorder.fact
    fact(step, "dns.order", list(addresses), origin="computed", note=note)
    fact(step, "dns.first", addresses[0], origin="computed")
    fact(
        step, "dns.order_rule", rule.code, origin="computed",
        note=f"RFC 6724 §6, rule {rule.number}, between the first two",
    )  # fmt: skip
