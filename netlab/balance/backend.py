"""A server behind the balancer, as the balancer sees it."""

from dataclasses import dataclass
from typing import Literal

from netlab.addresses import endpoint

State = Literal["up", "down", "draining"]
"""draining: it gets nobody new, and ends what it has."""


@dataclass(slots=True, eq=False)
class Backend:
    """One server. Two are never equal: each is itself.

    active: what this balancer has open to it now, connections at layer 4 and requests at layer 7.
    It knows of nobody else's. `Pool` keeps state and active.
    """

    name: str
    host: str
    port: int
    weight: int = 1
    state: State = "up"
    active: int = 0

    @property
    def usable(self) -> bool:
        """Whether it may be picked for something new."""
        return self.state == "up"

    @property
    def address(self) -> str:
        return endpoint(self.host, self.port)
