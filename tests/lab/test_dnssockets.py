import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable

import pytest

from netlab.lab import dnssockets
from netlab.lab.dnsanswer import Transport
from netlab.lab.dnssockets import Respond, Sockets, bind_pair
from netlab.lab.service import Dialled


async def echo(wire: bytes, transport: Transport, peer_port: int) -> bytes | None:
    """Says by which way and from which port something came; nothing to an empty message."""
    return f"{transport} {peer_port} ".encode() + wire if wire else None


def framed(wire: bytes) -> bytes:
    return len(wire).to_bytes(2, "big") + wire


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the connection ends without an octet; some systems reset it, some close it."""
    try:
        return await reader.read() == b""
    except ConnectionResetError:
        return True


async def message(reader: asyncio.StreamReader) -> bytes:
    return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


def served(
    client: Callable[[Dialled, Sockets], Awaitable[None]],
    idle: float = 5.0,
    respond: Respond = echo,
) -> None:
    """Run a client beside a server, and end the server whatever becomes of it."""

    async def run() -> None:
        sockets = Sockets(respond, idle)
        try:
            await client(await sockets.open("127.0.0.1"), sockets)
        finally:
            await sockets.close()

    asyncio.run(run())


async def datagram(at: Dialled, wire: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, at)
        await loop.sock_sendall(sock, wire)
        async with asyncio.timeout(5):
            return await loop.sock_recv(sock, 65_535)


def test_udp_and_tcp_answer_on_one_port() -> None:
    async def client(at: Dialled, _: Sockets) -> None:
        assert (await datagram(at, b"one")).startswith(b"udp ")
        reader, writer = await asyncio.open_connection(*at)
        writer.write(framed(b"two"))
        port = writer.get_extra_info("sockname")[1]
        assert await message(reader) == f"tcp {port} two".encode()
        writer.close()

    served(client)


def test_queries_on_one_connection_are_answered_as_they_are_ready() -> None:
    gate = asyncio.Event()

    async def slow_first(wire: bytes, transport: Transport, peer_port: int) -> bytes | None:
        if wire == b"slow":
            await gate.wait()
        return wire

    async def client(at: Dialled, _: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        writer.write(framed(b"slow") + framed(b"quick"))
        assert await message(reader) == b"quick"
        gate.set()
        assert await message(reader) == b"slow"
        writer.close()

    served(client, respond=slow_first)


def test_who_closes_his_half_still_gets_his_answers() -> None:
    async def client(at: Dialled, _: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        writer.write(framed(b"last"))
        writer.write_eof()
        assert (await reader.read()).endswith(b" last")
        writer.close()

    served(client)


def test_more_queries_than_are_taken_at_once_are_all_answered() -> None:
    async def client(at: Dialled, _: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        count = 3 * dnssockets.PIPELINED
        writer.write(framed(b"again") * count)
        for _number in range(count):
            assert (await message(reader)).endswith(b"again")
        writer.close()

    served(client)


@pytest.mark.parametrize("sent", [b"", b"\0", b"\0\x05abc"])
def test_an_idle_connection_is_closed(sent: bytes) -> None:
    async def client(at: Dialled, _: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        writer.write(sent)
        assert await reader.read() == b""
        writer.close()

    served(client, idle=0.01)


def test_silence_over_udp_and_tcp_is_silence() -> None:
    async def client(at: Dialled, _: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        writer.write(framed(b""))
        assert await reader.read() == b""
        writer.close()

    served(client, idle=0.01)


def test_beyond_their_number_connections_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnssockets, "CONNECTIONS", 1)

    async def client(at: Dialled, _: Sockets) -> None:
        first = await asyncio.open_connection(*at)
        first[1].write(framed(b"x"))
        await message(first[0])
        second = await asyncio.open_connection(*at)
        assert await ended(second[0])
        first[1].close()
        second[1].close()

    served(client)


def test_a_flood_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnssockets, "UNDER_WAY", 1)

    async def client(at: Dialled, sockets: Sockets) -> None:
        datagrams = dnssockets.Datagrams(sockets)
        for _number in range(3):
            datagrams.datagram_received(b"x", at)
        assert len(sockets.tasks) == 1

    served(client)


def test_a_closed_port_refuses_and_drops_what_was_under_way() -> None:
    came = asyncio.Event()

    async def never(wire: bytes, transport: Transport, peer_port: int) -> bytes | None:
        came.set()
        await asyncio.Event().wait()
        return wire

    async def client(at: Dialled, sockets: Sockets) -> None:
        reader, writer = await asyncio.open_connection(*at)
        writer.write(framed(b"x"))
        await came.wait()
        await sockets.close()
        assert not sockets.tasks
        assert await ended(reader)
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*at)
        with pytest.raises(ConnectionRefusedError):
            await datagram(at, b"x")

    served(client, respond=never)


def test_a_port_is_had_again_and_another_if_it_is_taken() -> None:
    first = bind_pair("127.0.0.1", 0)
    port = first[0].getsockname()[1]
    assert first[1].getsockname()[1] == port
    other = bind_pair("127.0.0.1", port)
    assert other[0].getsockname()[1] != port
    for sock in (*first, *other):
        sock.close()
    again = bind_pair("127.0.0.1", port)
    assert again[0].getsockname()[1] == port
    for sock in again:
        sock.close()


def test_no_port_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(host: str, port: int) -> socket.socket:
        raise OSError(errno.EADDRINUSE, "taken")

    monkeypatch.setattr(dnssockets, "datagram_socket", taken)
    with pytest.raises(OSError, match="both UDP and TCP"):
        bind_pair("127.0.0.1", 0)
