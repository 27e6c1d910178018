"""The way out, as an experiment is handed it.

A network says which resolvers, root servers and trust anchors to use, and where an address that
a person sees is really dialled. On the internet that is the address itself; in the lab it is a
socket on loopback. Nothing here assumes loopback.
"""

import asyncio
import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Transport = Literal["tcp", "udp"]
SocketAddress = tuple[str, int]
"""Address and port as the operating system is given them."""


@dataclass(frozen=True, slots=True)
class Resolver:
    """A recursive resolver, and where its address was read (`/etc/resolv.conf`, `--resolver`)."""

    address: str
    port: int
    source: str


@dataclass(frozen=True, slots=True)
class RootServer:
    """One of the root's name servers, from root hints."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What a server of the lab says it did. at is on this machine's monotonic clock.

    until is set when the entry is a configured delay which the server waited out from `at`.
    peer_port is the client's port, by which an entry is matched with a connection.
    """

    at: float
    service: str
    event: str
    peer_port: int | None = None
    until: float | None = None
    detail: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)


class NoRoute(OSError):
    """The network holds no way to this address."""

    def __init__(self, address: str) -> None:
        super().__init__(errno.ENETUNREACH, f"no route to {address}")


class Network(ABC):
    """How to reach (address, port), whom to ask for names, and whom to trust."""

    name: str
    resolvers: tuple[Resolver, ...]
    roots: tuple[RootServer, ...]
    cafile: str | None = None
    """PEM file of the trust anchors; None for the machine's own store."""
    asks_system: bool = True
    """Whether this machine's own getaddrinfo knows this network's names."""
    notes: tuple[str, ...] = ()
    """What a person must know of how this network was chosen, one sentence each."""

    @abstractmethod
    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        """Where the person's (address, port) is really dialled. Raises NoRoute."""

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The host's addresses, best first, where no chapter is about how they are found.

        Raises OSError.
        """
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

    async def journal(self) -> tuple[JournalEntry, ...]:
        """All that the network's own servers have told so far; empty where we run none."""
        return ()

    async def command(self, name: str, **arguments: object) -> Mapping[str, Any]:
        """Have the network's own servers do something (`stop`, `start` with service=); their reply.

        Raises NoRoute where we run none: nobody else's servers are ours to command.
        """
        raise NoRoute(str(arguments.get("service", name)))

    def set_up(self) -> tuple[str, ...]:
        """Settings of this network that a person must know of, one sentence each (lab delays)."""
        return ()

    def close(self) -> None:  # noqa: B027 - most networks run nothing
        """Let go of whatever the network runs."""
