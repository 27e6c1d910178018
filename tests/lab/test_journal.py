"""The journal never stands in a server's way."""

import json
import os

from netlab.lab.journal import WAITING, Journal, Pipe, encode
from netlab.lab.service import Entry


def entry(number: int = 0, text: str = "") -> Entry:
    return Entry(float(number), "web:a", "request", number, detail={"path": text})


def test_a_line_is_ascii_whatever_was_sent() -> None:
    line = encode(entry(text="\x1b[31m\n\u2028\ud800é"))
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert b"\x1b" not in line
    assert Entry(**json.loads(line)["entry"]).detail["path"] == "\x1b[31m\n\u2028\ud800é"


def test_nobody_reads_and_nobody_waits() -> None:
    """More lines than there is room for, into a full pipe; then all that was kept comes out."""
    reading, writing = os.pipe()
    journal = Journal()
    journal.channels.append(Pipe(writing))
    told = WAITING * 2
    for number in range(told):
        journal.tell(entry(number))
    journal.spread({"reply": 1})
    kept: list[int] = []
    dropped = 0
    with open(reading, "rb") as lines:
        for line in map(json.loads, lines):
            if "entry" in line:
                kept.append(line["entry"]["peer_port"])
            dropped += line.get("dropped", 0)
            if len(kept) + dropped >= told:
                break
    os.close(writing)
    assert kept == sorted(kept)
    assert kept[0] == 0
    assert dropped >= told - 2 * WAITING + 1
