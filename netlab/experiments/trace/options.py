"""What a person may ask of a trace."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Options:
    """headers: (name, value) pairs to send. max_time: seconds for the whole journey."""

    target: str
    family: Literal[4, 6] | None = None
    http: Literal["1.1", "2"] | None = None
    insecure: bool = False
    max_time: float = 30.0
    headers: tuple[tuple[str, str], ...] = ()
    follow: bool = True
    again: bool = False
