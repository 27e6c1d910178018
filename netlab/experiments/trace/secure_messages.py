"""Writing TLS's messages down: what was said, in which record, and when that was on the wire."""

from dataclasses import dataclass, field

from netlab.dissect import tls as dissect
from netlab.experiments.trace.secure_findings import alert_name
from netlab.network.tape import Direction
from netlab.network.tls import Handshake
from netlab.network.tls_messages import TlsMessage
from netlab.recording.recorder import Recorder
from netlab.recording.records import Field, Value

HEADER = 5
"""Octets of a record's header (RFC 8446 §5.1)."""

RECORDS_KEPT = 64
"""Records told where messages are hidden, so that only records can be."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record on the wire: its octets, and the instant at which the last of them went by."""

    octets: bytes
    at: float


@dataclass(slots=True)
class Teller:
    """Tells a connection's messages; again later, only those that came since."""

    recorder: Recorder
    step: str
    result: Handshake
    parent: str
    server: str
    listed: list[Value] = field(default_factory=list)
    _told: int = 0
    _carriers: dict[tuple[Direction, int], str] = field(default_factory=dict)

    def tell(self) -> None:
        """Write down every message that has not been told yet."""
        records: dict[Direction, list[Record]] = {
            "sent": self._records("sent"),
            "received": self._records("received"),
        }
        first = self._told == 0
        messages = self.result.log.messages[self._told :]
        for message in messages:
            self._message(message, records[message.direction], detail=first)
        self._told += len(messages)
        if first and not self.result.log.visible:
            self._only_records(records)
        if first:
            self.list_messages()

    def list_messages(self) -> None:
        """All messages in one table; told again when tickets made it longer."""
        if self.listed:
            self.recorder.fact(self.step, "tls.messages", list(self.listed), origin="captured")

    def _records(self, direction: Direction) -> list[Record]:
        """The records of a direction, as far as the tape has kept them."""
        wire = self.result.wire
        at = self.result.base[0 if direction == "sent" else 1]
        found: list[Record] = []
        octets = wire.data(direction)
        while at + HEADER <= len(octets):
            end = at + HEADER + int.from_bytes(octets[at + 3 : at + HEADER], "big")
            if end > len(octets):
                break
            found.append(Record(octets[at:end], wire.at_offset(direction, end - 1)))
            at = end
        return found

    def _message(self, message: TlsMessage, records: list[Record], detail: bool) -> None:
        record = None
        if message.record is not None and message.record < len(records):
            record = records[message.record]
        at = message.parsed if record is None else record.at
        title, fields = _dissected(message)
        sender, receiver = self._ends(message.direction)
        self.recorder.message(
            self.step, sender, receiver, "tls", title, message.data, fields, at,
            plaintext=message.encrypted,
            carrier=None if record is None else self._carrier(message, record),
        )  # fmt: skip
        self.listed.append(
            {"direction": message.direction, "name": title, "size": len(message.data), "at": at}
        )
        if detail:
            start, end = sorted((at, message.parsed))
            self.recorder.span(
                self.step, title, start, end, "netlab", "detail", lane=sender, parent=self.parent,
                note="from the socket to its parsing" if sender != "you" else "from making to sent",
            )  # fmt: skip

    def _carrier(self, message: TlsMessage, record: Record) -> str:
        """The record's own message, told once for all that it carries."""
        assert message.record is not None
        key = (message.direction, message.record)
        if key not in self._carriers:
            self._carriers[key] = self._tell_record(message.direction, record)
        return self._carriers[key]

    def _tell_record(self, direction: Direction, record: Record) -> str:
        sender, receiver = self._ends(direction)
        return self.recorder.message(
            self.step, sender, receiver, "tls-record", _record_title(record.octets), record.octets,
            dissect.records(record.octets), record.at,
        )  # fmt: skip

    def _only_records(self, records: dict[Direction, list[Record]]) -> None:
        both = [(d, record) for d, found in records.items() for record in found]
        for direction, record in sorted(both, key=lambda pair: pair[1].at)[:RECORDS_KEPT]:
            self._tell_record(direction, record)

    def _ends(self, direction: Direction) -> tuple[str, str]:
        return ("you", self.server) if direction == "sent" else (self.server, "you")


def _dissected(message: TlsMessage) -> tuple[str, tuple[Field, ...]]:
    match message.kind:
        case "handshake":
            return dissect.title(message.data), dissect.handshake(message.data)
        case "alert":
            return f"Alert: {alert_name(message.data)}", dissect.alert(message.data)
        case _:
            return "ChangeCipherSpec", (
                Field("change_cipher_spec", message.data[0], None, 0, len(message.data)),
            )


RECORD_TITLES = {20: "ChangeCipherSpec", 21: "alert", 22: "handshake", 23: "encrypted"}


def _record_title(octets: bytes) -> str:
    return f"Record: {RECORD_TITLES.get(octets[0], 'unknown')}"
