"""The lab as a network: real servers on loopback under authentic-looking names and addresses."""

import asyncio
import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netlab.network.base import (
    JournalEntry,
    Network,
    NoRoute,
    Resolver,
    RootServer,
    SocketAddress,
    Transport,
)
from netlab.network.internet import given_resolver, trust_file

if TYPE_CHECKING:
    from netlab.lab import Lab

KINDS = {"resolver": "the resolver", "ns": "every name server", "web": "every web server"}


class LabNetwork(Network):
    """A running lab, which `close` ends if this process started it."""

    name = "lab"
    asks_system = False

    def __init__(self, lab: "Lab", cafile: str | None = None, resolver: str | None = None) -> None:
        self.lab = lab
        directory = lab.directory
        self.resolvers = (
            Resolver(*directory.resolver, "the lab")
            if resolver is None
            else given_resolver(resolver),
        )
        self.roots = tuple(RootServer(name, tuple(its)) for name, its in directory.roots)
        self.cafile = trust_file(cafile) or directory.ca_file

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        found = self.lab.directory.dialled(transport, address, port)
        if found is None:
            raise NoRoute(address)
        return found

    async def addresses(self, host: str) -> tuple[str, ...]:
        for entry in self.lab.directory.hosts:
            if entry.name == host:
                return (*entry.v4, *entry.v6)
        raise OSError(errno.ENOENT, "the lab has no such name")

    async def journal(self) -> tuple[JournalEntry, ...]:
        # Its answer comes through a pipe that a thread reads: waiting blocks no event loop.
        await asyncio.to_thread(self.lab.sync)
        return tuple(
            JournalEntry(e.at, e.service, e.event, e.peer_port, e.until, e.detail)
            for e in self.lab.entries()
        )

    async def command(self, name: str, **arguments: object) -> Mapping[str, Any]:
        return await asyncio.to_thread(self.lab.command, name, **arguments)

    def set_up(self) -> tuple[str, ...]:
        directory = self.lab.directory
        delays = sorted((who, time) for who, time in directory.distances.items() if time > 0)
        return (*self.notes, *directory.notes, *(_delay(who, seconds) for who, seconds in delays))

    def close(self) -> None:
        self.lab.close()


def _delay(who: str, seconds: float) -> str:
    server = KINDS.get(who, who)
    return f"In the lab {server} waits {seconds * 1000:g} ms before each answer: a setting."
