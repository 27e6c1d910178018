"""`netlab trace`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = typer.Typer(rich_markup_mode=None)

EPILOG = (
    "Examples:  netlab trace www.google.com  |  netlab trace https://host:8443/path  |  "
    "netlab trace localhost:3000  |  netlab trace www.naver.com --network lab --again"
)


@app.command(epilog=EPILOG)
@guarded
def trace(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="What is typed into the address bar.")
    ],
    network: options.NetworkOption = options.Networks.auto,
    ipv4: Annotated[bool, typer.Option("-4", "--ipv4", help="IPv4 only.")] = False,
    ipv6: Annotated[bool, typer.Option("-6", "--ipv6", help="IPv6 only.")] = False,
    http1: Annotated[bool, typer.Option("--http1.1", help="Offer HTTP/1.1 only.")] = False,
    http2: Annotated[bool, typer.Option("--http2", help="Offer HTTP/2 only.")] = False,
    resolver: Annotated[
        str | None, typer.Option("--resolver", metavar="IP[:PORT]", help="Ask this resolver.")
    ] = None,
    cacert: Annotated[
        str | None, typer.Option("--cacert", metavar="FILE", help="Trust the anchors in FILE only.")
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", "-k", help="Go on with a certificate that fails.")
    ] = False,
    max_time: Annotated[
        str, typer.Option("--max-time", metavar="TIME", help="For the whole journey: 30, 1.5s …")
    ] = "30s",
    header: Annotated[
        list[str] | None,
        typer.Option("-H", "--header", metavar="FIELD", help="Send 'Name: value'."),
    ] = None,
    no_follow: Annotated[
        bool, typer.Option("--no-follow", help="Do not follow redirects.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Visit a second time, and lay the visits side by side.")
    ] = False,
    distance: Annotated[
        list[str] | None,
        typer.Option(
            "--distance", metavar="WHO=TIME", help="In the lab: how far away a server plays to be."
        ),
    ] = None,
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
) -> Exit:
    """Show what happens when someone types an address: names, connection, TLS, HTTP."""
    look = options.Look(brief, deep, step, plain, json, mermaid, har, save, force, keep_secrets)
    from netlab.cli.parse import distances, family, header_fields, http_version, seconds
    from netlab.experiments.trace.options import Options

    wish = Options(
        target=target,
        family=family(ipv4, ipv6),
        http=http_version(http1, http2),
        insecure=insecure,
        max_time=seconds(max_time, "--max-time"),
        headers=header_fields(header or []),
        follow=not no_follow,
        again=again,
    )
    from netlab.cli.trips import trip

    return trip(wish, network.value, resolver, cacert, distances(distance or []), look)
