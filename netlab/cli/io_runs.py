"""What the `netlab io` commands do."""

from netlab.cli.options import Look
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit
from netlab.network.loopback import Loopback


def here(name: str, run: Experiment, look: Look) -> Exit:
    """Perform an experiment that talks to processes of its own on this machine."""
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    return perform(name, run, Loopback(), look)
