"""`netlab tour`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = single()


@app.command(
    epilog=examples(
        "netlab tour", "netlab tour --list", "netlab tour --stop 3", "netlab tour --reset"
    )
)
@guarded
def tour(
    listed: Annotated[
        bool, typer.Option("--list", help="Name the stops, and which have been seen.")
    ] = False,
    stop: Annotated[
        int | None, typer.Option("--stop", min=1, metavar="N", help="Go to this stop alone.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Run all stops, and ask nothing between them.")
    ] = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget what has been seen: begin anew next time.")
    ] = False,
    network: options.LabOption = options.LabNetworks.auto,
    brief: options.Brief = False,
    deep: options.Deep = False,
    plain: options.Plain = False,
) -> Exit:
    """Go through all six topics in twenty minutes, in the lab; leave, and go on another time."""
    from netlab.cli.touring import Wish, go

    return go(Wish(listed, stop, every, reset, brief, deep, plain))
