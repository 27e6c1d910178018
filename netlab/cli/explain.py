"""`netlab explain`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.completing import topics
from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = single()


@app.command(
    epilog=examples("netlab explain", "netlab explain happy-eyeballs", "netlab explain 웹소켓")
)
@guarded
def explain(
    term: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TERM]", help="A step's id or a term.", autocompletion=topics),
    ] = None,
    titles: Annotated[
        bool, typer.Option("--titles", help="In the list, say what each page is about.")
    ] = False,
    plain: options.Plain = False,
) -> Exit:
    """Print the page of a step or a term; without one, list them by what they are about."""
    from netlab.cli.pages import print_page, print_topics

    if not term:
        return print_topics(titles, plain)
    return print_page(" ".join(term), plain)
