"""The algorithms, printed: what is read is what runs."""

import sys
from importlib import import_module
from importlib.resources import files

from netlab.balance.algorithms import NAMES
from netlab.errors import Exit, NetlabError, nearest

ROOM = "netlab.balance.algorithms"


def print_names() -> Exit:
    """Each with the first line of its module."""
    from netlab.views.journey import sheet_for
    from netlab.views.paint import paint, wants_colour
    from netlab.views.style import EMPTY, line

    sheet, lines = sheet_for(sys.stdout), []
    width = max(map(len, NAMES))
    for name in NAMES:
        said = (import_module(f"{ROOM}.{name}").__doc__ or "").strip().partition("\n")[0]
        lines += sheet.paragraph(said, 1, first=f"{name:<{width}}  ")
    lines += [EMPTY, line(" Next   netlab lb source roundrobin", "heading")]
    paint(lines, sys.stdout, wants_colour(sys.stdout))
    return Exit.OK


def print_source(name: str) -> Exit:
    if name not in NAMES:
        raise NetlabError(
            f"There is no algorithm '{name}'.",
            advice=nearest(name, NAMES, ", ".join(NAMES)),
        )
    text = (files(ROOM) / f"{name}.py").read_text(encoding="utf-8")
    beside = [other for other in NAMES if f"from {ROOM}.{other} import" in text]
    sys.stdout.write(
        f"# netlab/balance/algorithms/{name}.py, as netlab runs it (licence: MIT).\n"
        f"# In use:  netlab lb run --algorithm {name} --backend HOST:PORT --backend HOST:PORT\n"
        f"{''.join(f'# Builds on:  netlab lb source {other}{chr(10)}' for other in beside)}\n"
        f"{text}"
    )
    return Exit.OK
