"""The frames of a real run, read again by tshark: does it see the same, field by field?"""

import base64
import struct
from pathlib import Path
from typing import Any

import pytest

from netlab.experiments.websocket.handshake import LARGE
from tests.journeys.command import Ran, netlab
from tests.witness import need, output

pytestmark = pytest.mark.witness

RAW_IP, TCP = 101, 6
SEGMENT = 30_000
FIELDS = ("fin", "rsv", "opcode", "mask", "payload_length", "masking_key")
ENDS = {"you": (bytes([192, 0, 2, 1]), 50_000), "server": (bytes([192, 0, 2, 2]), 80)}


@pytest.fixture(scope="module")
def ran() -> Ran:
    need("tshark")
    return netlab("ws", "handshake", "--json")


def wire(message: dict[str, Any]) -> bytes:
    """All octets of a message; of the large one, whose payload is known, beyond what was kept."""
    kept = base64.b64decode(message["wire"])
    if len(kept) == message["wire_length"]:
        return kept
    masked = bool(kept[1] & 0x80)
    head = kept[: 14 if masked else 10]
    return head + ((head[-4:] * (len(LARGE) // 4)) if masked else LARGE)


def capture(path: Path, messages: list[dict[str, Any]]) -> None:
    """One TCP connection, each message in segments of its own."""
    sequence = {"you": 1, "server": 1}
    records = [struct.pack("!IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262_144, RAW_IP)]
    for message in messages:
        sender, other = message["sender"], message["receiver"]
        octets = wire(message)
        for at in range(0, len(octets), SEGMENT):
            piece = octets[at : at + SEGMENT]
            (source, port), (target, to) = ENDS[sender], ENDS[other]
            head = struct.pack(
                "!HHIIBBHHH", port, to, sequence[sender], sequence[other], 5 << 4, 0x18, 65535, 0, 0
            )
            size = 20 + len(head) + len(piece)
            ip = struct.pack("!BBHHHBBH", 0x45, 0, size, 1, 0, 64, TCP, 0) + source + target
            records.append(struct.pack("!IIII", 0, 0, size, size) + ip + head + piece)
            sequence[sender] += len(piece)
    path.write_bytes(b"".join(records))


def seen_by_tshark(path: Path) -> list[tuple[str, ...]]:
    """(port of the sender, then FIELDS) of every frame."""
    asked = [word for name in FIELDS for word in ("-e", f"websocket.{name}")]
    words = output(
        ["tshark", "-r", str(path), "-Y", "websocket", "-T", "fields", "-E", "occurrence=a",
         "-E", "aggregator=,", "-e", "tcp.srcport", *asked]
    )  # fmt: skip
    rows = []
    for line in words.splitlines():
        if line[:1].isdigit():
            port, *columns = line.split("\t")
            split = [column.split(",") if column else [] for column in columns]
            count = len(split[0])
            keys = iter(split[5])
            for at in range(count):
                mask = split[3][at]
                key = next(keys, "") if number(mask) else ""
                rows.append((port, *(str(number(split[i][at])) for i in range(5)), key))
    return rows


def number(text: str) -> int:
    return {"True": 1, "False": 0}[text] if text in ("True", "False") else int(text, 0)


def flat(fields: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        found.setdefault(field["name"], field["value"])
        for name, value in flat(field.get("children", [])).items():
            found.setdefault(name, value)
    return found


def ours(message: dict[str, Any]) -> tuple[str, ...]:
    named = flat(message["fields"])
    rsv = (named["RSV1"] << 2) | (named["RSV2"] << 1) | named["RSV3"]
    return (
        str(ENDS[message["sender"]][1]), str(named["FIN"]), str(rsv), str(named["opcode"]),
        str(named["MASK"]), str(named["Payload length"]),
        masking_key(message),
    )  # fmt: skip


def masking_key(message: dict[str, Any]) -> str:
    for field in message["fields"]:
        if field["name"] == "Masking-key":
            return wire(message)[field["offset"] : field["offset"] + 4].hex()
    return ""


def test_every_frame_reads_the_same(ran: Ran, tmp_path: Path) -> None:
    messages = [m for m in ran.records("message") if m["protocol"] in ("HTTP/1.1", "WebSocket")]
    opening = [m for m in messages if m["step"] == "ws.opening"]
    frames = sorted(
        (m for m in messages if m["protocol"] == "WebSocket"), key=lambda m: float(m["at"])
    )
    assert len(opening) == 2
    path = tmp_path / "ws.pcap"
    capture(path, opening + frames)
    assert seen_by_tshark(path) == [ours(m) for m in frames]
