"""The relays' account of a whole demonstration, beside what the application itself was handed."""

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from netlab.errors import Exit
from netlab.experiments.bench import Bench
from netlab.experiments.socketio import demo
from netlab.lab import Lab
from netlab.network.base import JournalEntry
from netlab.network.lab import LabNetwork
from netlab.recording.recorder import Recorder
from netlab.recording.records import Message
from tests.dnsworld import header

CUT = 250
"""Octets of a packet that are compared, and its length: the journal keeps no more."""
Seen = tuple[str, bytes, int]


def of_the_relay(message: Message) -> Seen:
    packed = message.wire.startswith(b"b")  # polling's base64, which the application is handed too
    way = "sent" if message.sender == "server" else "received"
    return (f"{way}{' in base64' if packed else ''}", message.wire[:CUT], message.wire_length)


def of_the_application(entry: JournalEntry) -> Seen:
    text = str(entry.detail["packet"])
    octets = bytes.fromhex(text) if entry.detail["binary"] else text.encode()
    packed = octets.startswith(b"b")
    way = f"{entry.detail['direction']}{' in base64' if packed else ''}"
    length = entry.detail["length"]
    assert isinstance(length, int)
    return way, octets[:CUT], length


@pytest.fixture(scope="module")
def accounts() -> tuple[Sequence[Message], Sequence[JournalEntry]]:
    async def play(bench: Bench) -> tuple[JournalEntry, ...]:
        assert await demo.run(bench) is Exit.OK
        return await bench.network.journal()

    with Lab.start() as lab:
        recorder = Recorder(header())
        journal = asyncio.run(play(Bench(recorder, LabNetwork(lab))))
    records = recorder.finish().records
    told = [one for one in records if isinstance(one, Message) and one.protocol == "Engine.IO"]
    return told, [entry for entry in journal if entry.event == "engineio.packet"]


def test_every_packet_on_the_wire_passed_the_application(
    accounts: tuple[Sequence[Message], Sequence[JournalEntry]],
) -> None:
    told, entries = accounts
    relayed, handed = Counter(map(of_the_relay, told)), Counter(map(of_the_application, entries))
    assert len(told) > 60
    assert not relayed - handed


def test_what_the_application_was_handed_beside_it_is_farewells_and_one_connection(
    accounts: tuple[Sequence[Message], Sequence[JournalEntry]],
) -> None:
    """Who goes is not told of, and how one connects before the server is stopped has been."""
    told, entries = accounts
    beside = Counter(map(of_the_application, entries)) - Counter(map(of_the_relay, told))
    openings = [packet for _, packet, _ in beside.elements() if packet[:2] in (b"0{", b"40")]
    assert len(openings) == 3
    rest = [packet for _, packet, _ in beside.elements() if packet not in openings]
    assert {packet[:2] for packet in rest} <= {b"41", b"1", b"2", b"3", b"6"}
