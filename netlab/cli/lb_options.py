"""What the `netlab lb` commands that balance among a person's servers take alike."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import typer

from netlab.errors import NetlabError


class Algorithms(StrEnum):
    """How a backend is picked."""

    roundrobin = "roundrobin"
    leastconn = "leastconn"
    random = "random"
    random2 = "random2"
    source = "source"
    consistent = "consistent"
    maglev = "maglev"
    ewma = "ewma"


class Layers(StrEnum):
    """Where the balancer stands."""

    four = "4"
    seven = "7"


BACKEND = typer.Option("--backend", metavar="HOST:PORT[=WEIGHT]", help="A server (repeatable).")


@dataclass(frozen=True, slots=True)
class Balancing:
    """How it balances, and how it learns that a backend is not well."""

    algorithm: Annotated[
        Algorithms, typer.Option("--algorithm", metavar="NAME", help=", ".join(Algorithms))
    ] = Algorithms.roundrobin
    layer: Annotated[
        Layers, typer.Option("--layer", help="4 passes connections on unread; 7 reads HTTP.")
    ] = Layers.seven
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="WHAT", help="To hash by: source, path, header:NAME, cookie:NAME."
        ),
    ] = "source"
    sticky: Annotated[
        str | None,
        typer.Option("--sticky", metavar="COOKIE", help="Keep each client at its backend."),
    ] = None
    check: Annotated[
        str | None,
        typer.Option("--check", metavar="tcp|/PATH", help="Ask each backend whether it is well."),
    ] = None
    passive: Annotated[
        int,
        typer.Option(
            "--passive", metavar="N", help="Let it rest after N failures in a row; 0: never."
        ),
    ] = 0

    @property
    def number(self) -> Literal[4, 7]:
        return 4 if self.layer is Layers.four else 7

    @property
    def path(self) -> str | None:
        """What a check asks for; None to connect alone. Raises NetlabError."""
        if self.check == "tcp" or self.check is None:
            return None
        if not self.check.startswith("/"):
            raise NetlabError(
                f"--check {self.check}: nothing to check by",
                advice="tcp to connect, or a path to GET: --check /healthz",
            )
        return self.check


TIMES = "Time-outs"


@dataclass(frozen=True, slots=True)
class Running:
    """What a balancer that really runs can have besides."""

    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", metavar="FILE", help="Serve https with this chain.")
    ] = None
    tls_key: Annotated[
        str | None, typer.Option("--tls-key", metavar="FILE", help="Its private key.")
    ] = None
    proxy_protocol: Annotated[
        bool,
        typer.Option("--proxy-protocol", help="Tell backends who the client is (v2; layer 4)."),
    ] = False
    check_every: Annotated[
        str, typer.Option("--check-every", metavar="TIME", help="How often --check asks: 2, 500ms.")
    ] = "2s"
    rise: Annotated[
        int, typer.Option("--rise", metavar="N", help="Good checks in a row until it is up.")
    ] = 2
    fall: Annotated[int, typer.Option("--fall", metavar="N", help="Bad ones until it is down.")] = 3
    rest: Annotated[
        str,
        typer.Option("--rest", metavar="TIME", help="How long --passive lets it rest."),
    ] = "10s"
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of chance: the same draws again.")
    ] = None
    connect_timeout: Annotated[
        str, typer.Option("--connect-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "3s"
    idle_timeout: Annotated[
        str, typer.Option("--idle-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "60s"
    response_timeout: Annotated[
        str, typer.Option("--response-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "30s"
    drain_timeout: Annotated[
        str, typer.Option("--drain-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "10s"
