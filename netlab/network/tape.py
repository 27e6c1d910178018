"""A bounded log of the octets that went over one connection, and when.

It stamps reads and writes, not messages: the instant of an octet is that of the read (or write)
which carried it, so octets of one read share one instant.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

Direction = Literal["sent", "received"]

OCTETS_KEPT = 1 << 20
"""How many octets are kept in each direction; `Tape.total` goes on counting."""

MARKS_KEPT = 8192
"""How many reads (or writes) keep an instant of their own in each direction."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """One read or write: `length` octets from `offset` on, in its direction."""

    at: float
    direction: Direction
    offset: int
    length: int


@dataclass(slots=True)
class _Track:
    """One direction. ends[i] is the offset just past the octets which chunk i carried."""

    kept: bytearray = field(default_factory=bytearray)
    ends: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    total: int = 0


class Tape:
    """What went over a connection. octets, marks: the caps in each direction.

    Past the cap of marks the last one is stretched, so that a server which drips single octets
    costs no memory; the octets which it stands for then bear the instant of the latest of them.
    """

    def __init__(self, octets: int = OCTETS_KEPT, marks: int = MARKS_KEPT) -> None:
        self._octets = octets
        self._marks = marks
        self._tracks: dict[Direction, _Track] = {"sent": _Track(), "received": _Track()}
        self._order: list[tuple[Direction, int]] = []

    def add(self, at: float, direction: Direction, data: bytes) -> None:
        """Log one read or write that took place at `at`; nothing is logged for no octets."""
        if not data:
            return
        track = self._tracks[direction]
        track.kept += data[: max(0, self._octets - len(track.kept))]
        track.total += len(data)
        if len(track.ends) < self._marks:
            self._order.append((direction, len(track.ends)))
            track.ends.append(track.total)
            track.times.append(at)
        else:
            track.ends[-1], track.times[-1] = track.total, at

    def data(self, direction: Direction, start: int = 0, end: int | None = None) -> bytes:
        """The octets kept, from offset start to end; shorter where the cap cut them."""
        return bytes(self._tracks[direction].kept[start:end])

    def total(self, direction: Direction) -> int:
        """How many octets there really were."""
        return self._tracks[direction].total

    def capped(self, direction: Direction) -> bool:
        """Whether octets went by that were not kept."""
        track = self._tracks[direction]
        return track.total > len(track.kept)

    def at_offset(self, direction: Direction, offset: int) -> float:
        """The instant of the read (or write) that carried the octet at this offset."""
        track = self._tracks[direction]
        if not 0 <= offset < track.total:
            raise IndexError(f"no octet {offset} was {direction}")
        return track.times[bisect_right(track.ends, offset)]

    def first_at(self, direction: Direction) -> float | None:
        """The instant of the first octet, or None when there was none."""
        track = self._tracks[direction]
        return track.times[0] if track.times else None

    def last_at(self, direction: Direction) -> float | None:
        """The instant of the latest octet, or None when there was none."""
        track = self._tracks[direction]
        return track.times[-1] if track.times else None

    def chunks(self) -> tuple[Chunk, ...]:
        """Every read and write, in the order in which they took place."""
        return tuple(self._chunk(direction, index) for direction, index in self._order)

    def _chunk(self, direction: Direction, index: int) -> Chunk:
        track = self._tracks[direction]
        start = track.ends[index - 1] if index else 0
        return Chunk(track.times[index], direction, start, track.ends[index] - start)
