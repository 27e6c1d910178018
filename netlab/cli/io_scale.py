"""What `netlab io serve`, `netlab io scale` and `netlab io source --service` do."""

import os
import signal
import sys
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from netlab.cli.io_runs import here
from netlab.cli.options import Look
from netlab.cli.parse import seconds
from netlab.errors import Exit, NetlabError

MOST_CONNECTIONS = 50_000
MOST_COUNTS = 12
LONGEST_WINDOW = 30.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed."""

    connections: str
    active: int
    models: str | None
    window: str
    payload: int
    workers: int
    max_time: str


def climb(asked: Asked, look: Look) -> Exit:
    """Measure one model after another with more and more connections."""
    if sys.platform == "win32":
        raise NetlabError(
            "netlab io scale runs on Linux and macOS.",
            cause="Windows has neither getrusage nor the descriptors that this measures with",
            advice="netlab io serve runs everywhere, for a load of your own",
        )
    from netlab.experiments.io import scale
    from netlab.experiments.io.scale_run import Wish

    window = seconds(asked.window, "--window")
    if window > LONGEST_WINDOW:
        raise NetlabError(f"--window {asked.window}: at most {LONGEST_WINDOW:g} s for each run")
    options = scale.Options(
        counts_of(asked.connections), models_of(asked.models),
        Wish(asked.active, window, asked.payload, asked.workers),
        seconds(asked.max_time, "--max-time"),
    )  # fmt: skip
    return here("io scale", lambda bench: scale.run(bench, options), look)


def counts_of(text: str) -> tuple[int, ...]:
    """`10,100,1000`, in rising order. Raises NetlabError."""
    words = [word.strip().replace("_", "") for word in text.split(",") if word.strip()]
    right = all(word.isascii() and word.isdigit() and len(word) < 8 for word in words)
    counts = sorted({int(word) for word in words}) if right else []
    if not counts or counts[0] < 1 or counts[-1] > MOST_CONNECTIONS or len(counts) > MOST_COUNTS:
        raise NetlabError(
            f"--connections {text}: not numbers of connections",
            advice=f"write them as 10,100,1000: up to {MOST_COUNTS} of them, each from 1 to "
            f"{MOST_CONNECTIONS}",
        )
    return tuple(counts)


def models_of(text: str | None) -> tuple[str, ...]:
    """The names that were typed, in their order; without any those that are worth comparing."""
    from netlab.experiments.io import scale
    from netlab.experiments.io.services import SERVICES, available, missing

    if text is None:
        return scale.usual()
    if text.strip().lower() == "all":
        return tuple(name for name in SERVICES if missing(name) is None)
    names = dict.fromkeys(word.strip().lower() for word in text.split(",") if word.strip())
    if not names:
        raise NetlabError("--models names none", advice=f"some of {', '.join(SERVICES)}, or all")
    return tuple(available(name, f"--models {text}").name for name in names)


def serve(name: str, listen: str, workers: int) -> Exit:
    """Serve the echo of one model until told to end. Raises NetlabError where it cannot."""
    from netlab.addresses import address_of, endpoint, opened
    from netlab.experiments.io import limits
    from netlab.experiments.io.services import available

    service = available(name.lower(), "netlab io serve")
    run = service.load()
    listener = opened(*address_of(listen))
    listener.setblocking(True)
    files = limits.raise_files()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    shown = endpoint(*listener.getsockname()[:2])
    allowed = f"Up to {files['files']} descriptors. " if files["files"] is not None else ""
    told = f"{shown}\nEchoes what it is sent: {service.title}. {allowed}Ctrl-C ends it.\n"
    sys.stdout.write(told)
    sys.stdout.flush()
    try:
        run(listener, workers)
    except (OSError, ValueError, RuntimeError) as error:  # descriptors, select's sets, threads
        raise NetlabError(
            f"The service {name} has ended: {error}.",
            cause="more clients than this model, or this system, can hold",
            advice="netlab io scale shows where each model breaks",
            exit=Exit.CONNECT,
        ) from None
    return Exit.OK


def end(number: int, frame: FrameType | None) -> NoReturn:
    """Nothing but sockets is open, which the kernel closes; no thread and no task is waited for."""
    os._exit(Exit.OK)


def print_service(name: str, plain: bool) -> Exit:
    """The file of an echo service, which is read from where it is imported from."""
    from netlab.experiments.io.services import named
    from netlab.explain.pages import read_page
    from netlab.views.listing import draw_listing

    service = named(name.lower(), "netlab io source --service")
    place = f"netlab/experiments/io/services/{service.file.name}"
    text = service.file.read_text(encoding="utf-8")
    page, notes = read_page("io.serve", "en"), read_page("io.scale", "en")
    draw_listing(place, text, page, notes, sys.stdout, plain=plain)
    return Exit.OK
