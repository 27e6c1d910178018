"""A site served alone, as `netlab ws serve` does, for clients that are not ours."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import socketio
from websockets.sync.client import connect

from netlab.cli.serving import OFFERS, announce, url_of
from netlab.lab.sockets import has_ipv6


def test_it_prints_its_url_echoes_and_ends_with_0() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "netlab", "ws", "serve"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            url = server.stdout.readline().strip()
            with connect(url, proxy=None, open_timeout=10, close_timeout=10) as client:
                client.send("hello")
                assert client.recv(timeout=10) == "hello"
                extensions = client.response.headers if client.response else {}
                assert "permessage-deflate" in extensions["Sec-WebSocket-Extensions"]
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0


@contextlib.contextmanager
def serving(*words: str, end: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """The URL at which `netlab … serve` says that it serves; it must end with 0 when told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "netlab", *words], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
            server.send_signal(end)
            assert server.wait(10) == 0
        finally:
            server.kill()


async def echoed(url: str, *arguments: str | int) -> list[str | int]:
    """What the library's client, over polling, has back from the server."""
    async with socketio.AsyncSimpleClient(reconnection=False) as client:
        await client.connect(url, transports=["polling"])
        return list(await client.call("echo", arguments, timeout=10))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_a_socket_io_server_serves_whatever_name_it_is_called_by(end: signal.Signals) -> None:
    serve = serving("socketio", "serve", "--listen", "localhost:0", end=end)
    with contextlib.ExitStack() as after, serve as url:
        assert url.startswith("http://127.0.0.1:") or url.startswith("http://[::1]:")
        page = httpx.get(url, headers={"Host": "any.example"}, trust_env=False, verify=False)
        assert (page.status_code, "Socket.IO" in page.text) == (200, True)
        assert asyncio.run(echoed(url, "hello", 1)) == ["hello", 1]
        # One stays connected until the server has gone.
        last = connect(f"ws{url[4:]}socket.io/?EIO=4&transport=websocket", proxy=None)
        assert after.enter_context(last).recv(timeout=10)


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6 loopback")
def test_an_ipv6_address_stands_in_brackets() -> None:
    with serving("socketio", "serve", "--listen", "[::1]:0") as url:
        assert url.startswith("http://[::1]:")
        assert httpx.get(url, trust_env=False, verify=False).status_code == 200


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "ws://127.0.0.1:9/"),
        ("0.0.0.0", "ws://127.0.0.1:9/"),
        ("192.0.2.7", "ws://192.0.2.7:9/"),
        ("::", "ws://[::1]:9/"),
        ("2001:db8::7", "ws://[2001:db8::7]:9/"),
        ("fe80::1%eth0", "ws://[fe80::1%25eth0]:9/"),
    ],
)
def test_the_url_is_one_that_can_be_dialled(host: str, url: str) -> None:
    assert url_of("ws", host, 9) == url


def test_whoever_listens_for_everybody_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    announce(OFFERS["socketio"], "0.0.0.0", 9)
    first, *more = capsys.readouterr().out.splitlines()
    assert first == "http://127.0.0.1:9/"
    assert "every address of this machine" in " ".join(more)
