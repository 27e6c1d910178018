"""What `netlab doctor` does."""

import sys
import time

from netlab.cli import keys, state
from netlab.cli.options import Look
from netlab.cli.run import perform
from netlab.errors import Exit
from netlab.experiments.doctor import examination
from netlab.experiments.doctor.examination import Options, Terminal
from netlab.experiments.doctor.machine import ThisMachine
from netlab.lab import Lab
from netlab.network.internet import Internet
from netlab.views.paint import encoding_of, wants_colour, width_of
from netlab.views.text import carried

GLYPHS = "──▶ ┄┄▶ █▒░× “é” 한글"


def examine(full: bool, offline: bool, look: Look) -> Exit:
    place = state.folder()
    options = Options(terminal(), str(place) if full else state.shown(place), lab, full, offline)
    return perform(
        "doctor", lambda bench: examination.run(bench, ThisMachine(), options), Machine(), look
    )


class Machine(Internet):
    """Nothing is dialled; a recording of it says that it is of the machine alone."""

    name = "this machine"


def lab() -> float:
    """Start one, end it, and say how long it took to stand."""
    start = time.perf_counter()
    with Lab.start():
        return time.perf_counter() - start


def terminal() -> Terminal:
    encoding = encoding_of(sys.stdout)
    return Terminal(
        columns=width_of(sys.stdout),
        interactive=sys.stdin.isatty() and sys.stdout.isatty(),
        colours=wants_colour(sys.stdout),
        encoding=encoding,
        glyphs=carried(GLYPHS, encoding) == GLYPHS,
        keys=keys.available(),
    )
