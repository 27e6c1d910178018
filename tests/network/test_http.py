"""HTTP over a connection of ours, against servers that say every kind of thing.

The servers are real sockets on loopback. They write what the test gives them, octet for octet.
"""

import asyncio
import gzip
import socket
import sys
import zlib

import h2.connection
import pytest

from netlab.network.http import RAW, Answer, Client, ended, warm
from netlab.network.stream import TcpStream
from tests.network.httpserver import (
    FIELDS,
    OK,
    REQUEST_END,
    H2Stream,
    Play,
    Serve,
    against,
    connected,
    h2_serving,
    saying,
    sized,
    whole,
    with_hints,
)


def fetch(
    serve: Serve, seconds: float = 10.0, kind: type[TcpStream] = TcpStream, scheme: str = "http"
) -> tuple[Answer, bool]:
    """One GET; answers what came, and whether the connection may be used again."""
    result: list[tuple[Answer, bool]] = []

    async def visit(port: int) -> None:
        client = Client(await connected(port, kind), scheme, "a.example", 443)
        answer = await client.get("/", FIELDS, seconds)
        result.append((answer, client.open))
        await client.close()

    asyncio.run(against(serve, visit))
    return result[0]


def test_an_answer_is_read_whole_and_the_connection_kept() -> None:
    answer, kept = fetch(saying(sized(b"hello", b"X-Odd: \xff\xc3\xa9")))
    assert (answer.version, answer.status, answer.reason) == ("1.1", 200, "OK")
    assert (answer.body, answer.raw_size, answer.complete, answer.fault) == (
        b"hello", 5, True, None,
    )  # fmt: skip
    assert answer.headers == (("Content-Length", "5"), ("X-Odd", "\\xffé"))
    assert kept


def test_the_request_is_sent_as_given() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(REQUEST_END))
        writer.write(sized(b""))

    async def visit(port: int) -> None:
        client = Client(await connected(port), "http", "a.example", 80)
        await client.get("/p?q=%20", (("Host", "x"), ("X-Mixed", "1"), ("X-Mixed", "ä")), 10)
        await client.close()

    asyncio.run(against(serve, visit))
    assert seen == [b"GET /p?q=%20 HTTP/1.1\r\nHost: x\r\nX-Mixed: 1\r\nX-Mixed: \xc3\xa4\r\n\r\n"]


def test_a_kept_connection_serves_a_second_request() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in (b"1", b"2"):
            await reader.readuntil(REQUEST_END)
            writer.write(sized(number))

    async def visit(port: int) -> None:
        client = Client(await connected(port), "http", "a.example", 80)
        assert (await client.get("/", FIELDS, 10)).body == b"1"
        assert (await client.get("/", FIELDS, 10)).body == b"2"
        await client.close()
        assert (await client.get("/", FIELDS, 10)).fault is not None

    asyncio.run(against(serve, visit))


def test_interim_responses_are_passed_over() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
    answer, _ = fetch(saying(hints, sized(b"x")))
    assert (answer.status, answer.body) == (200, b"x")


@pytest.mark.parametrize(
    ("fields", "stays"),
    [((), True), ((b"Connection: close",), False), ((b"Connection: keep-alive",), True)],
)
def test_the_server_says_whether_it_stays(fields: tuple[bytes, ...], stays: bool) -> None:
    _, kept = fetch(saying(sized(b"x", *fields)))
    assert kept is stays


def test_http_1_0_closes_and_its_body_ends_with_the_connection() -> None:
    answer, kept = fetch(saying(b"HTTP/1.0 200 OK\r\n\r\nbody", stay=False))
    assert (answer.version, answer.body, answer.complete, kept) == ("1.0", b"body", True, False)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (b"gzip", gzip.compress(b"text" * 100, mtime=0)),
        (b"GZIP", gzip.compress(b"text" * 100, mtime=0)),
        (b"gzip", 2 * gzip.compress(b"text" * 50, mtime=0)),
        (b"deflate", zlib.compress(b"text" * 100)),
        (b"deflate", zlib.compress(b"text" * 100)[2:-4]),
        (b"identity", b"text" * 100),
    ],
)
def test_codings_are_undone(coding: bytes, coded: bytes) -> None:
    answer, _ = fetch(saying(sized(coded, b"Content-Encoding: " + coding)))
    assert answer.body == b"text" * 100
    assert answer.raw_size == len(coded)
    assert answer.complete


def test_a_coding_that_we_cannot_undo_is_left_as_it_came() -> None:
    answer, _ = fetch(saying(sized(b"\x0b\x02\x80", b"Content-Encoding: br")))
    assert (answer.encoding, answer.body, answer.complete) == ("br", b"\x0b\x02\x80", True)


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(REQUEST_END)
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        await writer.drain()


async def chattering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(REQUEST_END)
    while True:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)
        await writer.drain()


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(REQUEST_END)
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("serve", "code", "status"),
    [
        (saying(b"\x16\x03\x01 garbage\r\n\r\n", stay=False), "garbage", 0),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "garbage", 0),
        (saying(b"HT", b"ML is not HTTP"), "garbage", 0),
        (saying(b"HTTP/1.1 abc OK\r\n\r\n"), "garbage", 0),
        (saying(b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n"), "garbage", 0),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "garbage", 0),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "garbage", 200),
        (saying(stay=False), "closed", 0),
        (saying(b"HTTP/1.1 200", stay=False), "closed", 0),
        (resetting, "reset", 0),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", stay=False), "cut-body", 200),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", stay=False),
         "cut-body", 200),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 30_000), "too-large-headers", 0),
        (saying(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 200_000), "too-large-headers", 0),
        (chattering, "too-large-headers", 0),
        (saying(sized(b"no gzip at all", b"Content-Encoding: gzip")), "bad-encoding", 200),
        (saying(sized(gzip.compress(b"abc" * 99)[:-9], b"Content-Encoding: gzip")),
         "bad-encoding", 200),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 8589934592\r\n\r\n", b"x" * (RAW + 65536)),
         "endless-body", 200),
        (endless, "endless-body", 200),
        (saying(sized(gzip.compress(b"\0" * (64 << 20)), b"Content-Encoding: gzip")),
         "endless-body", 200),
    ],
)  # fmt: skip
def test_each_breakage_has_a_code(serve: Serve, code: str, status: int) -> None:
    answer, kept = fetch(serve)
    assert answer.fault is not None
    assert (answer.fault.code, answer.status) == (code, status)
    assert not answer.complete
    assert not kept
    assert len(answer.body) <= 4 << 20
    assert answer.raw_size <= RAW + 65536


def test_what_had_come_before_the_cut_is_kept() -> None:
    answer, _ = fetch(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", stay=False))
    assert answer.body == b"abc"


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"", "timeout"), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", "slow")],
)
def test_a_server_that_keeps_us_waiting_is_left(said: bytes, code: str) -> None:
    answer, kept = fetch(saying(said), seconds=0.2)
    assert answer.fault is not None
    assert (answer.fault.code, kept) == (code, False)


def test_an_ended_connection_is_seen_without_reading() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        writer.write(sized(b"x"))
        await reader.readuntil(REQUEST_END)

    async def visit(port: int) -> None:
        stream = await connected(port)
        client = Client(stream, "http", "a.example", 80)
        await client.get("/", FIELDS, 10)
        assert client.open
        assert not ended(stream)
        await stream.write(b"\r\n\r\n")  # at which this server leaves
        readable = asyncio.Event()
        asyncio.get_running_loop().add_reader(stream.sock, readable.set)
        await readable.wait()
        asyncio.get_running_loop().remove_reader(stream.sock)
        assert [ended(stream), client.open] == [True, False]
        await client.close()

    asyncio.run(against(serve, visit))


def reset(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.reset_stream(stream, 2)


def reset_in_body(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, OK)
    connection.send_data(stream, b"half")
    reset(connection, stream)


def going_away(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.close_connection(last_stream_id=0)


def leaving_after(connection: h2.connection.H2Connection, stream: int) -> None:
    whole(connection, stream)
    connection.close_connection()


def odd_status(connection: h2.connection.H2Connection, stream: int) -> None:
    connection.send_headers(stream, [(b":status", b"two hundred")], end_stream=True)


def vast_headers(connection: h2.connection.H2Connection, stream: int) -> None:
    many = [(b"x-%d" % number, b"y" * 1000) for number in range(200)]
    connection.send_headers(stream, OK + many, end_stream=True)


def test_http_2_is_spoken_where_alpn_says_so() -> None:
    answer, kept = fetch(h2_serving(whole), kind=H2Stream, scheme="https")
    assert (answer.version, answer.status, answer.body) == ("2", 200, b"hello")
    assert answer.headers == (("content-type", "text/html"),)
    assert (answer.complete, answer.fault, kept) == (True, None, True)


def test_interim_responses_of_http_2_are_passed_over() -> None:
    answer, _ = fetch(h2_serving(with_hints), kind=H2Stream, scheme="https")
    assert (answer.status, answer.body) == (200, b"hello")


def test_fields_of_the_connection_stay_out_of_http_2() -> None:
    seen: list[bytes] = []

    def play(connection: h2.connection.H2Connection, stream: int) -> None:
        seen.append(b"request")
        whole(connection, stream)

    async def visit(port: int) -> None:
        client = Client(await connected(port, H2Stream), "https", "a.example", 443)
        answer = await client.get("/", (*FIELDS, ("Connection", "close")), 10)
        assert answer.status == 200
        await client.close()

    asyncio.run(against(h2_serving(play), visit))
    assert seen


def test_a_server_that_leaves_after_its_answer_is_not_asked_again() -> None:
    answer, kept = fetch(h2_serving(leaving_after), kind=H2Stream, scheme="https")
    assert (answer.body, answer.complete, kept) == (b"hello", True, False)


@pytest.mark.parametrize(
    ("play", "code", "status"),
    [
        (reset, "reset", 0),
        (reset_in_body, "reset", 200),
        (going_away, "closed", 0),
        (odd_status, "garbage", 0),
        (vast_headers, "too-large-headers", 0),
    ],
)
def test_each_breakage_of_http_2_has_a_code(play: Play, code: str, status: int) -> None:
    answer, kept = fetch(h2_serving(play), kind=H2Stream, scheme="https")
    assert answer.fault is not None
    assert (answer.fault.code, answer.status, kept) == (code, status, False)


def test_another_protocol_than_alpn_promised_is_garbage() -> None:
    answer, kept = fetch(saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"), kind=H2Stream, scheme="https")
    assert answer.fault is not None
    assert (answer.fault.code, kept) == ("garbage", False)


def test_a_warm_start_leaves_nothing_to_import() -> None:
    warm()
    before = set(sys.modules)
    fetch(saying(sized(b"x")))
    fetch(h2_serving(whole), kind=H2Stream, scheme="https")
    assert set(sys.modules) == before
