"""`netlab lb`: load balancing."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.cli.lb_options import BACKEND, Balancing, Running
from netlab.errors import Exit

app = group("netlab lb demo", "netlab lb source leastconn")


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
    how: Balancing,
    engine: Annotated[Engines, typer.Argument(metavar="ENGINE", help="haproxy or nginx.")],
    backend: Annotated[list[str] | None, BACKEND] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where it is to listen.")
    ] = "127.0.0.1:8080",
) -> Exit:
    """Print a configuration that does the same, to deploy with servers of your own."""
    from netlab.cli.lb_runs import Wanted, configure

    return configure(Wanted(engine.value, backend or [], listen, how))


@app.command(
    epilog=examples(
        "netlab lb run --listen 127.0.0.1:8080 --backend 127.0.0.1:9001 --backend 127.0.0.1:9002=3",
        "netlab lb run --layer 4 --backend 127.0.0.1:6379",
    )
)
@guarded
def run(
    how: Balancing,
    running: Running,
    look: options.Look,
    backend: Annotated[list[str], BACKEND],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Port 0 takes any that is free.")
    ] = "127.0.0.1:0",
) -> Exit:
    """Run our balancer in front of your servers until interrupted; then it drains."""
    from netlab.cli.lb_running import Asked, balance

    return balance(Asked(listen, backend, how, running), look)


@app.command(epilog=examples("netlab lb source", "netlab lb source maglev"))
@guarded
def source(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An algorithm.")] = None,
) -> Exit:
    """Print an algorithm as it is run; without a name, what there is."""
    from netlab.cli.lb_source import print_names, print_source

    return print_names() if name is None else print_source(name)
