"""A network for tests in which every address is a socket on loopback, and what a run wrote down."""

import socket
from collections.abc import Mapping
from typing import Any

from netlab.experiments.bench import Bench
from netlab.network.base import JournalEntry, Network, NoRoute, SocketAddress, Transport
from netlab.recording.ledger import leaves_of
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Message, Phase, Recording


class Near(Network):
    """Dials by a table; what is not in it has no route."""

    name = "near"
    resolvers = ()
    roots = ()
    asks_system = False

    def __init__(self, table: Mapping[str, SocketAddress], cafile: str | None = None) -> None:
        self.table = table
        self.cafile = cafile
        self.entries: list[JournalEntry] = []

    async def journal(self) -> tuple[JournalEntry, ...]:
        return tuple(self.entries)

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        if address not in self.table:
            raise NoRoute(address)
        return self.table[address]


def bench(table: Mapping[str, SocketAddress] | None = None, cafile: str | None = None) -> Bench:
    header = Header("2026-01-01T00:00:00+00:00", ("netlab",), "trace", "near", {})
    return Bench(Recorder(header), Near(table or {}, cafile))


def dead_port() -> socket.socket:
    """A socket that is bound and does not listen: its port refuses as long as it is held."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


class Story:
    """A finished recording, for questions."""

    def __init__(self, made: Bench) -> None:
        self.recording: Recording = made.recorder.finish()
        self.records = self.recording.records

    def facts(self) -> dict[str, Any]:
        return {f.name: f.value for f in self.records if isinstance(f, Fact)}

    def fact(self, name: str) -> Fact:
        return next(f for f in self.records if isinstance(f, Fact) and f.name == name)

    def phases(self, path: str) -> list[Phase]:
        return [p for p in self.records if isinstance(p, Phase) and p.path == path]

    def leaves(self) -> tuple[Phase, ...]:
        return leaves_of(r for r in self.records if isinstance(r, Phase))

    def findings(self, severity: str) -> list[Finding]:
        return [f for f in self.records if isinstance(f, Finding) and f.severity == severity]

    def messages(self, protocol: str) -> list[Message]:
        return [m for m in self.records if isinstance(m, Message) and m.protocol == protocol]
