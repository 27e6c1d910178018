"""What the balancer tells while it works.

All are frozen; `at` is `time.perf_counter()`, which all processes of a machine share. Backends go
by their names. `encode` and `decode` are the form in a child's journal.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from netlab.balance.backend import State


@dataclass(frozen=True, slots=True)
class Accepted:
    """A client's connection."""

    at: float
    client: str


@dataclass(frozen=True, slots=True)
class Picked:
    """A backend was chosen: for a connection at layer 4, for a request at layer 7.

    active: what it had open before this one. trial: it is down, and this one finds out whether it
    is well again.
    """

    at: float
    backend: str
    active: int
    trial: bool = False


@dataclass(frozen=True, slots=True)
class Finished:
    """What it was chosen for is over.

    latency: seconds until it was connected (layer 4) or until the head of its response (layer 7).
    seconds: the whole. received, sent: octets of the client and to the client. how: "ended" when
    it came to an end in order, else what cut it.
    """

    at: float
    backend: str
    client: str
    latency: float
    seconds: float
    received: int
    sent: int
    status: int | None = None
    request: str | None = None
    how: str = "ended"


Fault = Literal["broken", "late", "status"]
"""broken: refused, reset, malformed. late: silent for too long. status: answered, with an error."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A backend did not do what it was chosen for."""

    at: float
    backend: str
    why: str
    fault: Fault = "broken"


@dataclass(frozen=True, slots=True)
class Retried:
    """What one backend failed to do, another was asked to do.

    doubled: the first may have done it nevertheless (octets of it had been sent).
    """

    at: float
    request: str
    first: str
    second: str
    doubled: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """A request, or a connection, that no backend has served and that was not asked for again."""

    at: float
    request: str
    backend: str
    why: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A client was sent away by the balancer itself. status: None at layer 4."""

    at: float
    client: str
    why: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A backend's state, and who says so: "check", "passive" or "hand"."""

    at: float
    backend: str
    before: State
    after: State
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """A backend came, went (weight 0), or has a new weight."""

    at: float
    backend: str
    weight: int


Event: TypeAlias = (
    Accepted | Picked | Finished | Failed | Retried | Lost | Refused | Changed | Weighed
)

KINDS: Mapping[str, type[Event]] = {
    "accepted": Accepted,
    "picked": Picked,
    "finished": Finished,
    "failed": Failed,
    "retried": Retried,
    "lost": Lost,
    "refused": Refused,
    "changed": Changed,
    "weighed": Weighed,
}


NAMES = {kind: (name, tuple(kind.__dataclass_fields__)) for name, kind in KINDS.items()}


def encode(event: Event) -> dict[str, Any]:
    """As JSON has it: `event` names the kind."""
    name, fields = NAMES[type(event)]
    return {"event": name, **{field: getattr(event, field) for field in fields}}


def decode(data: Mapping[str, Any]) -> Event:
    """Raises KeyError or TypeError when it is none."""
    fields = dict(data)
    return KINDS[fields.pop("event")](**fields)
