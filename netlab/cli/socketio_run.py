"""What the `netlab socketio` commands do."""

import contextlib
import http.client

from netlab.cli.networks import in_lab
from netlab.cli.options import Look
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit
from netlab.network.base import Network


def in_the_lab(name: str, run: Experiment, look: Look) -> Exit:
    network = in_lab(None, None, {}, warm, websocket=True)
    try:
        wake(network)
    except BaseException:
        network.close()
        raise
    return perform(name, run, network, look)


def warm() -> None:
    """Import all that the experiment needs before any clock runs."""
    from netlab.experiments.socketio import demo  # noqa: F401 - a third of a second
    from netlab.network import http
    from netlab.views import journey as _view  # noqa: F401 - drawing must not be kept waiting

    http.warm()


def wake(network: Network) -> None:
    """Ask the lab's server for something, once: it loads its library when it is first needed."""
    from netlab.experiments.socketio.clients import ADDRESS, CHAT, PATIENCE, PORT

    host, port = network.dialled(ADDRESS, PORT, "tcp")
    asking = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(asking):
        asking.request("GET", "/socket.io/?transport=polling", headers={"Host": CHAT})
        asking.getresponse().read()
