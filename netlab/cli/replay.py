"""`netlab replay`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.guard import guarded

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: netlab replay run.json --deep")
@guarded
def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What --save kept.")],
    brief: options.Brief = False,
    deep: options.Deep = False,
    step: options.StepByStep = False,
    plain: options.Plain = False,
    json: options.Json = False,
    mermaid: options.Mermaid = False,
    har: options.Har = False,
    save: options.Save = None,
    force: options.Force = False,
    keep_secrets: options.KeepSecrets = False,
) -> None:
    """Show a saved recording again: nothing is sent anywhere."""
    look = options.Look(brief, deep, step, plain, json, mermaid, har, save, force, keep_secrets)
    from netlab.cli.show import check_target, show
    from netlab.recording.storage import load

    check_target(look)
    show(load(file), look)
