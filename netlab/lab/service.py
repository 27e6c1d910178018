"""What a server of the lab is, and what it is handed."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Seen = tuple[str, str, int]
"""Transport (`tcp`, `udp`), address and port as a person sees them."""

Dialled = tuple[str, int]
"""Address and port of the real socket."""

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal. at: `time.perf_counter()`, which all processes here share.

    until: when the entry is a configured delay, the instant at which it had been waited out.
    """

    at: float
    service: str
    event: str
    peer_port: int | None = None
    until: float | None = None
    detail: Mapping[str, Plain] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """The lab's side of a service: where it tells, and how far away it plays to be.

    distance: seconds that the service of this id waits before each answer (0 for none).
    where: the real socket behind a seen address and port, None if there is none.
    """

    tell: Callable[[Entry], None]
    distance: Callable[[str], float]
    where: Callable[[Seen], Dialled | None] = lambda seen: None


class Service(ABC):
    """A server that can be started, and stopped for real: then its port refuses.

    faults: the kinds that it can be given while it runs. fault: the one that it has been given,
    which new requests meet, until it is healed (empty); stopping and starting do not heal.
    """

    id: str
    faults: Sequence[str] = ()
    fault: str = ""

    def set(self, wanted: Mapping[str, Any]) -> Mapping[str, Plain]:
        """Change its settings; answers those that hold now. Raises ValueError in plain words."""
        raise ValueError(f"{self.id} has no settings")

    @abstractmethod
    async def start(self) -> Mapping[Seen, Dialled]:
        """Open the sockets; answers which seen address each real one stands for."""

    @abstractmethod
    async def stop(self) -> None:
        """Close the sockets and end what is under way."""
