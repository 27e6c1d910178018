"""`netlab io`: blocking and non-blocking I/O."""

from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.errors import Exit

app = group("netlab io demo", "netlab io calls")


@app.callback()
def io() -> None:
    """Blocking and non-blocking I/O: the same work under every model, and what each one costs."""


@app.command(
    epilog=examples(
        "netlab io demo",
        "netlab io demo --models blocking,epoll --repeat 3",
        "netlab io demo --cpu-work",
    )
)
@guarded
def demo(
    look: options.LabLook,
    requests: Annotated[
        int,
        typer.Option(
            "--requests", metavar="N", min=1, max=64, help="Each on a connection of its own."
        ),
    ] = 8,
    delay: Annotated[
        str, typer.Option("--delay", metavar="TIME", help="How long the server takes: 0.2, 200ms.")
    ] = "200ms",
    jitter: Annotated[
        str, typer.Option("--jitter", metavar="TIME", help="Spread the delays by so much each way.")
    ] = "0",
    payload: Annotated[
        int, typer.Option("--payload", metavar="N", min=1, max=1_000_000, help="Octets each way.")
    ] = 64,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, max=64, help="Threads of the model `pool`."),
    ] = 4,
    repeat: Annotated[
        int,
        typer.Option(
            "--repeat", metavar="N", min=1, max=20, help="Measure so often; the median counts."
        ),
    ] = 1,
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="These alone, in this order.")
    ] = None,
    cpu_work: Annotated[
        bool, typer.Option("--cpu-work", help="What happens when handlers compute, instead.")
    ] = False,
    witness: Annotated[
        bool, typer.Option("--witness", help="Lay the kernel's own count beside ours (strace).")
    ] = False,
    max_time: Annotated[
        str, typer.Option("--max-time", metavar="TIME", help="For each model: 60, 90s.")
    ] = "60s",
) -> Exit:
    """Ask slow servers the same under each I/O model, and see what the program does meanwhile."""
    from netlab.cli.io_runs import Asked, compare

    asked = Asked(requests, delay, jitter, payload, workers, repeat, models, max_time)
    return compare(asked, cpu_work, witness, look)


@app.command(epilog=examples("netlab io calls"))
@guarded
def calls(look: options.LabLook) -> Exit:
    """Make the system calls themselves, and see what each one answers and why."""
    from netlab.cli.io_runs import here
    from netlab.experiments.io import syscalls as experiment

    return here("io calls", experiment.run, look)


@app.command(epilog=examples("netlab io source epoll"))
@guarded
def source(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="blocking, epoll, asyncio, …")],
    service: Annotated[
        bool, typer.Option("--service", help="Its echo service instead, which `io scale` measures.")
    ] = False,
    plain: options.Plain = False,
) -> Exit:
    """Print a model's code, the very code that `io demo` times, with notes."""
    if service:
        from netlab.cli.io_scale import print_service

        return print_service(model, plain)
    from netlab.cli.io_runs import print_source

    return print_source(model, plain)


@app.command(epilog=examples("netlab io serve epoll --listen 127.0.0.1:9000"))
@guarded
def serve(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="blocking, epoll, asyncio-streams, …")
    ],
    listen: options.Listen = "127.0.0.1:0",
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, max=64, help="Threads of the model `pool`."),
    ] = 8,
) -> Exit:
    """Run the echo service of one model alone, for any client's load; Ctrl-C ends it."""
    from netlab.cli.io_scale import serve as run

    return run(model, listen, workers)


@app.command(
    epilog=examples(
        "netlab io scale", "netlab io scale --connections 100,10000 --models poll,epoll"
    )
)
@guarded
def scale(
    look: options.LabLook,
    connections: Annotated[
        str, typer.Option("--connections", metavar="N,M", help="How many are open, run by run.")
    ] = "10,100,1000,10000",
    active: Annotated[
        int, typer.Option("--active", metavar="N", min=1, max=1000, help="How many of them speak.")
    ] = 10,
    models: Annotated[
        str | None, typer.Option("--models", metavar="A,B", help="These alone; `all` for all.")
    ] = None,
    window: Annotated[
        str, typer.Option("--window", metavar="TIME", help="How long each run is measured: 500ms.")
    ] = "500ms",
    payload: Annotated[
        int,
        typer.Option("--payload", metavar="N", min=16, max=4096, help="Octets of each request."),
    ] = 64,
    workers: Annotated[
        int,
        typer.Option("--workers", metavar="N", min=1, max=64, help="Threads of the model `pool`."),
    ] = 8,
    max_time: Annotated[
        str, typer.Option("--max-time", metavar="TIME", help="No run begins after this: 60, 5m.")
    ] = "180s",
) -> Exit:
    """Keep ever more connections open to one echo service under each model, and see who holds."""
    from netlab.cli.io_scale import Asked, climb

    return climb(Asked(connections, active, models, window, payload, workers, max_time), look)
