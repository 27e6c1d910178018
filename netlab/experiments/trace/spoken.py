"""What was said over a connection, read off its tape once the clock has stopped.

The tape knows octets and instants; the dissectors know where messages begin. Together they say
when the last octet of a request was written and when the first of its answer came.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from netlab.dissect import http1, http2
from netlab.experiments.bench import Bench
from netlab.network.stream import Stream
from netlab.network.tape import Direction, Tape
from netlab.recording.records import WIRE_CAP, Field

PORTION = 4096
"""Octets that are dissected at once: time stays in proportion, whatever the frames' size."""

MOST_FRAMES = 2000
"""Frames of one exchange that are dissected, in each direction; an empty one has nine octets."""

INTERIM_KEPT = 10
FRAMES_KEPT = Counter({"DATA": 3, "WINDOW_UPDATE": 3, "PING": 3})
OTHERS_KEPT = 10
"""Frames of one type, in one direction, that get a message of their own; the rest get one."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a DATA frame's message holds of a stream. message: its id."""

    direction: Direction
    stream: int
    octets: int
    message: str


@dataclass(slots=True)
class Marks:
    """What an exchange comes down to. Instants: seconds since the recording's start.

    written: the request's last octet. first: the final response's first one, interim responses
    and what else may come before it not counting. request, response: ids of their messages.
    """

    written: float | None = None
    first: float | None = None
    last: float | None = None
    interim: tuple[int, ...] = ()
    goaway: bool = False
    request: str | None = None
    response: str | None = None
    carried: list[Carried] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages are written down. secure: they were under a cipher on the wire."""

    bench: Bench
    step: str
    server: str
    secure: bool

    def message(
        self,
        direction: Direction,
        protocol: str,
        title: str,
        fields: tuple[Field, ...],
        at: float,
        wire: bytes = b"",
        length: int | None = None,
        carrier: str | None = None,
        arrived: bool = True,
    ) -> str:
        ends = ("you", self.server) if direction == "sent" else (self.server, "you")
        return self.bench.recorder.message(
            self.step, *ends, protocol, title, wire, fields, at, length,
            plaintext=self.secure, carrier=carrier, arrived=arrived,
        )  # fmt: skip


class Transcript:
    """Follows one connection through one exchange after another."""

    def __init__(self, stream: Stream) -> None:
        self._tape: Tape = stream.tape
        self._version = "2" if stream.alpn == "h2" else "1.1"
        self._read: dict[Direction, int] = {"sent": 0, "received": 0}
        self._states = {"sent": http2.client(), "received": http2.server()}
        self._lost: set[Direction] = set()  # HPACK's state is: what follows cannot be read

    def write(self, place: Place) -> Marks:
        """Write down what was said since the last call."""
        before = dict(self._read)
        marks = Marks()
        (self._http2 if self._version == "2" else self._http1)(place, marks)
        for direction in self._read:
            self._read[direction] = self._tape.total(direction)
        if self._tape.total("received") > before["received"]:
            marks.last = self._tape.last_at("received")
            if marks.first is None and self._unread:
                # Past what the tape keeps, or what is dissected, only instants are known.
                marks.first = self._tape.at_offset("received", before["received"])
        if marks.written is None and self._tape.total("sent") > before["sent"]:
            marks.written = self._tape.at_offset("sent", before["sent"])
        return marks

    @property
    def _unread(self) -> bool:
        return bool(self._lost) or self._tape.capped("received")

    def _new(self, direction: Direction) -> tuple[int, bytes]:
        start = self._read[direction]
        return start, self._tape.data(direction, start)

    def _http1(self, place: Place, marks: Marks) -> None:
        start, data = self._new("sent")
        answered = self._tape.total("received") > self._read["received"]
        end = self._tape.total("sent")
        if end > start:
            marks.written = self._tape.at_offset("sent", end - 1)
            asked = http1.request(data)
            title = f"{asked.method} {asked.target}" if asked.method else "request"
            marks.request = place.message(
                "sent", "http/1.1", title, asked.fields, marks.written, data, end - start,
                arrived=answered,
            )  # fmt: skip
        if answered:
            self._responses(place, marks)

    def _responses(self, place: Place, marks: Marks) -> None:
        start, data = self._new("received")
        if not data:
            return
        found = http1.split_responses(data)
        statuses = []
        for at in found.interim[:INTERIM_KEPT]:
            said = http1.response(data[at:])
            statuses.append(said.status or 0)
            self._response(place, said, start + at, data[at : at + said.length], said.length)
        marks.interim = tuple(statuses)
        if found.final is None:
            return
        marks.first = self._tape.at_offset("received", start + found.final)
        said = http1.response(data[found.final :])
        length = self._tape.total("received") - start - found.final
        marks.response = self._response(
            place, said, start + found.final, data[found.final :][:WIRE_CAP], length
        )

    def _response(self, place: Place, said: http1.Parsed, at: int, wire: bytes, length: int) -> str:
        title = f"{said.status} {said.reason or ''}".strip() if said.status else "not HTTP"
        when = self._tape.at_offset("received", at)
        return place.message("received", "http/1.1", title, said.fields, when, wire, length)

    def _http2(self, place: Place, marks: Marks) -> None:
        spoken = [*self._frames("sent"), *self._frames("received")]
        for said in _merged(sorted(spoken, key=lambda said: said.at)):
            entry = said.frame
            carrier = place.message(
                said.direction, "http/2", said.title, entry.fields, said.at, entry.wire,
                said.length,
            )  # fmt: skip
            if entry.headers is not None and entry.type == "HEADERS":
                self._header_block(place, marks, said, carrier)
            if entry.type == "DATA":
                marks.carried.append(Carried(said.direction, entry.stream, said.data, carrier))
            marks.goaway |= said.direction == "received" and entry.type == "GOAWAY"
        for direction in self._lost:
            self._rest(place, direction)

    def _rest(self, place: Place, direction: Direction) -> None:
        """One message for what was not taken apart: not shown is not absent."""
        start = max(self._read[direction], self._states[direction].at)
        left = self._tape.total(direction) - start
        if left > 0:
            when = self._tape.at_offset(direction, start)
            title = "frames that were not taken apart"
            place.message(direction, "http/2", title, (), when, length=left)

    def _header_block(self, place: Place, marks: Marks, said: "Said", carrier: str) -> None:
        """The HTTP message that a HEADERS frame carries (RFC 9113 §8.3)."""
        headers = said.frame.headers or ()
        pseudo = {header.name: header.value for header in headers if header.name[:1] == ":"}
        fields = tuple(Field(header.name, header.value) for header in headers)
        status = pseudo.get(":status", "")
        title = status or f"{pseudo.get(':method', '')} {pseudo.get(':path', '')}".strip()
        id = place.message(
            said.direction, "http", title or "trailers", fields, said.at, carrier=carrier
        )
        if said.direction == "sent":
            marks.request, marks.written = id, said.at
        elif len(status) == 3 and status.startswith("1"):
            marks.interim += (int(status),) if status.isdecimal() else ()
        elif status and marks.response is None:
            marks.response = id
            marks.first = self._tape.at_offset("received", said.frame.offset)

    def _frames(self, direction: Direction) -> Iterator["Said"]:
        _, data = self._new(direction)
        count = 0
        for at in range(0, len(data), PORTION):
            if count > MOST_FRAMES:
                self._lost.add(direction)
            if direction in self._lost:
                return
            self._states[direction], entries = http2.frames(
                self._states[direction], data[at : at + PORTION]
            )
            count += len(entries)
            for entry in entries:
                end = entry.offset + entry.length - 1
                yield Said(direction, self._tape.at_offset(direction, end), entry)
        if self._tape.capped(direction):
            self._lost.add(direction)


@dataclass(frozen=True, slots=True)
class Said:
    """A frame, or `count` of a kind that nobody wants to see one by one."""

    direction: Direction
    at: float
    frame: http2.Frame
    count: int = 1
    length: int | None = None
    before: int = 0

    @property
    def data(self) -> int:
        """Octets of DATA in all of them."""
        return self.before + len(self.frame.data)

    @property
    def title(self) -> str:
        if self.count > 1:
            return f"{self.count} more {self.frame.type} frames"
        where = f" on stream {self.frame.stream}" if self.frame.stream else ""
        flags = f" ({', '.join(self.frame.flags)})" if self.frame.flags else ""
        return f"{self.frame.type}{where}{flags}"


def _merged(spoken: Iterable[Said]) -> list[Said]:
    seen: Counter[tuple[Direction, str]] = Counter()
    kept: list[Said] = []
    rest: dict[tuple[Direction, str], int] = {}
    for said in spoken:
        key = (said.direction, said.frame.type)
        seen[key] += 1
        if seen[key] <= (FRAMES_KEPT[said.frame.type] or OTHERS_KEPT):
            kept.append(said)
        elif key not in rest:
            rest[key] = len(kept)
            kept.append(said)
        else:
            kept[rest[key]] = _together(kept[rest[key]], said)
    return sorted(kept, key=lambda said: said.at)


def _together(first: Said, second: Said) -> Said:
    """Both as one: the octets of all, capped, and no fields but how many they are."""
    count = first.count + 1
    entry = replace(
        second.frame,
        wire=(first.frame.wire + second.frame.wire)[:WIRE_CAP],
        fields=(Field("frames", count),),
        headers=None,
    )
    length = (first.length or first.frame.length) + second.frame.length
    return Said(first.direction, second.at, entry, count, length, first.data)
