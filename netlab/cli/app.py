"""The command line's root."""

import typer

from netlab.cli.grammar import examples
from netlab.cli.lazy import LazyGroup

app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Understand what a network does: every concept is really run, then explained.",
    epilog=examples("netlab", "netlab trace www.google.com --network lab", "netlab tour"),
)


def show_version(wanted: bool) -> None:
    if wanted:
        from netlab import __version__

        typer.echo(f"netlab {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", help="Print the version.", callback=show_version, is_eager=True
    ),
) -> None:
    """Understand what a network does: every concept is really run, then explained."""
