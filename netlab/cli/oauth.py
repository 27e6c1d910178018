"""`netlab oauth`: OAuth 2.0."""

from typing import Annotated

import typer

from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None, no_args_is_help=True)


@app.callback()
def oauth() -> None:
    """OAuth: how an application comes to act for a person without the person's password."""


@app.command(epilog="Example:  netlab oauth serve --listen 127.0.0.1:9000")
@guarded
def serve(
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
    ] = "127.0.0.1:0",
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve https, with a certificate made for the run.")
    ] = False,
    legacy: Annotated[
        bool,
        typer.Option("--legacy", help="Offer the implicit and the password grant as well."),
    ] = False,
    device_interval: Annotated[
        float,
        typer.Option(
            "--device-interval", metavar="SECONDS", help="How far apart a device's polls must be."
        ),
    ] = 5.0,
) -> Exit:
    """Run the lab's authorization server alone, for any client; Ctrl-C ends it."""
    from netlab.cli.oauth_serving import serve as run

    return run(listen, tls, legacy, device_interval)
