"""What the `netlab io` commands do."""

from dataclasses import dataclass

from netlab.cli.options import Look
from netlab.cli.parse import seconds
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit, NetlabError
from netlab.network.loopback import Loopback


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, as it was typed."""

    requests: int
    delay: str
    jitter: str
    payload: int
    workers: int
    repeat: int
    models: str | None
    max_time: str


def here(name: str, run: Experiment, look: Look) -> Exit:
    """Perform an experiment that talks to processes of its own on this machine."""
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    return perform(name, run, Loopback(), look)


def compare(asked: Asked, cpu_work: bool, witness: bool, look: Look) -> Exit:
    if cpu_work:
        if witness or asked.models is not None:
            raise NetlabError(
                "--cpu-work is an experiment of its own: it takes neither --models nor --witness",
                advice="netlab io demo --cpu-work",
            )
        from netlab.experiments.io import cpu

        return here("io demo --cpu-work", cpu.run, look)
    from netlab.experiments.io import demo
    from netlab.experiments.io.models import chosen
    from netlab.experiments.io.outcome import Options
    from netlab.experiments.io.request import LONGEST_DELAY

    delay = seconds(asked.delay, "--delay")
    jitter = 0.0 if float_of(asked.jitter) == 0 else seconds(asked.jitter, "--jitter")
    if jitter > delay or delay + jitter > LONGEST_DELAY:
        raise NetlabError(
            f"--delay {asked.delay} --jitter {asked.jitter}: the server cannot keep that",
            advice=f"at most {LONGEST_DELAY:g} s together, and the jitter within the delay",
        )
    options = Options(
        chosen(asked.models), asked.models is not None, asked.requests, delay, jitter,
        asked.payload, asked.workers, asked.repeat, seconds(asked.max_time, "--max-time"), witness,
    )  # fmt: skip
    return here("io demo", lambda bench: demo.run(bench, options), look)


def float_of(text: str) -> float | None:
    """A bare number that was typed: only there is nothing at all a length of time."""
    try:
        return float(text.removesuffix("ms").removesuffix("s"))
    except ValueError:
        return None


def print_source(name: str, plain: bool) -> Exit:
    """The file of a model, which is read from where it is imported from."""
    import sys

    from netlab.experiments.io.models import MODELS, named
    from netlab.experiments.io.services import SERVICES
    from netlab.explain.pages import read_page
    from netlab.views.listing import draw_listing

    if name.lower() not in MODELS and name.lower() in SERVICES:
        raise NetlabError(
            f"netlab io source: {name.lower()} is one of the echo services alone",
            advice=f"netlab io source {name.lower()} --service",
        )
    model = named(name.lower(), "netlab io source")
    place = f"netlab/experiments/io/models/{model.file.name}"
    text = model.file.read_text(encoding="utf-8")
    page, notes = read_page(f"io.model.{model.name}", "en"), read_page("io.models", "en")
    draw_listing(place, text, page, notes, sys.stdout, plain=plain)
    return Exit.OK
