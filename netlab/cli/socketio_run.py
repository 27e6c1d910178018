"""What the `netlab socketio` commands do."""

import contextlib
import http.client
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from netlab.cli.networks import chosen, in_lab
from netlab.cli.options import Look
from netlab.cli.parse import header_fields, seconds
from netlab.cli.run import Experiment, perform
from netlab.errors import Exit
from netlab.network.base import Network

if TYPE_CHECKING:
    from netlab.experiments.bench import Bench
    from netlab.recording.recorder import Started
    from netlab.recording.records import Record

HOUR = "60m"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed after `netlab socketio connect`, as it was typed."""

    url: str
    network: Literal["auto", "internet", "lab"] = "auto"
    transport: Literal["polling", "websocket"] | None = None
    namespace: str | None = None
    path: str | None = None
    emit: tuple[str, str] | None = None
    listen: bool = False
    headers: list[str] | None = None
    insecure: bool = False
    cacert: str | None = None
    resolver: str | None = None
    max_time: str | None = None


def meet(asked: Asked, look: Look) -> Exit:
    """Find the network as `trace` does, then meet the server."""
    from netlab.experiments.socketio import place, visiting

    where = place.parse(asked.url, asked.namespace, asked.path)
    visit = visiting.Visit(
        where,
        asked.transport,
        None if asked.emit is None else (asked.emit[0], place.arguments(asked.emit[1])),
        asked.listen,
        header_fields(asked.headers or ()),
        asked.insecure,
        seconds(asked.max_time or (HOUR if asked.listen else "30s"), "--max-time"),
    )
    network, _ = chosen(
        asked.network, where.typed.host, asked.resolver, asked.cacert, {}, warm, True, wake
    )

    async def experiment(bench: "Bench") -> Exit:
        if asked.listen and not look.json:
            bench.recorder.subscribe(passing)
        return await visiting.run(bench, visit)

    return perform("socketio connect", experiment, network, look)


def passing(record: "Record | Started") -> None:
    """One line for each Socket.IO packet, at once."""
    from netlab.recording.records import Message, Step
    from netlab.views.text import escape

    if isinstance(record, Message) and record.protocol == "Socket.IO":
        sign = "──▶" if record.sender == "you" else "◀──"
        sys.stdout.write(f"{sign} {escape(record.title)}\n")
    elif isinstance(record, Step) and record.topic == "socketio.visit-heard":
        sys.stdout.write("    listening; Ctrl-C ends it\n")
    sys.stdout.flush()


def in_the_lab(name: str, run: Experiment, look: Look) -> Exit:
    return perform(name, run, in_lab(None, None, {}, warm, websocket=True, wake=wake), look)


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
