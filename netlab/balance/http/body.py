"""Reading a body out of a buffer, piece by piece, whatever its framing. Nothing is held back."""

from abc import ABC, abstractmethod

from netlab.balance.http.chunks import Chunks
from netlab.balance.http.fields import Fields
from netlab.balance.http.framing import Framing
from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.refusal import bad


class Body(ABC):
    """`done` says that its last octet has been taken. `trailers` come with chunks alone."""

    done = False
    trailers: Fields | None = None

    @abstractmethod
    def take(self, buffer: bytearray) -> bytes:
        """What of it stands at the buffer's beginning, removed from there. Raises Refusal."""

    def end(self) -> None:
        """The connection has ended. Raises Refusal where the body has not."""
        if not self.done:
            raise bad("the body breaks off", "RFC 9112 §8")


class Counted(Body):
    """Content-Length says how long it is, or there is none."""

    def __init__(self, length: int) -> None:
        self.left = length
        self.done = length == 0

    def take(self, buffer: bytearray) -> bytes:
        if not self.left:
            return b""
        data = bytes(buffer if len(buffer) <= self.left else buffer[: self.left])
        del buffer[: len(data)]
        self.left -= len(data)
        self.done = self.left == 0
        return data


class Endless(Body):
    """All until the connection ends (RFC 9112 §6.3 rule 8)."""

    def take(self, buffer: bytearray) -> bytes:
        data = bytes(buffer)
        buffer.clear()
        return data

    def end(self) -> None:
        self.done = True


class Chunked(Body):
    """Chunks tell, and a last one of no octets."""

    def __init__(self, limits: Limits) -> None:
        self.chunks = Chunks(limits)

    def take(self, buffer: bytearray) -> bytes:
        data = self.chunks.take(buffer)
        if self.chunks.trailers is not None:
            self.done = True
            self.trailers = self.chunks.trailers
        return data


def body_of(framing: Framing, limits: Limits = LIMITS) -> Body:
    if framing.chunked:
        return Chunked(limits)
    return Endless() if framing.length is None else Counted(framing.length)
