"""The lab's own process: `python -m netlab.lab.process [SETTINGS]`.

A server's work must never count as the client's time, hence a process of its own. Standard input
is the control pipe: its end of file means that the parent is gone, however it went, and then the
lab goes too. Standard output carries one ready line, then the journal. SETTINGS is a JSON object;
`distance` maps services to seconds.
"""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from netlab.lab.control import LONGEST, Control, Refused, seconds
from netlab.lab.directory import Directory
from netlab.lab.journal import Journal, Pipe
from netlab.lab.service import Dialled, Entry, Seen, Service, World
from netlab.processes import begin

STARTED = perf_counter()
BROKEN = ".broken.example.org"


def main(settings: Sequence[str] = ()) -> None:
    """Run the lab until the control pipe ends. Never returns."""
    begin()
    home = Path(tempfile.mkdtemp(prefix="netlab-lab-"))
    signal.signal(signal.SIGTERM, lambda *_: leave(home))
    # The loop answers clients while a thread still makes certificates: let it have its turn soon.
    sys.setswitchinterval(0.0005)
    pipe = Pipe(sys.stdout.fileno())
    try:
        asyncio.run(run(json.loads(settings[0]) if settings else {}, home, pipe))
    except Exception as error:
        fail(pipe, error)
    leave(home)


def fail(pipe: Pipe, error: Exception) -> None:
    """Say why the lab cannot stand, and wait until the parent has hung up."""
    pipe.put({"failed": f"{type(error).__name__}: {error}"})
    while sys.stdin.buffer.read(LONGEST):
        pass


def leave(home: Path) -> None:
    """End at once: no clean-up could matter to anybody but the file system."""
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)


async def run(settings: Mapping[str, Any], home: Path, pipe: Pipe) -> None:
    distances = {name: seconds(value) for name, value in settings.get("distance", {}).items()}
    journal = Journal()
    world = World(journal.tell, lambda id: distance(distances, id))
    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: journal.tell(mishap(context))
    )
    control = await stand(world, home, distances, journal)
    world.where = lambda seen: control.directory.endpoints.get(seen)
    loop = asyncio.get_running_loop()
    pipe.put({"ready": control.directory.to_json()})
    journal.channels.append(pipe)
    commands: asyncio.Queue[bytes] = asyncio.Queue()
    threading.Thread(
        target=listen, args=(loop, commands, home), name="control", daemon=True
    ).start()
    threading.Thread(target=warm, args=(loop, control), name="warm", daemon=True).start()
    while True:
        await control.obey(await commands.get(), pipe)


def distance(distances: Mapping[str, float], id: str) -> float:
    """A service's own distance, else its kind's (`web`, `ns`), else none."""
    return distances.get(id, distances.get(id.partition(":")[0], 0.0))


async def stand(world: World, home: Path, distances: dict[str, float], journal: Journal) -> Control:
    """Start every service of the lab."""
    from netlab.lab import dns, web
    from netlab.lab.authority import Authority

    authority = Authority(home)
    services: list[Service] = [*web.services(world, authority), *dns.services(world)]
    check(distances, services)
    endpoints: dict[Seen, Dialled] = {}
    for service in services:
        endpoints.update(await service.start())
    directory = Directory(
        endpoints,
        dns.RESOLVER,
        dns.ROOTS,
        str(authority.ca_file),
        name_servers(services),
        tuple(service.id for service in services),
        dict(distances),
        tuple(notes(services)),
        os.getpid(),
        perf_counter() - STARTED,
    )
    return Control(services, distances, journal, directory)


def name_servers(services: Sequence[Service]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from netlab.lab.dnsserver import AuthoritativeServer

    authoritative = [each.server for each in services if isinstance(each, AuthoritativeServer)]
    return tuple((server.name, server.addresses) for server in authoritative)


def notes(services: Sequence[Service]) -> Mapping[str, None]:
    """What this system could not be made to show: each sentence once, in order."""
    from netlab.lab.holes import BlackHole

    holes = [service for service in services if isinstance(service, BlackHole)]
    return dict.fromkeys(note for hole in holes for note in hole.notes)


def check(distances: Mapping[str, float], services: Sequence[Service]) -> None:
    ids = {service.id for service in services}
    unknown = [
        name
        for name in distances
        if name not in ids and not any(id.startswith(f"{name}:") for id in ids)
    ]
    if unknown:
        raise Refused(f"there is no service {unknown[0]!r} in the lab")


def listen(loop: asyncio.AbstractEventLoop, commands: "asyncio.Queue[bytes]", home: Path) -> None:
    """Read the control pipe; its end is ours."""
    while line := sys.stdin.buffer.readline(LONGEST):
        loop.call_soon_threadsafe(commands.put_nowait, line)
    leave(home)


def warm(loop: asyncio.AbstractEventLoop, control: Control) -> None:
    """Make what the first clients would wait for, while the lab's user still loads its own code.

    A context costs 2 ms, which would count as the server's time in the first handshake. The
    broken hosts make theirs when they are asked: forty more would still be under way then.
    """
    import netlab.lab.webh1
    import netlab.lab.webh2  # noqa: F401
    from netlab.lab.webserver import WebServer

    for service in control.services.values():
        if isinstance(service, WebServer) and not service.id.endswith(BROKEN):
            service.tls.context()
    loop.call_soon_threadsafe(control.settled.set)


def mishap(context: Mapping[str, Any]) -> Entry:
    """An exception that nobody caught, for the journal: it is a bug of the lab's."""
    text = f"{context.get('message')}: {context.get('exception')!r}"
    return Entry(perf_counter(), "lab", "error", detail={"text": text[:2000]})


if __name__ == "__main__":
    main(sys.argv[1:])
