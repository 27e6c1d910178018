"""Layer 4 over real sockets: octets, ends, resets, time-outs, and who is tried next."""

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Iterator

import pytest

from netlab.balance import layer4
from netlab.balance.events import (
    Accepted,
    Changed,
    Failed,
    Finished,
    Lost,
    Picked,
    Refused,
    Retried,
)
from netlab.balance.layer4 import Layer4
from netlab.balance.poller import LoopPoller, poller
from netlab.balance.pool import Pool
from netlab.balance.proxyprotocol import header
from netlab.balance.relay import CHUNK, RESET_BY_BACKEND, RESET_BY_CLIENT
from netlab.balance.serve import descriptors
from netlab.balance.settings import Passive, Server, Settings, Timeouts
from tests.balance.wires import (
    DEADLINE,
    accepted,
    balanced,
    dial,
    everything,
    listening,
    nobody,
    port_of,
    receive,
    reset,
    send,
    until,
)  # fmt: skip

linux = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


@pytest.fixture
def backend() -> Iterator[socket.socket]:
    with listening() as sock:
        yield sock


@pytest.fixture(params=["best", "loop"])
def each_poller(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of this system, and what every system has."""
    monkeypatch.setattr(layer4, "poller", poller if request.param == "best" else LoopPoller)


@pytest.mark.usefixtures("each_poller")
class TestPassing:
    def test_octets_pass_both_ways_on_one_connection(self, backend: socket.socket) -> None:
        async def play() -> list[object]:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    for number in range(3):
                        await send(client, b"question %d" % number)
                        assert await receive(server) == b"question %d" % number
                        await send(server, b"answer %d" % number)
                        assert await receive(client) == b"answer %d" % number
                    client.shutdown(socket.SHUT_WR)
                    assert await receive(server) == b""
                    server.close()
                    assert await receive(client) == b""
                await until(lambda: balancer.told(Finished))
                finished = balancer.told(Finished)[0]
                assert (finished.received, finished.sent, finished.how) == (30, 24, "ended")
                assert 0 < finished.latency < finished.seconds
                assert balancer.pool.backends[0].active == 0
                return [type(one) for one in balancer.events]

        assert asyncio.run(play()) == [Accepted, Picked, Finished]

    def test_a_clients_end_passes_and_the_backend_may_still_answer(
        self, backend: socket.socket
    ) -> None:
        async def play() -> None:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    await send(client, b"all of it")
                    client.shutdown(socket.SHUT_WR)
                    assert await everything(server) == b"all of it"
                    sending = asyncio.ensure_future(send(server, b"x" * 3_000_000))
                    received = len(await receive(client))
                    await sending
                    server.close()
                    assert received + len(await everything(client)) == 3_000_000

        asyncio.run(play())

    def test_a_backends_end_passes_and_the_client_may_still_send(
        self, backend: socket.socket
    ) -> None:
        async def play() -> None:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    await send(server, b"no more from here")
                    server.shutdown(socket.SHUT_WR)
                    assert await everything(client) == b"no more from here"
                    sending = asyncio.ensure_future(send(client, b"y" * 3_000_000))
                    await asyncio.sleep(0)
                    received = 0
                    while received < 3_000_000:
                        received += len(await receive(server))
                    await sending

        asyncio.run(play())

    def test_who_does_not_read_holds_up_who_sends(self, backend: socket.socket) -> None:
        """Of what is sent for ever only the kernel's buffers and one chunk leave the sender."""

        async def play() -> tuple[int, int]:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    pattern = bytes(range(256)) * 4096
                    taken, quiet = 0, 0
                    while quiet < 20:
                        try:
                            start = taken % 256
                            taken += server.send(pattern[start:])
                            quiet = 0
                        except BlockingIOError:
                            quiet += 1
                            await asyncio.sleep(0.002)
                    server.shutdown(socket.SHUT_WR)
                    got = await everything(client)
                    whole = pattern * (taken // len(pattern) + 1)
                    assert got == whole[:taken]
                    return taken, len(got)

        taken, got = asyncio.run(play())
        assert got == taken
        assert CHUNK < taken < 64 << 20

    def test_a_reset_passes_to_the_other_side(self, backend: socket.socket) -> None:
        async def play() -> list[str]:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                reset(client)
                with server, pytest.raises(ConnectionResetError):
                    await receive(server)
                client, server = await balancer.joined(backend)
                reset(server)
                with client, pytest.raises(ConnectionResetError):
                    await receive(client)
                assert [one.backend for one in balancer.told(Lost)] == ["b1"]
                return [one.how for one in balancer.told(Finished)]

        assert asyncio.run(play()) == [RESET_BY_CLIENT, RESET_BY_BACKEND]

    def test_idle_connections_are_closed_on_both_sides(self, backend: socket.socket) -> None:
        async def play() -> None:
            times = Timeouts(idle=0.1, drain=0.1)
            async with balanced(port_of(backend), timeouts=times) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    assert await receive(server) == b""
                    assert await receive(client) == b""
                assert balancer.told(Finished)[0].how == "idle for too long"
                assert 0.1 <= balancer.told(Finished)[0].seconds < 5

        asyncio.run(play())


@linux
@pytest.mark.parametrize("from_client", [True, False], ids=["client", "backend"])
class TestResetsThatAsyncioDoesNotSee:
    def test_after_a_half_close(self, backend: socket.socket, from_client: bool) -> None:
        """Who has ended sends nothing more; its reset must pass all the same."""

        async def play() -> None:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                near, far = (client, server) if from_client else (server, client)
                near.shutdown(socket.SHUT_WR)
                assert await receive(far) == b""
                reset(near)
                with far:
                    await until(lambda: balancer.told(Finished))
                    assert far.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) in (
                        errno.ECONNRESET, errno.EPIPE,
                    )  # fmt: skip

        asyncio.run(play())

    def test_while_reading_is_paused(self, backend: socket.socket, from_client: bool) -> None:
        """The far side takes nothing, so the near one is not read; its reset passes at once."""

        async def play() -> None:
            async with balanced(port_of(backend)) as balancer:
                client, server = await balancer.joined(backend)
                near, far = (client, server) if from_client else (server, client)
                quiet = 0
                while quiet < 20:
                    try:
                        near.send(bytes(65536))
                        quiet = 0
                    except BlockingIOError:
                        quiet += 1
                        await asyncio.sleep(0.002)
                reset(near)
                with far:
                    await until(lambda: balancer.told(Finished))
                    with pytest.raises(ConnectionResetError):
                        await everything(far)

        asyncio.run(play())


def test_a_backend_that_refuses_is_passed_over(backend: socket.socket) -> None:
    async def play() -> None:
        async with balanced(nobody(), port_of(backend)) as balancer:
            client, server = await balancer.joined(backend)
            with client, server:
                await send(client, b"hello")
                assert await receive(server) == b"hello"
            retried = balancer.told(Retried)[0]
            assert (retried.first, retried.second, retried.doubled) == ("b1", "b2", False)
            assert balancer.told(Failed)[0].why == "refused the connection"

    asyncio.run(play())


async def is_reset(port: int) -> None:
    """At once, or even before the connection seems to stand."""
    with pytest.raises(ConnectionResetError), await dial(port) as client:
        await receive(client)


def test_when_all_refuse_the_client_is_reset_at_once() -> None:
    async def play() -> None:
        async with balanced(nobody(), nobody()) as balancer:
            await is_reset(balancer.port)
            assert [one.backend for one in balancer.told(Failed)] == ["b1", "b2"]
            assert balancer.told(Refused)[0].why == "no backend took it"

    asyncio.run(play())


def test_when_none_is_up_the_client_is_reset_and_none_is_asked(backend: socket.socket) -> None:
    async def play() -> None:
        passive = Passive(fails=1, rest=60)
        async with balanced(nobody(), passive=passive) as balancer:
            for _ in range(2):
                await is_reset(balancer.port)
            assert len(balancer.told(Failed)) == 1
            assert balancer.told(Changed)[0].after == "down"
            assert balancer.told(Refused)[-1].why == "no backend is up"

    asyncio.run(play())


@linux
def test_a_backend_that_says_nothing_costs_the_connect_time_out(backend: socket.socket) -> None:
    """A full accept queue drops SYNs without a word."""

    async def play() -> None:
        with listening(backlog=0) as hole:
            fillers = [await dial(port_of(hole))]
            times = Timeouts(connect=0.1, drain=0.1)
            async with balanced(port_of(hole), port_of(backend), timeouts=times) as balancer:
                client, server = await balancer.joined(backend)
                with client, server:
                    await send(server, b"here")
                    assert await receive(client) == b"here"
                assert balancer.told(Failed)[0].why == "did not answer in time"
            for each in fillers:
                each.close()

    asyncio.run(play())


def test_draining_takes_nothing_new_and_lets_the_open_ones_end(backend: socket.socket) -> None:
    async def play() -> None:
        async with balanced(port_of(backend), timeouts=Timeouts(drain=DEADLINE)) as balancer:
            client, server = await balancer.joined(backend)
            with client, server:
                balancer.stop.set()
                for _ in range(5):  # of the loop's turns
                    await asyncio.sleep(0)
                with pytest.raises(ConnectionRefusedError):
                    await dial(balancer.port)
                await send(client, b"still")
                assert await receive(server) == b"still"
                assert not balancer.over.done()
                client.shutdown(socket.SHUT_WR)
                server.shutdown(socket.SHUT_WR)
                await balancer.over
            assert balancer.told(Finished)[0].how == "ended"

    asyncio.run(play())


def test_draining_cuts_what_does_not_end_in_time(backend: socket.socket) -> None:
    async def play() -> None:
        with listening(backlog=0) as hole:
            with await dial(port_of(hole)):
                times = Timeouts(drain=0.05)
                async with balanced(port_of(backend), port_of(hole), timeouts=times) as balancer:
                    client, server = await balancer.joined(backend)
                    with client, server, await dial(balancer.port) as waiting:
                        await until(lambda: len(balancer.told(Picked)) == 2)
                        balancer.stop.set()
                        await balancer.over
                        for each in (client, server, waiting):
                            with pytest.raises(ConnectionResetError):
                                await receive(each)
            assert balancer.told(Finished)[0].how == "cut when the balancer ended"
            assert balancer.told(Refused)[0].why == "cut when the balancer ended"

    asyncio.run(play())


def test_connections_that_wait_in_the_queue_when_it_drains_are_served(
    backend: socket.socket,
) -> None:
    async def play() -> None:
        with listening() as listener:
            clients = [await dial(port_of(listener)) for _ in range(5)]
            settings = Settings((Server("b1", "127.0.0.1", port_of(backend)),), layer=4)
            balancer = Layer4(settings, Pool.of(settings, lambda event: None), listener)
            balancer.door.shut()
            servers = [await accepted(backend) for _ in clients]
            for each in (*clients, *servers):
                each.close()
            await balancer.drained(DEADLINE)
            balancer.close()
            assert not balancer.open

    asyncio.run(play())


def test_the_proxy_protocol_says_who_the_client_is(backend: socket.socket) -> None:
    async def play() -> None:
        async with balanced(port_of(backend), proxy_protocol=True) as balancer:
            client, server = await balancer.joined(backend)
            with client, server:
                await send(client, b"first")
                said = await receive(server)
                while len(said) < 33:
                    said += await receive(server)
                assert said == header(client.getsockname(), client.getpeername()) + b"first"

    asyncio.run(play())


def test_one_address_always_meets_the_same_backend_by_source(backend: socket.socket) -> None:
    async def play() -> None:
        with listening() as other:
            async with balanced(port_of(backend), port_of(other), algorithm="source") as balancer:
                for _ in range(4):
                    (await dial(balancer.port)).close()
                await until(lambda: len(balancer.told(Picked)) == 4)
                assert len({one.backend for one in balancer.told(Picked)}) == 1

    asyncio.run(play())


class Tired(socket.socket):
    """A listening socket whose process has run out of descriptors, once."""

    tired = True

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self.tired:
            self.tired = False
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


def test_who_comes_when_descriptors_have_run_out_waits(backend: socket.socket) -> None:
    async def play() -> None:
        with listening() as plain:
            listener = Tired(fileno=plain.detach())
        settings = Settings((Server("b1", "127.0.0.1", port_of(backend)),), layer=4)
        balancer = Layer4(settings, Pool.of(settings, lambda event: None), listener)
        with await dial(port_of(listener)), await accepted(backend):
            assert not listener.tired
            assert len(balancer.open) == 1
        await balancer.drained(DEADLINE)
        balancer.close()
        listener.close()

    asyncio.run(play())


def test_two_thousand_connections_at_once_and_none_is_lost() -> None:
    descriptors()

    async def play() -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(await reader.readexactly(8))
            await reader.read()
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=2048)
        async with server, balanced(server.sockets[0].getsockname()[1]) as balancer:
            clients = [await dial(balancer.port) for _ in range(2000)]
            for number, client in enumerate(clients):
                client.send(b"%08d" % number)
            answers = [await receive(client) for client in clients]
            assert answers == [b"%08d" % number for number in range(2000)]
            assert balancer.pool.backends[0].active == 2000
            for client in clients:
                client.close()
            await until(lambda: len(balancer.told(Finished)) == 2000)
            assert {one.how for one in balancer.told(Finished)} == {"ended"}

    asyncio.run(play())
