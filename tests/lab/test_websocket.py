"""The lab's WebSocket site: openings that are refused, and an echo for everyone else's client."""

import asyncio
import ssl
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError
from websockets.typing import Subprotocol

from netlab.dissect.websocket import frames, server, unmask
from netlab.lab import Lab

NAME, ADDRESS = "ws.example.com", "203.0.113.55"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
MASK = b"\x01\x02\x03\x04"
OPENING = {
    "Host": NAME,
    "Upgrade": "websocket",
    "Connection": "keep-alive, Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}


def place(lab: Lab, port: int) -> tuple[str, int]:
    dialled = lab.directory.dialled("tcp", ADDRESS, port)
    assert dialled is not None
    return dialled


def request(path: str = "/echo", **changed: str | None) -> bytes:
    """The opening of RFC 6455 §1.3; None leaves a field out."""
    fields = {**OPENING, **{name.replace("_", "-"): value for name, value in changed.items()}}
    lines = [f"{name}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join((f"GET {path} HTTP/1.1", *lines, "", "")).encode()


def said(lab: Lab, octets: bytes, more: bytes = b"") -> tuple[str, bytes]:
    """The head of what port 80 answers, and all that comes after it."""

    async def run() -> tuple[str, bytes]:
        reader, writer = await asyncio.open_connection(*place(lab, 80))
        writer.write(octets)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
        writer.write(more)
        if " 101 " in head:
            rest = await asyncio.wait_for(reader.read(), 10)
        else:
            rest = b""
        writer.close()
        return head, rest

    return asyncio.run(run())


def frame(first: int, payload: bytes) -> bytes:
    return bytes([first, 0x80 | len(payload)]) + MASK + unmask(payload, MASK)


GOODBYE = frame(0x88, b"\x03\xe8")


def test_the_opening_of_the_rfc_is_accepted_on_the_port_that_answers_http(lab: Lab) -> None:
    page, _ = said(lab, request("/", Upgrade=None, Connection="close"))
    assert page.startswith("HTTP/1.1 200 ")
    head, rest = said(lab, request(), GOODBYE)
    assert head.startswith("HTTP/1.1 101 ")
    assert "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head
    assert rest == b"\x88\x02\x03\xe8"


def test_frames_that_come_with_the_opening_are_not_lost(lab: Lab) -> None:
    _, rest = said(lab, request() + frame(0x81, b"early") + GOODBYE)
    assert [one.payload for one in frames(server(), rest)[1]] == [b"early", b"\x03\xe8"]


@pytest.mark.parametrize(
    ("changed", "status", "field"),
    [
        ({"Upgrade": None}, 426, "Upgrade: websocket"),
        ({"Upgrade": "h2c"}, 426, "Upgrade: websocket"),
        ({"Connection": "keep-alive"}, 426, "Upgrade: websocket"),
        ({"Sec_WebSocket_Version": "8"}, 426, "Sec-Websocket-Version: 13"),
        ({"Sec_WebSocket_Version": None}, 426, "Sec-Websocket-Version: 13"),
        ({"Sec_WebSocket_Key": None}, 400, ""),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, 400, ""),
        ({"Sec_WebSocket_Key": "not base64"}, 400, ""),
        ({"Host": "www.example.com"}, 421, ""),
    ],
)
def test_an_opening_that_is_none_is_answered_as_http(
    lab: Lab, changed: dict[str, Any], status: int, field: str
) -> None:
    head, _ = said(lab, request(**changed))
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert field in head


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x01a", 1002),
        (frame(0xC1, b"a"), 1002),
        (frame(0x83, b"a"), 1002),
        (frame(0x09, b""), 1002),
        (frame(0x80, b"a"), 1002),
        (frame(0x81, b"\xce\xba\xed\xa0\x80"), 1007),
        (frame(0x01, b"\xf0\x9f") + frame(0x80, b"\x98"), 1007),
        (frame(0x88, b"\x03\xed"), 1002),
        (b"\x82\xff" + (2**30).to_bytes(8, "big") + MASK, 1009),
    ],
)
def test_a_frame_that_breaks_a_rule_ends_the_connection(lab: Lab, sent: bytes, code: int) -> None:
    _, rest = said(lab, request(), sent + frame(0x81, b"unheard"))
    (last,) = frames(server(), rest)[1]
    assert (last.type, int.from_bytes(last.payload[:2], "big")) == ("close", code)


def secure(lab: Lab) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=lab.directory.ca_file)


def test_another_ones_client_is_echoed_over_tls(lab: Lab) -> None:
    async def run() -> tuple[list[str | bytes], str | None, int | None]:
        host, port = place(lab, 443)
        async with connect(
            f"wss://{NAME}/echo", host=host, port=port, ssl=secure(lab), server_hostname=NAME,
            subprotocols=[Subprotocol("unknown"), Subprotocol("chat.netlab")], proxy=None,
        ) as client:  # fmt: skip
            await client.send("안녕")
            await client.send(bytes(70_000))
            await client.send(["in ", "pieces"])
            echoed = [await client.recv() for _ in range(3)]
            await (await client.ping())
            await client.close(4321, "done")
            return echoed, client.subprotocol, client.close_code

    echoed, subprotocol, code = asyncio.run(run())
    assert echoed == ["안녕", bytes(70_000), "in pieces"]
    assert (subprotocol, code) == ("chat.netlab", 4321)


def test_compression_is_agreed_on_and_may_be_left_out(lab: Lab) -> None:
    async def run(compression: str | None) -> list[str]:
        host, port = place(lab, 80)
        async with connect(
            f"ws://{NAME}/echo", host=host, port=port, compression=compression, proxy=None
        ) as client:
            await client.send("a" * 1000)
            assert await client.recv() == "a" * 1000
            return [one.name for one in client.protocol.extensions]

    assert asyncio.run(run("deflate")) == ["permessage-deflate"]
    assert asyncio.run(run(None)) == []


def test_a_bomb_is_not_unpacked(lab: Lab) -> None:
    async def run() -> int:
        host, port = place(lab, 80)
        async with connect(
            f"ws://{NAME}/echo", host=host, port=port, max_size=None, proxy=None
        ) as client:
            await client.send(b"\0" * (17 * 1024 * 1024))
            with pytest.raises(ConnectionClosedError) as ended:
                await client.recv()
            assert ended.value.rcvd is not None
            return ended.value.rcvd.code

    assert asyncio.run(run()) == 1009
