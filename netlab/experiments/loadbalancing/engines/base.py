"""What can be asked of a balancer, whosever it is."""

import contextlib
import json
import shutil
import socket
import tempfile
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep

from netlab.balance.settings import Server, Settings
from netlab.errors import Exit, NetlabError
from netlab.experiments.loadbalancing.child import Child
from netlab.recording.records import Value

LEASH = "netlab.experiments.loadbalancing.leash"
STAND = 5.0


@dataclass(frozen=True, slots=True)
class Change:
    """A backend's state as the balancer saw it change. at: instant of the machine's clock."""

    at: float
    backend: str
    state: str
    why: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A request that was sent to a second backend. doubled: the first may have done it too."""

    first: str
    second: str
    doubled: bool


@dataclass(slots=True)
class Account:
    """What the balancer itself says of a run. own: its statistics, a row a backend."""

    changes: list[Change] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    own: list[dict[str, Value]] = field(default_factory=list)
    note: str = ""


class Engine(ABC):
    """start, then anything, then stop: it answers with the account. close ends it in any case."""

    name: str

    @abstractmethod
    def start(self, settings: Settings) -> tuple[str, int]:
        """Stand, and answer where it listens. Raises NetlabError."""

    @abstractmethod
    def drain(self, backend: str) -> None:
        """Give it nothing new."""

    @abstractmethod
    def restore(self, backend: str) -> None:
        """Give it its part again."""

    @abstractmethod
    def add(self, server: Server) -> None:
        """Have one backend more."""

    @abstractmethod
    def account(self) -> Account:
        """What it says, once the load is over."""

    @abstractmethod
    def close(self) -> None:
        """End it, and leave nothing behind."""


class Program(Engine):
    """A program of others, with a folder of its own for its configuration, socket and logs."""

    def __init__(self) -> None:
        self.home: Path | None = None
        self.leash: Child | None = None
        self.pid = 0

    def folder(self) -> Path:
        if self.home is None:
            self.home = Path(tempfile.mkdtemp(prefix=f"netlab-{self.name}-"))
        return self.home

    def spawn(self, command: list[str], address: tuple[str, int]) -> None:
        """Start it, on a leash, and wait until it listens."""
        home = self.folder()
        wish = {"command": command, "output": str(home / "output"), "home": str(home)}
        self.leash = Child(LEASH, json.dumps(wish))
        self.pid = self.leash.ready()["pid"]
        until = monotonic() + STAND
        while not listens(address):
            if self.leash.process.poll() is not None or monotonic() > until:
                said = (home / "output").read_text(errors="backslashreplace")[-1000:]
                self.close()
                raise NetlabError(
                    f"{self.name} did not start.", where="the load-balancing demo",
                    cause=said.strip() or "it did not listen in time", exit=Exit.CONNECT,
                )  # fmt: skip
            sleep(0.01)

    def close(self) -> None:
        if self.leash is not None:
            self.leash.close()
        if self.home is not None:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None


def listens(address: tuple[str, int]) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(address, 0.5):
        return True
    return False


def free_port() -> int:
    """A port that was free a moment ago: those programs take a number, not any that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
