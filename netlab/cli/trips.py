"""What `netlab trace` does."""

from collections.abc import Mapping
from typing import Literal

from netlab.cli.networks import chosen, in_lab, tell
from netlab.cli.options import Look
from netlab.errors import Exit
from netlab.experiments.trace.options import Options


def trip(
    wish: Options,
    network: Literal["auto", "internet", "lab"],
    resolver: str | None,
    cacert: str | None,
    distance: Mapping[str, float],
    look: Look,
) -> Exit:
    """Pick a network, travel on it, show the journey."""
    from netlab.experiments.trace.typed import parse

    typed = parse(wish.target)  # a mistake in it is told before anything is started
    found, probe = chosen(network, typed.host, resolver, cacert, distance, load)

    from netlab.cli.run import perform
    from netlab.experiments.trace import wayout
    from netlab.experiments.trace.journey import travel

    if probe is None:
        return perform("trace", lambda bench: travel(bench, wish), found, look)
    try:
        return perform(
            "trace", lambda bench: wayout.travel(bench, wish, typed.host, probe), found, look
        )
    except wayout.NoWayOut as turned:
        # What was recorded so far is no story of its own: the reason says all of it.
        tell(turned.reason)
        found = in_lab(cacert, resolver, distance, load, (turned.reason,))
    return perform("trace", lambda bench: travel(bench, wish), found, look)


def load() -> None:
    """Import all that the journey needs before any clock runs."""
    from netlab.experiments.trace import journey
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    journey.warm()
