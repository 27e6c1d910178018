"""What a person may ask of a WebSocket experiment."""

from dataclasses import dataclass
from typing import Literal

from netlab.experiments.websocket.target import Target


@dataclass(frozen=True, slots=True)
class Options:
    """max_time: seconds for the whole. patience: seconds that an answer is waited for."""

    target: Target
    subprotocols: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    origin: str | None = None
    deflate: bool = True
    http2: bool = False
    insecure: bool = False
    family: Literal[4, 6] | None = None
    max_time: float = 30.0
    patience: float = 2.0
