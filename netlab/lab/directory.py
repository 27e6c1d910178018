"""Where everything in a running lab is to be found."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from netlab.lab.catalogue import HOSTS, Host
from netlab.lab.service import Dialled, Seen


@dataclass(frozen=True, slots=True)
class Directory:
    """The lab as its clients see it.

    endpoints: the real socket behind each seen address. resolver: its seen address. roots: the
    root hints. name_servers: all of them by name, the root's included, with their addresses.
    notes: what this system could not be made to show, one sentence each. distances: the
    configured delays, by service. started_in: seconds from the process's first line to now.
    """

    endpoints: Mapping[Seen, Dialled]
    resolver: tuple[str, int]
    roots: tuple[tuple[str, tuple[str, ...]], ...]
    ca_file: str
    name_servers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    services: tuple[str, ...] = ()
    distances: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    pid: int = 0
    started_in: float = 0.0

    @property
    def hosts(self) -> tuple[Host, ...]:
        """The catalogue: which names the lab knows, and what each shows."""
        return HOSTS

    def dialled(self, transport: str, address: str, port: int) -> Dialled | None:
        """The real socket behind a seen address and port; None if no way leads there."""
        return self.endpoints.get((transport, address, port))

    def at(self, distances: Mapping[str, float]) -> "Directory":
        return replace(self, distances=dict(distances))

    def to_json(self) -> dict[str, Any]:
        return {
            "endpoints": [[*seen, *dialled] for seen, dialled in self.endpoints.items()],
            "resolver": list(self.resolver),
            "roots": [[name, list(addresses)] for name, addresses in self.roots],
            "name_servers": [[name, list(addresses)] for name, addresses in self.name_servers],
            "ca_file": self.ca_file,
            "services": list(self.services),
            "distances": dict(self.distances),
            "notes": list(self.notes),
            "pid": self.pid,
            "started_in": self.started_in,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Directory":
        return cls(
            {
                (transport, address, port): (host, real)
                for transport, address, port, host, real in data["endpoints"]
            },
            (data["resolver"][0], data["resolver"][1]),
            tuple((name, tuple(addresses)) for name, addresses in data["roots"]),
            data["ca_file"],
            tuple((name, tuple(addresses)) for name, addresses in data["name_servers"]),
            tuple(data["services"]),
            data["distances"],
            tuple(data["notes"]),
            data["pid"],
            data["started_in"],
        )
