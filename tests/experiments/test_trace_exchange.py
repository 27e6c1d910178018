"""Chapter 8 against real servers: what it writes down, and whose time it says it was."""

import asyncio
import gzip
from collections.abc import Callable

import h2.connection
import pytest

from netlab.errors import Exit, NetlabError
from netlab.experiments.bench import Bench
from netlab.experiments.trace.after import run as after
from netlab.experiments.trace.asking import USER_AGENT, Validators, request_headers
from netlab.experiments.trace.exchange import FAULTS, Exchanged, exit_of, run
from netlab.experiments.trace.options import Options
from netlab.experiments.trace.typed import parse
from netlab.network.base import JournalEntry, Network, SocketAddress, Transport
from netlab.network.stream import TcpStream
from netlab.recording.ledger import ledger
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Finding, Header, Message, Phase, Recording
from tests.network.httpserver import (
    OK,
    REQUEST_END,
    H2Stream,
    Serve,
    against,
    connected,
    h2_serving,
    saying,
    sized,
    whole,
    with_hints,
)

PAGE = sized(b"<title>T</title>", b"Content-Type: text/html", b'ETag: "v1"')


class Here(Network):
    """A network whose own servers tell what the test lets them tell."""

    name = "here"
    resolvers = ()
    roots = ()

    def __init__(self) -> None:
        self.told: Callable[[], tuple[JournalEntry, ...]] = tuple

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        raise AssertionError("chapter 8 dials nobody")

    async def journal(self) -> tuple[JournalEntry, ...]:
        return self.told()


class Ticking:
    """A clock that goes on by one second whenever it is looked at."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1.0
        return self.seconds


def chapter(
    serve: Serve,
    kind: type[TcpStream] = TcpStream,
    options: Options | None = None,
    network: Here | None = None,
    deadline: float = 10.0,
    rtt: float | None = None,
    visits: int = 1,
) -> tuple[list[Exchanged], Recording]:
    """The chapter, `visits` times on one connection, by a clock that ticks."""
    recorder = Recorder(Header("", (), "trace", "here", {}), Ticking())
    bench = Bench(recorder, network or Here())
    typed = parse("https://a.example/p?q" if kind is H2Stream else "http://a.example/p?q")
    done: list[Exchanged] = []

    async def visit(port: int) -> None:
        stream = await connected(port, kind)
        stream.clock = recorder.now
        for number in range(visits):
            last = done[-1] if done else None
            done.append(
                await run(
                    bench.under(f"again/{number}/" if number else ""), stream, typed,
                    options or Options("a.example"), deadline, rtt,
                    last.validators if last else None, last.session if last else None,
                )
            )  # fmt: skip
        after(bench, done[-1])
        await done[-1].session.client.close()

    asyncio.run(against(serve, visit))
    return done, recorder.finish()


def facts(recording: Recording) -> dict[str, object]:
    return {record.name: record.value for record in recording.records if isinstance(record, Fact)}


def messages(recording: Recording, protocol: str) -> list[Message]:
    return [r for r in recording.records if isinstance(r, Message) and r.protocol == protocol]


def phases(recording: Recording) -> list[Phase]:
    return [r for r in recording.records if isinstance(r, Phase)]


def test_an_exchange_is_written_down() -> None:
    (exchanged,), recording = chapter(saying(PAGE))
    told = facts(recording)
    assert told["http.method"] == "GET"
    assert told["http.url"] == "http://a.example/p?q"
    assert (told["http.version"], told["http.status"], told["http.reason"]) == ("1.1", 200, "OK")
    assert ["ETag", '"v1"'] in told["http.headers"]  # type: ignore[operator]
    assert (told["http.body_size"], told["http.wire_size"]) == (16, 16)
    assert told["http.content_type"] == "text/html"
    assert told["http.redirects"] == []
    assert (told["after.kept"], told["after.why"]) == (True, "persistent")
    assert exchanged.answer.body == b"<title>T</title>"
    assert exchanged.answer.complete
    assert (exchanged.error, exchanged.location) == (None, None)
    assert exchanged.validators == Validators('"v1"', None)


def test_the_messages_hold_the_octets_of_the_tape() -> None:
    _, recording = chapter(saying(PAGE))
    asked, said = messages(recording, "http/1.1")
    assert (asked.sender, asked.receiver, asked.title) == ("you", "server", "GET /p?q")
    assert asked.wire.startswith(b"GET /p?q HTTP/1.1\r\nHost: a.example\r\nUser-Agent: netlab/")
    assert (said.title, said.wire, said.wire_length) == ("200 OK", PAGE, len(PAGE))
    assert said.wire_form == "on the wire"  # plain HTTP: there is no cipher
    assert asked.fields
    assert said.fields
    assert asked.at < said.at


def test_the_phases_partition_the_exchange() -> None:
    _, recording = chapter(saying(PAGE))
    found = [(p.name, p.owner) for p in ledger(recording.records).leaves]
    assert found == [
        ("request", "netlab"), ("wait", "far end"), ("transfer", "network"), ("unpack", "netlab"),
    ]  # fmt: skip
    drawn = ledger(recording.records)
    whole = next(p for p in phases(recording) if p.name == "request and answer")
    shares = sum(drawn.by_owner.values())
    # One tick lies before the request and one after the answer: they are the parent's own.
    assert shares == pytest.approx(whole.end - whole.start - 2.0)
    told = facts(recording)
    wait = next(p for p in phases(recording) if p.name == "wait")
    assert told["http.ttfb"] == wait.end - wait.start


def test_server_time_is_the_wait_less_a_round_trip() -> None:
    _, recording = chapter(saying(PAGE), rtt=0.25)
    told = facts(recording)
    assert told["http.server_time"] == told["http.ttfb"] - 0.25  # type: ignore[operator]


@pytest.mark.parametrize("kind", [TcpStream, H2Stream])
def test_early_hints_are_no_first_byte(kind: type[TcpStream]) -> None:
    """The server sends 103, and 200 only once the client has read that."""
    first_read: list[float] = []

    async def run_it() -> Recording:
        heard = asyncio.Event()

        class Noticing(kind):  # type: ignore[valid-type, misc]
            async def read(self, max_bytes: int = 65536, timeout: float | None = None) -> bytes:
                data: bytes = await super().read(max_bytes, timeout)
                if b"103" in data or b"</a.css>" in data or b"\x00\x00\x01" in data:
                    first_read.append(self.tape.last_at("received"))
                    heard.set()
                return data

        async def hints_first(r: asyncio.StreamReader, w: asyncio.StreamWriter) -> None:
            await r.readuntil(REQUEST_END)
            w.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")
            await heard.wait()
            w.write(PAGE)
            await r.read()

        recorder = Recorder(Header("", (), "trace", "here", {}), Ticking())
        scheme = "https" if kind is H2Stream else "http"

        async def visit(port: int) -> None:
            stream = await connected(port, Noticing)
            stream.clock = recorder.now
            exchanged = await run(
                Bench(recorder, Here()), stream, parse(f"{scheme}://a.example/"),
                Options("a.example"), 10.0,
            )  # fmt: skip
            await exchanged.session.client.close()

        await against(h2_serving(with_hints) if kind is H2Stream else hints_first, visit)
        return recorder.finish()

    recording = asyncio.run(run_it())
    told = facts(recording)
    assert (told["http.status"], told["http.interim"]) == (200, [103])
    final = [m for m in recording.records if isinstance(m, Message) and m.title.startswith("200")]
    wait = next(p for p in phases(recording) if p.name == "wait")
    assert wait.end == final[-1].at
    if kind is TcpStream:
        assert wait.end > first_read[0]


def test_http_2_is_written_frame_by_frame_with_what_the_frames_carry() -> None:
    _, recording = chapter(h2_serving(whole), H2Stream)
    frames = messages(recording, "http/2")
    titles = [frame.title.split(" ")[0] for frame in frames]
    assert titles.index("preface") < titles.index("HEADERS")
    assert titles.count("HEADERS") == 2
    assert "SETTINGS" in titles
    assert "DATA" in titles
    asked, said = messages(recording, "http")
    assert (asked.title, said.title) == ("GET /p?q", "200")
    ids = {frame.id: frame for frame in frames}
    assert asked.carrier is not None
    assert said.carrier is not None
    assert ids[asked.carrier].sender == "you"
    assert ids[said.carrier].sender == "server"
    assert {field.name: field.value for field in asked.fields}["user-agent"] == USER_AGENT
    assert all(frame.wire_form == "plaintext" for frame in frames)
    told = facts(recording)
    assert (told["http.version"], told["after.why"]) == ("2", "http2")


def test_settings_are_no_first_byte() -> None:
    """The server's SETTINGS are read before the request is answered, and do not count."""
    _, recording = chapter(h2_serving(whole), H2Stream)
    frames = messages(recording, "http/2")
    settings = next(f for f in frames if f.title.startswith("SETTINGS") and f.sender == "server")
    headers = next(f for f in frames if f.title.startswith("HEADERS") and f.sender == "server")
    wait = next(p for p in phases(recording) if p.name == "wait")
    assert settings.at <= headers.at == wait.end


def long_body(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, OK)
    for _ in range(20):
        connection.send_data(stream, b"x" * 1000)
    connection.end_stream(stream)


def test_many_frames_of_a_kind_are_told_as_one() -> None:
    (exchanged,), recording = chapter(h2_serving(long_body), H2Stream)
    data = [m for m in messages(recording, "http/2") if "DATA" in m.title]
    assert len(data) == 4
    assert data[-1].title == "18 more DATA frames"
    assert sum(message.wire_length for message in data) == 20 * 1009 + 9
    assert len(exchanged.answer.body) == 20_000


@pytest.mark.parametrize("kind", [TcpStream, H2Stream])
def test_a_second_exchange_on_the_connection_asks_with_validators(kind: type[TcpStream]) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        writer.write(PAGE)
        again = await reader.readuntil(REQUEST_END)
        assert b'If-None-Match: "v1"' in again
        writer.write(b'HTTP/1.1 304 Not Modified\r\nETag: "v1"\r\n\r\n')
        await reader.read()

    def play(connection: h2.connection.H2Connection, stream: int) -> None:
        if stream == 1:
            connection.send_headers(stream, [*OK, (b"etag", b'"v1"')])
            connection.send_data(stream, b"x", end_stream=True)
        else:
            connection.send_headers(stream, [(b":status", b"304")], end_stream=True)

    server = h2_serving(play) if kind is H2Stream else serve
    (first, second), recording = chapter(server, kind, visits=2)
    assert (first.status, second.status) == (200, 304)
    assert second.kept
    steps = {m.step for m in recording.records if isinstance(m, Message)}
    assert steps == {"http", "again/1/http"}
    later = [m for m in recording.records if isinstance(m, Message) and m.step != "http"]
    carried = [m for m in later if m.protocol == ("http" if kind is H2Stream else "http/1.1")]
    assert [m.title[:3] for m in carried] == ["GET", "304"]
    assert any(
        f.value == '"v1"' for m in carried for f in m.fields if "etag" in f.name.lower()
    ) or (kind is H2Stream)
    waits = [p for p in phases(recording) if p.name == "wait"]
    assert all(p.start <= p.end for p in waits)
    assert waits[0].end < waits[1].start


def test_a_delay_of_the_labs_is_no_time_of_the_servers() -> None:
    network = Here()
    peers: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        peers.append(writer.get_extra_info("peername")[1])
        writer.write(PAGE)
        await reader.read()

    def told() -> tuple[JournalEntry, ...]:
        start, end = 0.0, 100.0  # all of the wait, and more
        return (
            JournalEntry(start, "web", "delay", peers[0], end),
            JournalEntry(start, "web", "delay", peers[0] + 1, end),
            JournalEntry(start, "web", "accepted", peers[0]),
        )

    network.told = told
    _, recording = chapter(serve, network=network, rtt=0.0)
    waits = [(p.name, p.owner) for p in ledger(recording.records).leaves]
    assert waits == [
        ("request", "netlab"), ("configured delay", "configured delay"),
        ("transfer", "network"), ("unpack", "netlab"),
    ]  # fmt: skip
    assert facts(recording)["http.server_time"] == 0.0


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(REQUEST_END)
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize(
    ("serve", "code", "exit", "closed_by"),
    [
        (saying(b"what is this\r\n"), "garbage", Exit.HTTP, "netlab"),
        (saying(stay=False), "closed", Exit.HTTP, "error"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", stay=False), "cut-body",
         Exit.HTTP, "error"),
        (saying(sized(gzip.compress(b"\0" * (8 << 20)), b"Content-Encoding: gzip")),
         "endless-body", Exit.HTTP, "netlab"),
        (endless, "endless-body", Exit.HTTP, "netlab"),
        (saying(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000), "too-large-headers", Exit.HTTP,
         "netlab"),
        (saying(sized(b"abc", b"Content-Encoding: gzip")), "bad-encoding", Exit.HTTP, "netlab"),
    ],
)  # fmt: skip
def test_each_breakage_is_told_and_judged(
    serve: Serve, code: str, exit: Exit, closed_by: str
) -> None:
    (exchanged,), recording = chapter(serve)
    assert exchanged.error == code
    assert exit_of(exchanged.error) is exit
    told = facts(recording)
    assert (told["http.error"], told["after.kept"]) == (code, False)
    assert told["after.closed_by"] == closed_by
    broken = [r for r in recording.records if isinstance(r, Finding) and r.title == FAULTS[
        exchanged.error][1]]  # fmt: skip
    assert broken
    assert broken[0].facts
    assert any(p.outcome == "failed" for p in phases(recording))


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"", "timeout"), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "slow")],
)
def test_a_server_that_keeps_us_waiting_ends_the_chapter_in_time(said: bytes, code: str) -> None:
    (exchanged,), recording = chapter(saying(said), deadline=0.2)
    assert exchanged.error == code
    assert exit_of("timeout") is exit_of("slow") is Exit.TIMEOUT
    asked = messages(recording, "http/1.1")[0]
    assert asked.arrived is (said != b"")


def test_a_redirect_names_its_location() -> None:
    (exchanged,), recording = chapter(
        saying(b"HTTP/1.1 301 Moved\r\nLocation: https://b.example/\r\nContent-Length: 0\r\n\r\n")
    )
    assert exchanged.location == "https://b.example/"
    assert facts(recording)["http.redirect_kind"] == "permanent"
    assert "http.redirects" not in facts(recording)  # the journey goes on


def test_every_fault_has_words() -> None:
    for severity, title, advice in FAULTS.values():
        assert severity in ("fault", "warning")
        assert title.endswith(".")
        assert advice.endswith(".")


def test_given_header_fields_take_the_place_of_ours() -> None:
    typed = parse("https://a.example:8443/")
    plain = dict(request_headers(typed, ()))
    assert plain["Host"] == "a.example:8443"
    assert plain["User-Agent"] == USER_AGENT
    given = request_headers(
        typed, (("user-agent", "x"), ("Accept", ""), ("HOST", "b.example"), ("X-A", "1"))
    )
    assert given == (
        ("HOST", "b.example"), ("Accept-Encoding", "gzip, deflate"), ("user-agent", "x"),
        ("X-A", "1"),
    )  # fmt: skip
    assert dict(request_headers(typed, (("Host", ""),)))["Host"] == "a.example:8443"


def test_validators_go_with_the_request() -> None:
    sent = request_headers(
        parse("a.example"), (), Validators('"v"', "Mon, 01 Jan 2024 00:00:00 GMT")
    )
    assert dict(sent)["If-None-Match"] == '"v"'
    assert dict(sent)["If-Modified-Since"].startswith("Mon")
    odd = request_headers(parse("a.example"), (), Validators("a\x00b", None))
    assert "If-None-Match" not in dict(odd)


@pytest.mark.parametrize(
    "header",
    [("", "x"), ("a b", "x"), (":path", "/"), ("A\r\nB", "x"), ("A", "x\r\nB: y"), ("A", "\x1b"),
     ("é", "x"), ("A", " x"), ("Content-Length", "5"), ("transfer-encoding", "chunked")],
)  # fmt: skip
def test_a_header_field_that_cannot_be_sent_is_a_usage_error(header: tuple[str, str]) -> None:
    with pytest.raises(NetlabError) as caught:
        request_headers(parse("a.example"), (header,))
    assert caught.value.exit is Exit.USAGE
