"""What a person may set for `netlab lb demo`."""

from dataclasses import dataclass

from netlab.experiments.loadbalancing.engines import Name


@dataclass(frozen=True, slots=True)
class Options:
    """None: as the scenario has it. engine: a second one beside ours, on the same arrivals."""

    algorithms: tuple[str, ...] | None = None
    engine: Name | None = None
    closed: bool = False
    rate: float | None = None
    duration: float | None = None
    backends: int | None = None
    seed: int = 1
    timeout: float = 10.0
