"""`netlab lb`: load balancing."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = group("netlab lb demo", "netlab lb source leastconn")


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


class Scenarios(StrEnum):
    """What happens behind the balancer."""

    equal = "equal"
    one_slow = "one-slow"
    one_dies = "one-dies"
    black_hole = "black-hole"
    flapping = "flapping"
    rolling_restart = "rolling-restart"
    burst = "burst"
    scale_out = "scale-out"
    hot_key = "hot-key"
    retry = "retry"
    layers = "layers"


class Engines(StrEnum):
    """Balancers of others."""

    haproxy = "haproxy"
    nginx = "nginx"


class Layers(StrEnum):
    """Where the balancer stands."""

    four = "4"
    seven = "7"


TIMES = "Time-outs"


@app.callback(epilog=examples("netlab lb demo", "netlab lb source maglev"))
def lb() -> None:
    """Load balancing: who gets what, and why."""


@app.command(
    epilog=examples(
        "netlab lb demo", "netlab lb demo one-slow", "netlab lb demo black-hole --engine haproxy"
    )
)
@guarded
def demo(
    look: options.LabLook,
    scenario: Annotated[
        Scenarios, typer.Argument(metavar="[SCENARIO]", help=", ".join(Scenarios))
    ] = Scenarios.equal,
    algorithms: Annotated[
        str | None,
        typer.Option("--algorithms", metavar="A,B", help="Which to compare; the scenario's own."),
    ] = None,
    engine: Annotated[
        Engines | None, typer.Option("--engine", help="The same through this program, beside ours.")
    ] = None,
    closed: Annotated[
        bool,
        typer.Option("--closed", help="Clients that wait for each answer before they ask again."),
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="N", min=1, max=5000, help="Requests a second."),
    ] = None,
    duration: Annotated[
        str | None, typer.Option("--duration", metavar="TIME", help="Of the load: 8, 500ms.")
    ] = None,
    backends: Annotated[
        int | None,
        typer.Option("--backends", metavar="N", min=2, max=16, help="How many there are."),
    ] = None,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Of arrivals and service times.")
    ] = 1,
) -> Exit:
    """Send real traffic through a real balancer, and show who got what, how long and why."""
    from netlab.cli.lb_runs import Asked, play

    asked = Asked(
        scenario.value, algorithms, None if engine is None else engine.value, closed, rate,
        duration, backends, seed,
    )  # fmt: skip
    return play(asked, look)


@app.command(
    epilog=examples(
        "netlab lb config haproxy --backend 10.0.0.7:8080=2 --backend 10.0.0.8:8080 "
        "--algorithm leastconn --check /healthz"
    )
)
@guarded
def config(
    engine: Annotated[Engines, typer.Argument(metavar="haproxy|nginx", help="Whose.")],
    backend: Annotated[
        list[str] | None,
        typer.Option("--backend", metavar="HOST:PORT[=WEIGHT]", help="A server (repeatable)."),
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where it is to listen.")
    ] = "127.0.0.1:8080",
    algorithm: Annotated[
        Algorithms, typer.Option("--algorithm", metavar="NAME", help=", ".join(Algorithms))
    ] = Algorithms.roundrobin,
    layer: Annotated[
        Layers, typer.Option("--layer", help="4 passes connections on unread; 7 reads HTTP.")
    ] = Layers.seven,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="WHAT", help="To hash by: source, path, header:NAME, cookie:NAME."
        ),
    ] = "source",
    sticky: Annotated[
        str | None,
        typer.Option("--sticky", metavar="COOKIE", help="Keep each client at its backend."),
    ] = None,
    check: Annotated[
        str | None,
        typer.Option("--check", metavar="tcp|/PATH", help="Ask each backend whether it is well."),
    ] = None,
    passive: Annotated[
        int,
        typer.Option(
            "--passive", metavar="N", help="Let it rest after N failures in a row; 0: never."
        ),
    ] = 0,
) -> Exit:
    """Print a configuration that does the same, to deploy with servers of your own."""
    from netlab.cli.lb_runs import Wanted, configure

    wanted = Wanted(
        engine.value, backend or [], listen, algorithm.value, 4 if layer.value == "4" else 7, key,
        sticky, check, passive,
    )  # fmt: skip
    return configure(wanted)


@app.command(
    epilog=examples(
        "netlab lb run --listen 127.0.0.1:8080 --backend 127.0.0.1:9001 --backend 127.0.0.1:9002=3",
        "netlab lb run --layer 4 --backend 127.0.0.1:6379",
    )
)
@guarded
def run(
    look: options.Look,
    backend: Annotated[
        list[str],
        typer.Option("--backend", metavar="HOST:PORT[=WEIGHT]", help="A server (repeatable)."),
    ],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
    ] = "127.0.0.1:0",
    algorithm: Annotated[
        Algorithms, typer.Option("--algorithm", metavar="NAME", help=", ".join(Algorithms))
    ] = Algorithms.roundrobin,
    layer: Annotated[
        Layers, typer.Option("--layer", help="4 passes connections on unread; 7 reads HTTP.")
    ] = Layers.seven,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="WHAT", help="To hash by: source, path, header:NAME, cookie:NAME."
        ),
    ] = "source",
    sticky: Annotated[
        str | None,
        typer.Option("--sticky", metavar="COOKIE", help="Keep each client at its backend."),
    ] = None,
    tls_cert: Annotated[
        str | None, typer.Option("--tls-cert", metavar="FILE", help="Serve https with this chain.")
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option("--tls-key", metavar="FILE", help="Its private key.")
    ] = None,
    proxy_protocol: Annotated[
        bool,
        typer.Option("--proxy-protocol", help="Tell backends who the client is (v2; layer 4)."),
    ] = False,
    check: Annotated[
        str | None,
        typer.Option("--check", metavar="tcp|/PATH", help="Ask each backend whether it is well."),
    ] = None,
    check_every: Annotated[
        str, typer.Option("--check-every", metavar="TIME", help="How often: 2, 500ms.")
    ] = "2s",
    rise: Annotated[
        int, typer.Option("--rise", metavar="N", help="Good checks in a row until it is up.")
    ] = 2,
    fall: Annotated[
        int, typer.Option("--fall", metavar="N", help="Bad ones until it is down.")
    ] = 3,
    passive: Annotated[
        int,
        typer.Option(
            "--passive", metavar="N", help="Let it rest after N failures in a row; 0: never."
        ),
    ] = 0,
    rest: Annotated[
        str, typer.Option("--rest", metavar="TIME", help="For how long, until a trial.")
    ] = "10s",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="Of chance: the same draws again.")
    ] = None,
    connect_timeout: Annotated[
        str, typer.Option("--connect-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "3s",
    idle_timeout: Annotated[
        str, typer.Option("--idle-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "60s",
    response_timeout: Annotated[
        str, typer.Option("--response-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "30s",
    drain_timeout: Annotated[
        str, typer.Option("--drain-timeout", metavar="TIME", rich_help_panel=TIMES)
    ] = "10s",
) -> Exit:
    """Run our balancer in front of your servers until interrupted; then it drains."""
    from netlab.cli.lb_running import Asked, balance

    asked = Asked(
        listen, backend, algorithm.value, int(layer.value), key, sticky, tls_cert, tls_key,
        proxy_protocol, check, check_every, rise, fall, passive, rest, seed, connect_timeout,
        idle_timeout, response_timeout, drain_timeout,
    )  # fmt: skip
    return balance(asked, look)


@app.command(epilog=examples("netlab lb source", "netlab lb source maglev"))
@guarded
def source(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An algorithm.")] = None,
) -> Exit:
    """Print an algorithm as it is run; without a name, what there is."""
    from netlab.cli.lb_source import print_names, print_source

    return print_names() if name is None else print_source(name)
