"""The client's opening and frames, against servers that say what they are told to."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from time import perf_counter

import pytest

from netlab.dissect.websocket_accept import accept
from netlab.network import race, websocket
from netlab.network.stream import TcpStream
from netlab.network.websocket import Connection, Declined, Wish
from netlab.network.websocket_octets import BINARY, FIN, RSV1, TEXT, close, frame

RIGHT = ("Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Accept: {accept}")
Use = Callable[[Connection | Declined], Awaitable[object]]


def against(head: str, wish: Wish, use: Use, then: bytes = b"", hang_up: bool = False) -> object:
    """Open to a server that answers with this head and these octets."""
    served = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except OSError:
            pass  # the client has hung up without reading all
        finally:
            writer.close()
            served.set()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.partition(": ")[2]
            for line in asked.split("\r\n")
            if line.lower().startswith("sec-websocket-key")
        )
        writer.write(head.replace("{accept}", accept(key).value).encode() + then)
        if not hang_up:
            while await reader.read(4096):
                pass

    async def run() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            sock = await race.connect(server.sockets[0].getsockname()[:2])
            stream = TcpStream(sock, perf_counter)
            try:
                return await use(await websocket.open(stream, wish, 5))
            finally:
                await stream.close()
                await asyncio.wait_for(served.wait(), 5)

    return asyncio.run(run())


def answer(*fields: str, status: str = "101 Switching Protocols", body: str = "") -> str:
    return "\r\n".join((f"HTTP/1.1 {status}", *fields, "", body))


async def itself(result: Connection | Declined) -> Connection | Declined:
    return result


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (answer(*RIGHT[1:]), "upgrade"),
        (answer(RIGHT[0], RIGHT[2]), "connection"),
        (answer(*RIGHT[:2]), "accept"),
        (answer(*RIGHT[:2], "Sec-WebSocket-Accept: eA=="), "accept"),
        (answer(*RIGHT, "Sec-WebSocket-Extensions: x-other"), "extension"),
        (answer(*RIGHT, "Sec-WebSocket-Extensions: permessage-deflate; x=1"), "extension"),
        (answer(*RIGHT, "Sec-WebSocket-Protocol: other"), "subprotocol"),
        (answer("Content-Length: 5", status="200 OK", body="hello"), "status"),
        (answer("Location: /x", "Content-Length: 0", status="302 Found"), "status"),
        ("SSH-2.0-x\r\n\r\n", "garbage"),
    ],
)
def test_an_answer_that_is_no_opening_is_declined(head: str, why: str) -> None:
    result = against(head, Wish("a.example"), itself, hang_up=True)
    assert isinstance(result, Declined)
    assert result.why == why


def test_the_body_of_a_page_is_kept_for_whoever_tells_of_it() -> None:
    head = answer("Content-Length: 5", status="403 Forbidden", body="hello")
    result = against(head, Wish("a.example"), itself)
    assert isinstance(result, Declined)
    assert (result.answer.status, result.answer.body) == (403, b"hello")


def test_a_server_that_hangs_up_at_once() -> None:
    result = against("", Wish("a.example"), itself, hang_up=True)
    assert isinstance(result, Declined)
    assert result.why == "closed"


def test_what_was_asked_for_may_be_agreed() -> None:
    fields = (
        "Sec-WebSocket-Protocol: b", "Sec-WebSocket-Extensions: permessage-deflate",
    )  # fmt: skip
    wish = Wish("a.example", subprotocols=("a", "b"))
    result = against(answer(*RIGHT, *fields), wish, itself)
    assert isinstance(result, Connection)
    assert result.subprotocol == "b"
    assert result.deflate


def test_a_frame_right_behind_the_101_is_not_lost() -> None:
    async def first(result: Connection | Declined) -> object:
        assert isinstance(result, Connection)
        event = await result.receive(5)
        return event.text if event else None

    head = answer(*RIGHT)
    then = frame(FIN | TEXT, b"early") + close(1000)
    assert against(head, Wish("a.example"), first, then) == "early"


@pytest.mark.parametrize(
    ("octets", "code", "fault"),
    [
        (frame(FIN | TEXT, b"x", masked=True), 1002, "mask"),
        (frame(FIN | TEXT, b"x", wide=2), 1002, "shortest"),
        (frame(FIN | TEXT, b"\xff"), 1007, "utf-8"),
        (frame(FIN | BINARY, b"x", length=1 << 40), 1009, "exceeds"),
    ],
)
def test_a_server_that_breaks_a_rule_is_hung_up_on(octets: bytes, code: int, fault: str) -> None:
    async def until_over(result: Connection | Declined) -> object:
        assert isinstance(result, Connection)
        while await result.receive(5) is not None:
            pass
        sent = result.endpoint.protocol.close_sent
        return result, None if sent is None else int(sent.code)

    found = against(answer(*RIGHT), Wish("a.example", deflate=False), until_over, octets)
    assert isinstance(found, tuple)
    connection, sent = found
    assert sent == code
    assert fault in connection.fault.lower()


def test_what_comes_before_the_fault_still_counts() -> None:
    async def all_of(result: Connection | Declined) -> object:
        assert isinstance(result, Connection)
        seen = []
        while (event := await result.receive(5)) is not None:
            seen.append(event.data)
        return seen

    octets = frame(FIN | TEXT, b"good") + frame(FIN | TEXT, b"bad", wide=8)
    assert against(answer(*RIGHT), Wish("a.example", deflate=False), all_of, octets) == [b"good"]


def test_an_end_in_the_middle_of_a_frame_is_1006() -> None:
    async def until_over(result: Connection | Declined) -> object:
        assert isinstance(result, Connection)
        assert await result.receive(5) is None
        with pytest.raises(ConnectionError):
            await result.send("too late")
        return result.close_code

    octets = frame(FIN | TEXT, b"half", length=100)
    found = against(answer(*RIGHT), Wish("a.example", deflate=False), until_over, octets, True)
    assert found == 1006


def test_a_small_message_that_unpacks_without_end_is_hung_up_on() -> None:
    async def until_over(result: Connection | Declined) -> object:
        assert isinstance(result, Connection)
        assert result.deflate
        assert await result.receive(10) is None
        sent = result.endpoint.protocol.close_sent
        return None if sent is None else int(sent.code)

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(64 << 20)) + packer.flush(zlib.Z_SYNC_FLUSH)
    octets = frame(FIN | RSV1 | BINARY, packed.removesuffix(b"\x00\x00\xff\xff"))
    assert len(octets) < 100_000
    head = answer(*RIGHT, "Sec-WebSocket-Extensions: permessage-deflate")
    assert against(head, Wish("a.example"), until_over, octets) == 1009
