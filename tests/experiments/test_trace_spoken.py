"""What is read off a tape: where messages begin, when, and never without a bound."""

from typing import cast

import h2.config
import h2.connection
import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.trace.spoken import MOST_FRAMES, Marks, Place, Transcript
from netlab.network.base import Network, SocketAddress, Transport
from netlab.network.stream import Stream
from netlab.network.tape import Tape
from netlab.recording.recorder import Recorder
from netlab.recording.records import Header, Message

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
EMPTY_PING = b"\0\0\x08\x06\0\0\0\0\0" + b"\0" * 8


class Nowhere(Network):
    name = "nowhere"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("a tape was recorded before")


class Taped:
    """A stream that is over: its tape, and the protocol that it spoke."""

    def __init__(self, alpn: str | None, tape: Tape | None = None) -> None:
        self.alpn = alpn
        self.tape = tape or Tape()

    def transcript(self) -> Transcript:
        return Transcript(cast(Stream, self))


def written(transcript: Transcript) -> tuple[Marks, list[Message]]:
    recorder = Recorder(Header("", (), "trace", "nowhere", {}))
    marks = transcript.write(Place(Bench(recorder, Nowhere()), "http", "server", True))
    return marks, [r for r in recorder.finish().records if isinstance(r, Message)]


def test_instants_are_those_of_the_reads_that_brought_the_octets() -> None:
    taped = Taped(None)
    taped.tape.add(1.0, "sent", REQUEST[:5])
    taped.tape.add(2.0, "sent", REQUEST[5:])
    taped.tape.add(3.0, "received", b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 2")
    taped.tape.add(4.0, "received", b"00 OK\r\nContent-Length: 1\r\n\r\n")
    taped.tape.add(5.0, "received", b"x")
    marks, messages = written(taped.transcript())
    assert (marks.written, marks.first, marks.last, marks.interim) == (2.0, 3.0, 5.0, (103,))
    assert [(m.title, m.at) for m in messages] == [
        ("GET /", 2.0), ("103 Early Hints", 3.0), ("200 OK", 3.0),
    ]  # fmt: skip


def test_past_what_the_tape_keeps_the_instants_are_still_known() -> None:
    taped = Taped(None, Tape(octets=100))
    transcript = taped.transcript()
    taped.tape.add(1.0, "sent", REQUEST)
    taped.tape.add(2.0, "received", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 500)
    written(transcript)
    taped.tape.add(3.0, "sent", REQUEST)
    taped.tape.add(4.0, "received", b"HTTP/1.1 304 Not Modified\r\n\r\n")
    marks, messages = written(transcript)
    assert (marks.written, marks.first, marks.last) == (3.0, 4.0, 4.0)
    assert [m.title for m in messages] == ["GET /"]


def asked() -> tuple[h2.connection.H2Connection, bytes]:
    client = h2.connection.H2Connection(h2.config.H2Configuration())
    client.initiate_connection()
    head = [(":method", "GET"), (":path", "/"), (":scheme", "https"), (":authority", "a")]
    client.send_headers(1, head, end_stream=True)
    return client, client.data_to_send()


def answered(request: bytes) -> bytes:
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(request)
    server.send_headers(1, [(":status", "200")], end_stream=True)
    return server.data_to_send()


def test_frames_are_found_however_they_were_read() -> None:
    _, request = asked()
    answer = answered(request)
    taped = Taped("h2")
    taped.tape.add(1.0, "sent", request)
    for at, octet in enumerate(answer):
        taped.tape.add(2.0 + at, "received", bytes([octet]))
    marks, messages = written(taped.transcript())
    head = next(m for m in messages if m.title.startswith("HEADERS") and m.sender == "server")
    assert marks.written == 1.0
    assert head.at == 1.0 + len(answer)  # the frame is there with its last octet
    assert marks.first == head.at - len(head.wire) + 1  # and has begun with its first


def test_a_flood_of_frames_is_not_taken_apart_without_end() -> None:
    _, request = asked()
    taped = Taped("h2")
    taped.tape.add(1.0, "sent", request)
    taped.tape.add(2.0, "received", EMPTY_PING * (MOST_FRAMES * 5))
    transcript = taped.transcript()
    marks, messages = written(transcript)
    assert marks.first == 2.0
    flood = [m for m in messages if m.sender == "server"]
    assert len(flood) == 5
    assert flood[-1].title == "frames that were not taken apart"
    assert sum(m.wire_length for m in flood) == len(EMPTY_PING) * MOST_FRAMES * 5
    # What follows cannot be read any more, and is not guessed at.
    taped.tape.add(3.0, "sent", b"\0\0\1\0\1\0\0\0\3x")
    taped.tape.add(4.0, "received", answered(request))
    later, messages = written(transcript)
    assert (later.written, later.first, later.response) == (3.0, 4.0, None)
    assert [m.title for m in messages if m.sender == "server"] == [
        "frames that were not taken apart"
    ]


@pytest.mark.parametrize("alpn", ["h2", None])
def test_nothing_said_is_nothing_written(alpn: str | None) -> None:
    marks, messages = written(Taped(alpn).transcript())
    assert (marks, messages) == (Marks(), [])
