"""`netlab replay`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded

app = single()


@app.command(epilog=examples("netlab replay run.json", "netlab replay run.json --deep"))
@guarded
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What --save kept.")],
    look: options.HttpLook,
) -> None:
    """Show a saved recording again: nothing is sent anywhere."""
    from netlab.cli.show import check_target, show
    from netlab.recording.storage import load

    check_target(look)
    show(load(file), look)
