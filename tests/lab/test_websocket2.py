"""The lab's echo on streams of HTTP/2, asked by h2 and by Node's client."""

import json
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded

from netlab.lab import Lab
from netlab.network.websocket_octets import FIN, TEXT, close, frame
from tests.witness import give_up, need

HOST, ADDRESS = "ws.example.com", "203.0.113.55"
ASKED = {
    ":method": "CONNECT", ":protocol": "websocket", ":scheme": "https", ":path": "/echo",
    ":authority": HOST, "sec-websocket-version": "13",
}  # fmt: skip


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab.start() as lab:
        yield lab


def place(lab: Lab) -> tuple[str, int]:
    dialled = lab.directory.dialled("tcp", ADDRESS, 443)
    assert dialled is not None
    return dialled


class Client:
    """h2's own client, over TLS with h2 agreed on."""

    def __init__(self, lab: Lab, host: str = HOST) -> None:
        context = ssl.create_default_context(cafile=lab.directory.ca_file)
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(place(lab), timeout=5)
        self.sock = context.wrap_socket(plain, server_hostname=host)
        self.state = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.state.initiate_connection()
        self.events: list[Any] = []
        self.settled = False

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def until(self, kind: type, number: int | None = None) -> Any:
        while True:
            for event in self.events:
                if isinstance(event, kind) and number == getattr(event, "stream_id", None):
                    self.events.remove(event)
                    return event
            self.sock.sendall(self.state.data_to_send())
            data = self.sock.recv(65536)
            assert data, "the server hung up"
            self.events += self.state.receive_data(data)

    def ask(self, **changed: str | None) -> tuple[int, dict[str, str]]:
        """The stream's number, and the answer's fields."""
        if not self.settled:
            self.until(RemoteSettingsChanged)
            self.settled = True
        fields = {**ASKED, **{f":{k}" if f":{k}" in ASKED else k: v for k, v in changed.items()}}
        number = self.state.get_next_available_stream_id()
        kept = [(name, value) for name, value in fields.items() if value is not None]
        self.state.send_headers(number, kept, end_stream=fields[":method"] != "CONNECT")
        return number, dict(self.until(ResponseReceived, number).headers)


def echoed(client: Client, number: int, octets: bytes) -> bytes:
    """What the stream says to these octets, until it has ended or has said as much."""
    client.state.send_data(number, octets)
    said = b""
    while len(said) < len(octets) - 4 and said[:1] != b"\x88":
        event = client.until(DataReceived, number)
        client.state.acknowledge_received_data(event.flow_controlled_length, number)
        said += event.data
    return said


def test_a_stream_becomes_a_websocket(lab: Lab) -> None:
    with Client(lab) as client:
        number, answer = client.ask()
        assert answer[":status"] == "200"
        assert "sec-websocket-accept" not in answer
        assert echoed(client, number, frame(FIN | TEXT, b"Hello", masked=True)) == b"\x81\x05Hello"
        assert echoed(client, number, close(1000, b"bye", masked=True)) == close(1000, b"bye")
        client.until(StreamEnded, number)


def test_two_of_them_and_a_page_share_a_connection(lab: Lab) -> None:
    with Client(lab) as client:
        numbers = [client.ask()[0] for _ in range(2)]
        page, answer = client.ask(method="GET", protocol=None, path="/")
        assert (numbers, page, answer[":status"]) == ([1, 3], 5, "200")
        for number in reversed(numbers):
            text = b"stream %d" % number
            assert echoed(client, number, frame(FIN | TEXT, text, masked=True))[2:] == text


def test_a_frame_without_a_mask_ends_the_websocket_and_no_other_stream(lab: Lab) -> None:
    with Client(lab) as client:
        first, _ = client.ask()
        second, _ = client.ask()
        assert echoed(client, first, frame(FIN | TEXT, b"Hello"))[2:4] == (1002).to_bytes(2, "big")
        assert (
            echoed(client, second, frame(FIN | TEXT, b"still here", masked=True))[2:]
            == b"still here"
        )


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"protocol": "connect-udp"}, "501"),
        ({"path": "/elsewhere"}, "404"),
        ({"sec-websocket-version": "12"}, "400"),
        ({"scheme": "http"}, "400"),
        ({"method": "GET", "protocol": None}, "405"),
        ({"sec-websocket-extensions": "permessage-deflate; =;"}, "400"),
    ],
)
def test_an_opening_that_is_none_is_answered_as_http(
    lab: Lab, changed: dict[str, str | None], status: str
) -> None:
    with Client(lab) as client:
        assert client.ask(**changed)[1][":status"] == status


def test_a_connect_that_names_no_protocol_is_for_proxies(lab: Lab) -> None:
    with Client(lab) as client:
        changed = {"protocol": None, "scheme": None, "path": None}
        assert client.ask(**changed)[1][":status"] == "501"


def test_subprotocol_and_compression_are_agreed_on(lab: Lab) -> None:
    with Client(lab) as client:
        wanted = {"sec-websocket-protocol": "nobody, chat.netlab",
                  "sec-websocket-extensions": "permessage-deflate"}  # fmt: skip
        answer = client.ask(**wanted)[1]
        assert answer["sec-websocket-protocol"] == "chat.netlab"
        assert answer["sec-websocket-extensions"].startswith("permessage-deflate")


@pytest.mark.witness
def test_node_gets_on_with_it(lab: Lab) -> None:
    """http2 by Node, frames by the ws package."""
    need("node")
    program = Path(__file__).parents[1] / "node" / "websocket2.cjs"
    folder = os.environ.get("NETLAB_NODE_MODULES") or str(program.parent / "node_modules")
    if not (Path(folder) / "ws").is_dir():
        give_up("ws is not installed; NETLAB_NODE_MODULES names its folder")
    host, port = place(lab)
    done = subprocess.run(
        ["node", str(program), "ask", host, str(port), lab.directory.ca_file],
        env={**os.environ, "NODE_PATH": folder}, capture_output=True, text=True, timeout=20,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "allowed": True, "status": 200, "subprotocol": "echo.netlab", "code": 1000,
        "heard": [[5, False], [300, True], [200_000, True]],
    }  # fmt: skip
