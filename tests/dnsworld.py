"""A network for tests: some addresses, and behind each a function that answers for DNS."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from netlab.experiments.bench import Bench
from netlab.network.base import (
    JournalEntry,
    Network,
    NoRoute,
    Resolver,
    RootServer,
    SocketAddress,
    Transport,
)
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Message, Phase, Record, Value
from tests.nameserver import Answerer, name_server

T = TypeVar("T")


class World(Network):
    """Addresses that are not in `where` have no route."""

    name = "test"
    asks_system = False

    def __init__(self, resolvers: tuple[str, ...], roots: tuple[str, ...]) -> None:
        self.resolvers = tuple(Resolver(address, 53, "a test") for address in resolvers)
        self.roots = tuple(
            RootServer(f"{letter}.root", (address,))
            for letter, address in zip("abcdefg", roots, strict=False)
        )
        self.where: dict[str, SocketAddress] = {}
        self.entries: tuple[JournalEntry, ...] = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        if address not in self.where or port != 53:
            raise NoRoute(address)
        return self.where[address]

    async def journal(self) -> tuple[JournalEntry, ...]:
        return self.entries


class Story:
    """What was written in a recording."""

    def __init__(self, records: tuple[Record, ...]) -> None:
        self.records = records

    @property
    def facts(self) -> dict[str, Value]:
        return {one.name: one.value for one in self.records if isinstance(one, Fact)}

    @property
    def phases(self) -> list[Phase]:
        return [one for one in self.records if isinstance(one, Phase)]

    @property
    def messages(self) -> list[Message]:
        return [one for one in self.records if isinstance(one, Message)]

    @property
    def findings(self) -> list[Finding]:
        return [one for one in self.records if isinstance(one, Finding)]

    def one(self, name: str) -> Phase:
        (found,) = [phase for phase in self.phases if phase.name == name]
        return found


def header() -> Header:
    return Header("2026-01-01T00:00:00+00:00", ("netlab",), "trace", "test", {})


def play(
    body: Callable[[Bench], Coroutine[Any, Any, T]],
    servers: Mapping[str, Answerer | SocketAddress],
    resolvers: tuple[str, ...] = (),
    roots: tuple[str, ...] = (),
) -> tuple[T, Story]:
    """Run an experiment with these servers. A server may be a real address: nothing is started."""
    world = World(resolvers, roots)
    recorder = Recorder(header())

    async def run() -> T:
        async with AsyncExitStack() as stack:
            for address, server in servers.items():
                world.where[address] = (
                    server
                    if isinstance(server, tuple)
                    else await stack.enter_async_context(name_server(server))
                )
            return await body(Bench(recorder, world))

    result = asyncio.run(run())
    return result, Story(recorder.finish().records)
