"""Run an experiment, then show and keep what it wrote."""

import asyncio
import platform
import ssl
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime

from netlab import __version__
from netlab.cli.options import Look
from netlab.cli.show import check_target, show
from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.network.base import Network
from netlab.recording.recorder import Recorder
from netlab.recording.records import Header
from netlab.views.progress import progress

Experiment = Callable[[Bench], Awaitable[Exit]]


def perform(name: str, experiment: Experiment, network: Network, look: Look) -> Exit:
    """Play the experiment to its end or its interrupt, and show the story so far either way."""
    check_target(look)
    recorder = Recorder(header(name, network.name))
    try:
        with progress(recorder, sys.stderr, plain=look.plain):
            code = asyncio.run(_play(experiment, Bench(recorder, network)))
    except KeyboardInterrupt:
        code = Exit.INTERRUPT
    finally:
        network.close()
    show(recorder.finish(code), look)
    if code is Exit.INTERRUPT:
        sys.stderr.write("interrupted: this is the journey so far\n")
    return code


async def _play(experiment: Experiment, bench: Bench) -> Exit:
    return await experiment(bench)


def header(experiment: str, network: str) -> Header:
    return Header(
        started=datetime.now().astimezone().isoformat(timespec="milliseconds"),
        command=("netlab", *sys.argv[1:]),
        experiment=experiment,
        network=network,
        versions={
            "netlab": __version__,
            "python": platform.python_version(),
            "openssl": ssl.OPENSSL_VERSION,
            "system": f"{platform.system()} {platform.release()}",
        },
    )
