"""`netlab explain`."""

from typing import Annotated

import typer

from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None)


@app.command(epilog="Example: netlab explain happy-eyeballs")
@guarded
def explain(
    term: Annotated[
        list[str] | None, typer.Argument(metavar="[TERM]", help="A step's id or a term.")
    ] = None,
    titles: Annotated[
        bool, typer.Option("--titles", help="In the list, say what each page is about.")
    ] = False,
    plain: Annotated[bool, typer.Option("--plain", help="No colour.")] = False,
) -> Exit:
    """Print the page of a step or a term; without one, list them by what they are about."""
    from netlab.cli.pages import print_page, print_topics

    if not term:
        return print_topics(titles, plain)
    return print_page(" ".join(term), plain)
