"""A site served alone, as `netlab ws serve` does, for a client that is not ours."""

import signal
import socket
import subprocess
import sys

import pytest
from websockets.sync.client import connect

from netlab.errors import NetlabError
from netlab.lab.alone import address_of, opened


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


@pytest.mark.parametrize("text", ["", "9001", "127.0.0.1", "127.0.0.1:x", ":1", "[::1]:70000"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(NetlabError, match="not an address"):
        address_of(text)


def test_addresses_are_read() -> None:
    assert address_of("127.0.0.1:9001") == ("127.0.0.1", 9001)
    assert address_of("[::1]:0") == ("::1", 0)


def test_a_port_that_is_taken_is_told() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(NetlabError, match="Nobody can listen"),
    ):
        opened("127.0.0.1", taken.getsockname()[1])
