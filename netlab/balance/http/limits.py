"""How much of anything the balancer takes before it refuses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """In octets, where it is not a count. RFC 9110 §4.1 asks for targets of at least 8000."""

    method: int = 32
    target: int = 8_000
    field: int = 16_384
    fields: int = 100
    head: int = 65_536
    chunk_line: int = 256
    """A chunk's size with its extensions, and the CR LF."""
    extensions: int = 16_384
    """Chunk extensions of one message together: they cost work and carry nothing."""
    trailers: int = 16_384
    body: int = 1 << 50
    replay: int = 16_384
    """A body of so many octets is held, so that the request may be made again."""
    interim: int = 16
    """Responses 1xx before the final one."""


LIMITS = Limits()
