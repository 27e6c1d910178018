"""Commands to a running lab, from its parent's pipe or over the control port.

A command is a line of JSON: `{"id": 7, "command": "stop", "service": "web:www.google.com"}`; so
is its reply, `{"reply": 7, "ok": true}`. Replies leave on the channel of the journal, behind all
that was told before: a reply to `sync` therefore means that the journal so far is in.
"""

import asyncio
import contextlib
import hmac
import json
import math
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from netlab.lab.directory import Directory
from netlab.lab.journal import Channel, Connection, Journal
from netlab.lab.proof import proof
from netlab.lab.service import Dialled, Entry, Seen, Service

LONGEST = 1 << 16
"""Octets of a command's line."""
FARTHEST = 60.0
"""Seconds: the longest distance that may be set."""
GREETING = 5.0
"""Seconds in which a client of the control port must have shown its token."""

ADDRESSING = frozenset({"id", "command", "service"})
"""Members of every command's line, which are none of its arguments."""

Arguments = Mapping[str, Any]
Handler = Callable[[Arguments], Awaitable[Mapping[str, Any]]]


class Refused(Exception):
    """The command cannot be obeyed, for the reason given. advice: what could be."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(reason)
        self.advice = advice


def load_websocket() -> None:
    """80 ms of imports, which no lab needs that is asked for pages alone."""
    import netlab.lab.originsite
    import netlab.lab.pushsite
    import netlab.lab.websocket
    import netlab.lab.wsfaults  # noqa: F401


def load_oauth() -> None:
    """300 ms of them: Starlette and joserfc."""
    import netlab.lab.asgi
    import netlab.lab.oauth.app
    import netlab.lab.oauth.photos  # noqa: F401


class Control:
    """Obeys commands. distances is the World's own table, which commands change."""

    def __init__(
        self,
        services: Sequence[Service],
        distances: MutableMapping[str, float],
        journal: Journal,
        directory: Directory,
    ) -> None:
        self.services = {service.id: service for service in services}
        self.distances = distances
        self.journal = journal
        self.directory = directory
        self.turn = asyncio.Lock()
        self.settled = asyncio.Event()
        self.port: Mapping[str, Any] | None = None
        self.server: asyncio.Server | None = None
        self.commands: dict[str, Handler] = {
            "sync": self.sync,
            "settle": self.settle,
            "start": self.start,
            "stop": self.stop,
            "distance": self.distance,
            "fault": self.fault,
            "oauth": self.oauth,
            "listen": self.listen,
        }

    async def obey(self, line: bytes, channel: Channel) -> None:
        """Carry out one command, one at a time, and reply."""
        number: Any = None
        try:
            command = json.loads(line)
            if not isinstance(command, dict):
                raise Refused("a command is a JSON object")
            number = command.get("id")
            handler = self.commands.get(str(command.get("command")))
            if handler is None:
                raise Refused(f"there is no command {command.get('command')!r}")
            async with self.turn:
                result = await handler(command)
        except (Refused, ValueError, OSError) as error:
            advice = error.advice if isinstance(error, Refused) else ""
            channel.put({"reply": number, "ok": False, "error": str(error), "advice": advice})
        else:
            channel.put({"reply": number, "ok": True, **result})

    async def sync(self, arguments: Arguments) -> Mapping[str, Any]:
        return {}

    async def settle(self, arguments: Arguments) -> Mapping[str, Any]:
        await self.settled.wait()
        if arguments.get("websocket"):
            await asyncio.to_thread(load_websocket)
        if arguments.get("oauth"):
            await asyncio.to_thread(load_oauth)
        return {}

    async def start(self, arguments: Arguments) -> Mapping[str, Any]:
        service = self.named(arguments)
        self.find(await service.start())
        self.journal.tell(Entry(perf_counter(), service.id, "started"))
        return {}

    async def stop(self, arguments: Arguments) -> Mapping[str, Any]:
        service = self.named(arguments)
        await service.stop()
        self.journal.tell(Entry(perf_counter(), service.id, "stopped"))
        return {}

    async def distance(self, arguments: Arguments) -> Mapping[str, Any]:
        """Of a service (`web:www.google.com`), or of all of a kind (`web`)."""
        name = str(arguments.get("service"))
        known = {*self.services, *(id.partition(":")[0] for id in self.services)}
        if name not in known:
            raise self.unknown(name)
        self.distances[name] = seconds(arguments.get("seconds"))
        self.publish(self.directory.at(self.distances))
        return {}

    async def fault(self, arguments: Arguments) -> Mapping[str, Any]:
        """Have a running service misbehave (`kind`), or heal it (empty): see `Service.faults`."""
        service = self.named(arguments)
        kind: Any = arguments.get("kind")
        if kind != "" and kind not in service.faults:
            known = f"It knows {', '.join(service.faults)}" if service.faults else "It knows none"
            raise Refused(
                f"{service.id} knows no fault {kind!r}", f"{known}; an empty kind heals."
            )  # fmt: skip
        service.fault = kind
        self.journal.tell(Entry(perf_counter(), service.id, "faulted", detail={"kind": kind}))
        return {}

    async def oauth(self, arguments: Arguments) -> Mapping[str, Any]:
        """Set a server of the OAuth roles anew (`protections`, lifetimes, kinds of token): what is
        not named stays, but of protections, which are all on but those named as off; `reset` puts
        the others back first. What it has issued it forgets. The reply has what holds now.
        """
        service = self.named(arguments)
        wanted = {key: value for key, value in arguments.items() if key not in ADDRESSING}
        told = service.set(wanted)
        self.journal.tell(Entry(perf_counter(), service.id, "oauth.configured", detail=told))
        return {"settings": dict(told)}

    async def listen(self, arguments: Arguments) -> Mapping[str, Any]:
        """Open the control port, once; the reply holds its number and the secret token."""
        if self.port is None:
            self.server = await asyncio.start_server(self.converse, "127.0.0.1", 0, limit=LONGEST)
            number = self.server.sockets[0].getsockname()[1]
            self.port = {"port": number, "token": secrets.token_hex(32)}
        return self.port

    def named(self, arguments: Arguments) -> Service:
        name = str(arguments.get("service"))
        try:
            return self.services[name]
        except KeyError:
            raise self.unknown(name) from None

    def unknown(self, name: str) -> Refused:
        there = ", ".join(sorted(self.services))
        return Refused(f"there is no service {name!r} in the lab", f"There are {there}.")

    def find(self, endpoints: Mapping[Seen, Dialled]) -> None:
        """A service that starts again may stand at other ports: tell everyone."""
        both = {**self.directory.endpoints, **endpoints}
        if both != self.directory.endpoints:
            self.publish(replace(self.directory, endpoints=both))

    def publish(self, directory: Directory) -> None:
        self.directory = directory
        self.journal.spread({"directory": directory.to_json()})

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A client of the control port, from its greeting to its end."""
        channel = Connection(writer)
        with contextlib.suppress(ValueError, OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(GREETING):
                known = await self.greet(reader, writer)
            if known:
                channel.put({"ready": self.directory.to_json()})
                self.journal.channels.append(channel)
                while line := await reader.readline():
                    await self.obey(line, channel)
        if channel in self.journal.channels:
            self.journal.channels.remove(channel)
        writer.close()

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Prove to the client that we are its lab, then see that it was let in.

        The proof comes first: where a lab has died without taking its announcement back, a
        stranger may own the port by now, and must get neither the token nor be believed.
        """
        assert self.port is not None
        token = str(self.port["token"])
        nonce = (await reader.readline()).strip()
        writer.write(proof(token, b"lab", nonce) + b"\n")
        shown = (await reader.readline()).strip()
        return hmac.compare_digest(shown, proof(token, b"client", nonce))


def seconds(value: object) -> float:
    """A distance, checked."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"a distance is a number of seconds, not {value!r}")
    if not math.isfinite(value) or not 0 <= value <= FARTHEST:
        raise Refused(f"a distance lies between 0 and {FARTHEST:g} seconds")
    return float(value)
