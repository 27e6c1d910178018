"""`netlab doctor`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = single()


@app.command(
    epilog=examples(
        "netlab doctor",
        "netlab doctor --brief",
        "netlab doctor --offline --json --save doctor.json",
    )
)
@guarded
def doctor(
    look: options.Look,
    full: Annotated[
        bool, typer.Option("--full", help="With this machine's addresses and folders, too.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the resolver whether it answers.")
    ] = False,
) -> Exit:
    """Say what this machine can and cannot show, and how to get it; for bug reports as well."""
    from netlab.cli.doctor_run import examine

    return examine(full, offline, look)
