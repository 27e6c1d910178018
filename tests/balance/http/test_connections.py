"""Connections: kept, pipelined, timed out, aborted, drained; and octets that nobody takes."""

import asyncio
import contextlib
import random
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from netlab.balance.events import Accepted, Failed, Finished, Refused
from netlab.balance.http.proxy import serve_http
from netlab.balance.pool import Pool
from netlab.balance.settings import Server, Settings, Timeouts
from netlab.errors import NetlabError
from tests.balance.http.place import (
    Answer,
    Backend,
    Place,
    Request,
    Talk,
    answering,
    reset,
    response,
    rest,
    until,
    wires,
)
from tests.dissect.tlspair import certificate

GET = b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n"
SOON = 0.2


def held(first: bytes = b"") -> Talk:
    """A backend that reads a head, says at most this, and then waits for the connection's end."""

    async def talk(
        backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await backend.read(reader)
        writer.write(first)
        while await backend.read(reader):
            pass

    return talk


class TestKept:
    def test_one_connection_to_the_backend_serves_many_clients_in_turn(self) -> None:
        with Place() as place:
            for _ in range(5):
                assert place.get().body == b"b1"
            assert place.backend.connections == 1
            assert len(place.of(Accepted)) == 5

    def test_pipelined_requests_are_answered_in_their_order(self) -> None:
        def echo(backend: Backend, request: Request) -> bytes:
            return response(request.target)

        with Place(answering(echo), answering(echo)) as place, place.client() as sock:
            sock.sendall(b"".join(GET % n for n in range(50)))
            octets = until(sock, b"/49")
            bodies = [int(part.split(b"\r\n\r\n/")[1]) for part in octets.split(b"HTTP/1.1 ")[1:]]
            assert bodies == list(range(50))
            place.wait(lambda: len(place.of(Finished)) == 50)
            assert {len(each.requests) for each in place.backends} == {25}

    def test_no_answer_waits_for_an_acknowledgement(self) -> None:
        """Nagle's algorithm (RFC 9293 §3.7.4) is off at both sides."""
        with Place() as place, place.client() as sock:
            sock.sendall(GET % 1)
            until(sock, b"b1")
            open_ones = [wire for wire in wires() if not wire.lost]
            assert len(open_ones) == 2
            for wire in open_ones:
                end = wire.transport.get_extra_info("socket")
                assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    def test_a_request_counts_as_active_only_while_it_lasts(self) -> None:
        seen: list[int] = []

        def look(backend: Backend, request: Request) -> bytes:
            seen.append(place.pool.backends[0].active)
            return response(b"a")

        with Place(answering(look)) as place, place.client() as sock:
            for n in range(3):
                sock.sendall(GET % n)
                until(sock, b"\r\n\r\na")
            place.wait(lambda: place.pool.backends[0].active == 0)
            assert seen == [1, 1, 1]

    def test_what_it_tells_when_a_request_is_over(self) -> None:
        with Place() as place:
            octets = b"POST /a?secret HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
            octets += b"Connection: close\r\n\r\nabc"
            answer = place.ask(octets)
            place.wait(lambda: place.of(Finished))
            (told,) = place.of(Finished)
            assert (told.backend, told.client, told.status) == ("b1", "127.0.0.1", 200)
            assert told.request == "POST /a"
            assert (told.received, told.sent) == (len(octets), len(answer))
            assert 0 < told.latency <= told.seconds


class TestTimeouts:
    def limited(self, *talks: Talk | None, **given: float) -> Place:
        return Place(*talks, timeouts=Timeouts(**given))

    def test_a_head_that_does_not_come_is_408(self) -> None:
        with self.limited(head=SOON) as place:
            answer = Answer.of(place.ask(b"GET / HTTP/1.1\r\nHost: a"))
            assert (answer.status, place.backend.connections) == (408, 0)

    def test_nor_one_that_comes_by_the_octet(self) -> None:
        """The time is for the whole head: each octet begins no new one."""
        with self.limited(head=SOON) as place, place.client() as sock:
            sock.settimeout(0.02)
            octets = b""
            for octet in GET[:4] + b"/" + b"a" * 2000:
                sock.sendall(bytes([octet]))
                with contextlib.suppress(TimeoutError):
                    octets = sock.recv(100)
                    break
            assert octets.startswith(b"HTTP/1.1 408 ")

    def test_a_body_that_does_not_come_is_408_and_the_backend_sees_no_whole_request(self) -> None:
        with self.limited(held(), body=SOON) as place:
            octets = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
            assert Answer.of(place.ask(octets)).status == 408
            place.wait(lambda: place.backend.ended)
            assert place.backend.ended == ["reset"]
            assert b"\r\n0\r\n" not in place.backend.octets

    def test_who_says_nothing_is_let_go_without_a_word(self) -> None:
        with self.limited(head=SOON) as place:
            assert place.ask(b"") == b""
        with self.limited(idle=SOON) as place:
            assert place.ask(GET % 1).endswith(b"b1")
            assert not place.of(Refused)

    def test_a_backend_that_does_not_answer_is_504_and_not_asked_twice(self) -> None:
        with self.limited(held(), held(), response=SOON) as place:
            assert place.get().status == 504
            assert sum(each.connections for each in place.backends) == 1
            assert place.of(Failed)[0].why == "does not answer in time"

    def test_a_backend_that_stops_in_a_body_ends_the_client_by_a_reset(self) -> None:
        start = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel"
        with self.limited(held(start), body=SOON) as place, place.client() as sock:
            sock.sendall(GET % 1)
            with pytest.raises(ConnectionResetError):
                rest(sock)


class TestAborts:
    @pytest.mark.parametrize("how", ["close", "reset"])
    def test_a_client_that_leaves_takes_its_request_with_it(self, how: str) -> None:
        with Place(held()) as place:
            with place.client() as sock:
                sock.sendall(GET % 1)
                place.wait(lambda: place.backend.octets)
                if how == "reset":
                    reset(sock)
            place.wait(lambda: place.backend.ended)
            place.wait(lambda: place.of(Finished))
            assert place.of(Finished)[0].status is None
            assert not place.of(Failed)
            assert place.pool.backends[0].active == 0

    def test_in_the_middle_of_a_body_too(self) -> None:
        with Place(held()) as place:
            with place.client() as sock:
                sock.sendall(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\nabc")
                place.wait(lambda: place.backend.octets)
            place.wait(lambda: place.backend.ended)
            assert place.backend.ended == ["reset"]

    def test_half_a_head_is_answered(self) -> None:
        with Place() as place, place.client() as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost")
            sock.shutdown(socket.SHUT_WR)
            assert Answer.of(rest(sock)).status == 400

    def test_a_body_that_goes_wrong_while_the_answer_comes_is_not_the_backend_s_fault(self) -> None:
        """And an answer that ends with its connection must not look whole."""
        start = b"HTTP/1.1 200 OK\r\n\r\nhalf"
        with Place(held(start)) as place, place.client() as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            until(sock, b"4\r\nhalf\r\n")
            sock.sendall(b"1\na\r\n0\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                rest(sock)
            place.wait(lambda: place.backend.ended)
            assert place.backend.ended == ["reset"]
            assert not place.of(Failed)

    def test_who_is_answered_early_reads_the_answer_whatever_it_still_sends(self) -> None:
        with Place(held(response(b"no", b"413 Too Much"))) as place, place.client() as sock:
            sock.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n")
            assert until(sock, b"no").startswith(b"HTTP/1.1 413 ")
            place.wait(lambda: place.backend.ended)
            sock.sendall(bytes(200_000))
            sock.sendall(bytes(200_000))
            assert rest(sock) == b""


class TestBackpressure:
    def test_an_answer_that_nobody_takes_is_not_taken_from_the_backend(self) -> None:
        """64 MiB are offered; what is in hand stays within buffers, and all of it arrives."""
        size = 64 << 20
        written = 0

        async def talk(
            backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            nonlocal written
            await backend.read(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            block = bytes(1 << 16)
            while written < size:
                writer.write(block)
                await writer.drain()
                written += len(block)
            await backend.read(reader)

        with Place(talk) as place, place.client() as sock:
            sock.sendall(GET % 1)
            until(sock, b"\r\n\r\n")
            place.wait(lambda: any(each.full for each in wires()))
            place.wait(lambda: any(each.paused for each in wires()))
            assert written < size // 2
            assert max(len(each.buffer) for each in wires()) <= 1 << 19
            got = 0
            while got < size - 65_536:
                got += len(sock.recv(1 << 20))


class TestDraining:
    def test_what_is_under_way_ends_and_idle_clients_are_let_go(self) -> None:
        release = asyncio.Event()

        async def talk(
            backend: Backend, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            while await backend.read(reader):
                if len(backend.octets.split(b"/2")) > 1:
                    await release.wait()
                writer.write(response(b"done"))
                await writer.drain()

        with Place(talk) as place, place.client() as busy, place.client() as idle:
            idle.sendall(GET % 1)
            until(idle, b"done")
            busy.sendall(GET % 2)
            place.wait(lambda: b"/2" in place.backend.octets)
            place.loop.call_soon_threadsafe(place.stop.set)
            assert rest(idle) == b""
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(place.address).close()
            place.loop.call_soon_threadsafe(release.set)
            octets = rest(busy)
            assert octets.endswith(b"done")
            assert b"connection: close\r\n" in octets
            place.wait(place.serving.done)

    def test_what_takes_too_long_is_cut_off(self) -> None:
        with Place(held(), timeouts=Timeouts(drain=SOON)) as place, place.client() as sock:
            sock.sendall(GET % 1)
            place.wait(lambda: place.backend.octets)
            place.loop.call_soon_threadsafe(place.stop.set)
            place.wait(place.serving.done)
            with contextlib.suppress(ConnectionResetError):
                assert rest(sock) == b""


@pytest.mark.slow
def test_clients_that_come_and_go_as_they_like_leave_nothing_behind() -> None:
    """Two thousand, of which some break off at every point there is."""
    chance = random.Random(7)
    octets = (
        b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123456789",
        b"PUT /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    )

    def one() -> None:
        with place.client() as sock:
            for _ in range(chance.randint(1, 4)):
                message = chance.choice(octets)
                cut = chance.random() < 0.3
                sock.sendall(message[: chance.randint(0, len(message))] if cut else message)
                if cut:
                    return
                if chance.random() < 0.8:
                    until(sock, b"\r\n\r\nb")

    def many() -> None:
        for _ in range(250):
            one()

    with Place(None, None, None) as place:
        threads = [threading.Thread(target=many) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        place.wait(lambda: len(place.of(Accepted)) == 2000)
        place.wait(lambda: all(backend.active == 0 for backend in place.pool.backends))
        place.loop.call_soon_threadsafe(place.stop.set)
        place.wait(place.serving.done)
        assert not place.of(Failed)
        assert all(wire.lost for wire in wires())


class TestTls:
    @pytest.fixture
    def files(self, tmp_path: Path) -> dict[str, Any]:
        pem, key, _ = certificate()
        (tmp_path / "cert.pem").write_bytes(pem)
        (tmp_path / "key.pem").write_bytes(key)
        return {"tls_cert": str(tmp_path / "cert.pem"), "tls_key": str(tmp_path / "key.pem")}

    def trusting(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cadata=certificate()[0].decode())
        context.set_alpn_protocols(["h2", "http/1.1"])
        return context

    def test_it_ends_here_and_the_backend_hears_of_it(self, files: dict[str, Any]) -> None:
        with Place(tls=self.trusting(), sticky="place", **files) as place:
            answer = place.get()
            assert answer.body == b"b1"
            assert str(answer.first("set-cookie")).endswith("; SameSite=Lax; Secure")
            request = place.backend.requests[0]
            assert request.first(b"x-forwarded-proto") == b"https"
            assert str(request.first(b"forwarded")).endswith(";proto=https'")
            with place.client() as sock:
                assert isinstance(sock, ssl.SSLSocket)
                assert sock.selected_alpn_protocol() == "http/1.1"
                assert sock.version() == "TLSv1.3"
                sock.sendall(b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")
                assert Answer.of(rest(sock)).status == 421

    def test_nothing_older_than_tls_1_2(self, files: dict[str, Any]) -> None:
        old = self.trusting()
        old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with Place(tls=old, **files) as place, pytest.raises(ssl.SSLError), place.client():
            pass

    def test_a_client_in_the_clear_is_let_go(self, files: dict[str, Any]) -> None:
        with Place(**files) as place:
            with contextlib.suppress(ConnectionResetError):
                assert place.ask(GET % 1) in (b"", b"\x15\x03\x01\x00\x02\x02\x46")
            assert place.backend.connections == 0

    def test_bad_files_are_told_in_words(self, tmp_path: Path) -> None:
        bad = tmp_path / "bad.pem"
        bad.write_text("nothing")
        settings = Settings((Server("b1", "127.0.0.1", 1),), tls_cert=str(bad), tls_key=str(bad))

        async def run() -> None:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                pool = Pool.of(settings, lambda event: None)
                await serve_http(settings, pool, listener, asyncio.Event())

        with pytest.raises(NetlabError, match="cannot be used"):
            asyncio.run(run())
