"""Pick the network that an experiment runs on, and say so when it is not the obvious one."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from netlab.network.base import Network

if TYPE_CHECKING:
    from netlab.network.choose import Probe

Wake = Callable[[Network], object]

OWN = (
    "The lab of this run ends with it. To try the lines under “see it yourself”, keep one running "
    "with `netlab lab up`, and run this again."
)
SHARED = "The lab that `netlab lab up` keeps running is used: the lines below work while it does."


def chosen(
    wanted: Literal["auto", "internet", "lab"],
    host: str,
    resolver: str | None,
    cafile: str | None,
    distance: Mapping[str, float],
    meanwhile: Callable[[], object],
    websocket: bool = False,
    wake: Wake | None = None,
) -> "tuple[Network, Probe | None]":
    """The network, and whom to ask should it lead nowhere: None where that is settled.

    meanwhile: what may be loaded while the lab starts up. websocket: whether that is spoken there.
    wake: asks the lab for something, once: some of its servers load a library at the first request.
    """
    if wanted == "lab" or distance:
        return in_lab(cafile, resolver, distance, meanwhile, (), websocket, wake=wake), None
    from netlab.network.choose import Machine, Wish, decide
    from netlab.network.internet import Internet

    internet = Internet(resolver, cafile)
    probe = Machine(internet.resolvers)
    decision = decide(host, Wish(wanted, resolver), probe)
    notes = (decision.reason,) if decision.reason else ()
    tell(*notes)
    if decision.network == "lab":
        return in_lab(cafile, resolver, distance, meanwhile, notes, websocket, wake=wake), None
    meanwhile()
    internet.notes = (*internet.notes, *notes)
    return internet, probe if decision.uncertain else None


def tell(*notes: str) -> None:
    """What a person must know at once."""
    from netlab.cli.guard import laid_out
    from netlab.views.text import escape

    for note in notes:
        sys.stderr.writelines(f"{line}\n" for line in laid_out("", escape(note)))
    sys.stderr.flush()


def in_lab(
    cafile: str | None,
    resolver: str | None,
    distance: Mapping[str, float],
    meanwhile: Callable[[], object],
    notes: tuple[str, ...] = (),
    websocket: bool = False,
    oauth: bool = False,
    wake: Wake | None = None,
) -> Network:
    """The lab that is up already, or one of our own; with distances always one of our own."""
    from netlab.lab import Lab
    from netlab.lab.announce import find
    from netlab.network.lab import LabNetwork

    shared = None if distance else find()
    lab = shared or Lab.spawn(distance)
    try:
        meanwhile()
        network = LabNetwork(lab, cafile, resolver)
        lab.settle(websocket, oauth)  # what it loads late would count as its servers' time
        if wake is not None:
            wake(network)
    except BaseException:
        lab.close()
        raise
    network.notes = (*network.notes, *notes, SHARED if shared else OWN)
    return network
