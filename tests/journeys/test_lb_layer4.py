"""Layer 4 as a whole program: what it holds of a flood, and whether others understand it."""

import hashlib
import socket
import sys
import threading
import time
from pathlib import Path
from subprocess import DEVNULL, Popen

import pytest

from tests.journeys.test_lb_run import running
from tests.witness import find, need

MIB = 1 << 20
linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
DEADLINE = 30


def memory(pid: int) -> int:
    """Octets that the process has in memory (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


class Flood(threading.Thread):
    """A backend that sends a gibibyte, as fast as it is taken; no two of its blocks are alike."""

    def __init__(self, listener: socket.socket, blocks: int) -> None:
        super().__init__(daemon=True)
        self.listener = listener
        self.blocks = blocks
        self.digest = hashlib.blake2b()
        self.taken = 0

    def run(self) -> None:
        peer, _ = self.listener.accept()
        with peer:
            filler = bytes(range(256)) * 4095
            for number in range(self.blocks):
                block = number.to_bytes(256, "big") + filler
                self.digest.update(block)
                rest = memoryview(block)
                while rest:
                    sent = peer.send(rest)
                    rest = rest[sent:]
                    self.taken += sent


@linux
@pytest.mark.slow
@pytest.mark.timed
def test_a_gibibyte_towards_a_client_that_stalls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as backend:
        flood = Flood(backend, 1024)
        flood.start()
        words = ("--layer", "4", "--backend", f"127.0.0.1:{backend.getsockname()[1]}")
        with running(*words) as balancer:
            before = memory(balancer.process.pid)
            with socket.create_connection((balancer.host, balancer.port)) as client:
                taken = stalled(flood)
                grown = memory(balancer.process.pid) - before
                assert 0 < taken < 64 * MIB
                digest, received = hashlib.blake2b(), 0
                while part := client.recv(MIB):
                    digest.update(part)
                    received += len(part)
                grown = max(grown, memory(balancer.process.pid) - before)
            flood.join(DEADLINE)
            print(f"taken {taken / MIB:.1f} MiB, grown {grown / MIB:.1f} MiB")
            assert received == 1024 * MIB
            assert digest.digest() == flood.digest.digest()
            assert grown < 16 * MIB


def stalled(flood: Flood) -> int:
    """What has left the sender once nothing more does for half a second."""
    deadline, taken, since = time.monotonic() + DEADLINE, -1, time.monotonic()
    while time.monotonic() < deadline:
        if flood.taken != taken:
            taken, since = flood.taken, time.monotonic()
        elif taken and time.monotonic() - since > 0.5:
            return taken
        time.sleep(0.01)
    raise AssertionError("it never stalls")


CONFIG = """\
defaults
  mode http
  timeout connect 3s
  timeout client 5s
  timeout server 5s
listen witness
  bind 127.0.0.1:{port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst_port]"
"""


@pytest.mark.witness
def test_haproxy_learns_from_us_who_the_client_is(tmp_path: Path) -> None:
    need("haproxy")
    with socket.create_server(("127.0.0.1", 0)) as lent:
        port = lent.getsockname()[1]
    config = tmp_path / "haproxy.cfg"
    config.write_text(CONFIG.format(port=port))
    command = [str(find("haproxy")), "-db", "-f", str(config)]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as haproxy:
        try:
            words = ("--layer", "4", "--proxy-protocol", "--backend", f"127.0.0.1:{port}")
            with running(*words) as balancer:
                said, name = asked(balancer.port)
                assert said.endswith(f"\r\n\r\n127.0.0.1:{name} {balancer.port}")
        finally:
            haproxy.terminate()


def asked(port: int) -> tuple[str, int]:
    """The answer, once HAProxy is up, and the port that it was asked from."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port)) as client:
            name = client.getsockname()[1]
            try:
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                answer = b""
                while part := client.recv(65536):
                    answer += part
                return answer.decode(), name
            except ConnectionResetError:
                time.sleep(0.02)
    raise AssertionError("no answer")
