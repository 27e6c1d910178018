"""`netlab trace`."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, single
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = single()


@app.command(
    epilog=examples(
        "netlab trace www.google.com",
        "netlab trace www.naver.com --network lab --again",
        "netlab trace https://host:8443/path",
        "netlab trace localhost:3000",
    )
)
@guarded
def trace(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="What is typed into the address bar.")
    ],
    look: options.HttpLook,
    network: options.NetworkOption = options.Networks.auto,
    ipv4: Annotated[bool, typer.Option("-4", "--ipv4", help="IPv4 only.")] = False,
    ipv6: Annotated[bool, typer.Option("-6", "--ipv6", help="IPv6 only.")] = False,
    http1: Annotated[bool, typer.Option("--http1.1", help="Offer HTTP/1.1 only.")] = False,
    http2: Annotated[bool, typer.Option("--http2", help="Offer HTTP/2 only.")] = False,
    resolver: options.Resolver = None,
    cacert: options.CaCert = None,
    insecure: options.Insecure = False,
    max_time: options.MaxTime = "30s",
    header: options.Fields = None,
    no_follow: Annotated[
        bool, typer.Option("--no-follow", help="Do not follow redirects.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Visit a second time, and lay the visits side by side.")
    ] = False,
    distance: options.Distance = None,
) -> Exit:
    """Show what happens when someone types an address: names, connection, TLS, HTTP."""
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
