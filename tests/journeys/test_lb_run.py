"""`netlab lb run` and `netlab lb source`, as a person runs them."""

import http.client
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from netlab.balance.algorithms import NAMES
from netlab.lab.authority import Authority
from tests.journeys.command import Ran, netlab

DEADLINE = 20
posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
pytestmark = posix


class Named(BaseHTTPRequestHandler):
    """Says which backend it is."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = str(self.server.server_port).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on stderr."""


@contextmanager
def sites(count: int) -> Iterator[list[int]]:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Named) for _ in range(count)]
    threads = [threading.Thread(target=each.serve_forever, args=(0.01,)) for each in servers]
    for thread in threads:
        thread.start()
    try:
        yield [each.server_port for each in servers]
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


class Running:
    """A balancer in the foreground of somebody's terminal."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "netlab", "lb", "run", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        aside = self.process.stderr if "--json" in words else self.process.stdout
        assert aside is not None
        self.first = aside.readline().strip()
        self.host, self.port = "127.0.0.1", int(self.first.rpartition(":")[2])

    def get(self, count: int) -> list[str]:
        """So many requests on one connection; who answered each."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=DEADLINE)
        answers = []
        for _ in range(count):
            connection.request("GET", "/")
            answers.append(connection.getresponse().read().decode())
        connection.close()
        return answers

    def told(self, part: str) -> str:
        """The line of stderr that says so."""
        assert self.process.stderr is not None
        return next(line for line in self.process.stderr if part in line)

    def end(self, number: signal.Signals = signal.SIGTERM) -> Ran:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=DEADLINE)
        return Ran(self.process.returncode, out, err)


@contextmanager
def running(*words: str) -> Iterator[Running]:
    made = Running(*words)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.communicate()


def backends(ports: list[int], *weights: int) -> list[str]:
    told = weights or [1] * len(ports)
    pairs = zip(ports, told, strict=True)
    return [word for port, weight in pairs for word in ("--backend", f"localhost:{port}={weight}")]


def test_requests_of_one_connection_spread_at_layer_7() -> None:
    with sites(2) as ports, running(*backends(ports, 2, 1)) as balancer:
        assert balancer.first.startswith("http://127.0.0.1:")
        one, two = map(str, ports)
        assert sorted(balancer.get(9)) == sorted([one] * 6 + [two] * 3)
        ran = balancer.end()
    assert ran.code == 0
    assert "draining" in ran.err
    assert "Requests: 9, by roundrobin at layer 7" in " ".join(ran.out.split())
    assert "66.7 %" in ran.out


def test_a_client_with_a_cookie_stays_at_its_backend() -> None:
    with sites(3) as ports, running("--sticky", "at", *backends(ports)) as balancer:
        connection = http.client.HTTPConnection(balancer.host, balancer.port, timeout=DEADLINE)
        connection.request("GET", "/")
        first = connection.getresponse()
        cookie, at = str(first.getheader("Set-Cookie")).partition(";")[0], first.read()
        for _ in range(5):
            connection.request("GET", "/", headers={"Cookie": cookie})
            assert connection.getresponse().read() == at
        connection.close()
        assert balancer.end().code == 0
    assert cookie.startswith("at=")


def test_a_key_of_the_request_decides_where_it_goes() -> None:
    with sites(3) as ports:
        words = ("--algorithm", "maglev", "--key", "header:X-User")
        with running(*words, *backends(ports)) as balancer:
            connection = http.client.HTTPConnection(balancer.host, balancer.port, timeout=DEADLINE)
            met: dict[str, set[bytes]] = {}
            for user in ["ann", "ben", "eve", "joe", "kim", "lee", "max", "zoe"] * 3:
                connection.request("GET", "/", headers={"X-User": user})
                met.setdefault(user, set()).add(connection.getresponse().read())
            connection.close()
            assert balancer.end().code == 0
    assert {len(each) for each in met.values()} == {1}
    assert len(set.union(*met.values())) > 1


def test_https_ends_at_layer_7(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    chain = authority.issue(("localhost",))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(chain.pem)
    key.write_bytes(chain.leaf.key_pem)
    words = ("--tls-cert", str(cert), "--tls-key", str(key))
    with sites(1) as ports, running(*words, *backends(ports)) as balancer:
        assert balancer.first.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(authority.ca_file))
        connection = http.client.HTTPSConnection("localhost", balancer.port, context=context)
        connection.request("GET", "/")
        assert connection.getresponse().read() == str(ports[0]).encode()
        connection.close()
        assert balancer.end().code == 0


@contextmanager
def echoes() -> Iterator[list[int]]:
    """One WebSocket server that says again what it hears."""

    def echo(connection: ServerConnection) -> None:
        for message in connection:
            connection.send(message)

    with serve(echo, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield [server.socket.getsockname()[1]]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("layer", ["7", "4"])
def test_a_websocket_passes_through_and_is_cut_when_the_time_to_drain_is_over(layer: str) -> None:
    words = ("--layer", layer, "--drain-timeout", "50ms", "--json")
    with (
        echoes() as ports,
        running(*words, *backends(ports)) as balancer,
        connect(f"ws://{balancer.host}:{balancer.port}/", proxy=None) as client,
    ):
        for text in ("hello", "x" * 300_000):
            client.send(text)
            assert client.recv(timeout=DEADLINE) == text
        ran = balancer.end()
        with pytest.raises(ConnectionClosedError):
            client.recv(timeout=DEADLINE)
    assert ran.code == 0
    facts = {(one["step"], one["name"]): one["value"] for one in ran.records("fact")}
    step = "lb.total.roundrobin"
    assert facts[step, "lb.connections"] == 1
    assert (facts[step, "lb.errors"], facts[step, "lb.timeouts"]) == (0, 0)


def test_a_websocket_passes_under_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    chain = authority.issue(("localhost",))
    both = tmp_path / "both.pem"
    both.write_bytes(chain.pem + chain.leaf.key_pem)
    words = ("--tls-cert", str(both), "--tls-key", str(both))
    context = ssl.create_default_context(cafile=str(authority.ca_file))
    with echoes() as ports, running(*words, *backends(ports)) as balancer:
        with connect(f"wss://localhost:{balancer.port}/", ssl=context, proxy=None) as client:
            client.send("hello")
            assert client.recv(timeout=DEADLINE) == "hello"
        assert balancer.end().code == 0


def test_a_connection_stays_where_it_is_at_layer_4_and_the_recording_says_so() -> None:
    with sites(2) as ports, running("--layer", "4", "--json", *backends(ports)) as balancer:
        assert balancer.first.startswith("tcp://127.0.0.1:")
        assert len(set(balancer.get(10))) == 1
        ran = balancer.end(signal.SIGINT)
    assert ran.code == 0
    facts = {(one["step"], one["name"]): one["value"] for one in ran.records("fact")}
    assert facts["lb.run", "lb.layer"] == 4
    assert facts["lb.run", "lb.picked"] == 1
    assert {facts[f"lb.backend.b{n}", "lb.connections"] for n in (1, 2)} == {0, 1}
    assert {facts[f"lb.backend.b{n}", "lb.share"] for n in (1, 2)} == {0.0, 100.0}


def test_what_is_saved_is_what_is_shown(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    words = ("--save", str(kept), "--brief")
    with sites(1) as ports, running(*words, *backends(ports)) as balancer:
        balancer.get(1)
        ran = balancer.end()
    assert ran.code == 0
    assert netlab("replay", str(kept), "--brief").out in ran.out


def test_a_backend_that_dies_is_told_of_and_what_it_did_not_do_is_asked_of_another() -> None:
    with sites(1) as ports, socket.create_server(("127.0.0.1", 0)) as dead:
        gone = dead.getsockname()[1]
        words = backends([gone, *ports])
        with running("--passive", "1", *words) as balancer:
            dead.close()
            assert set(balancer.get(4)) == {str(ports[0])}
            assert "b1 is down: 1 failure in a row" in balancer.told("is down")
            assert "GET /: b1 failed, asked b2 instead" in balancer.told("asked b2")
            ran = balancer.end()
    assert ran.code == 0
    assert "Asked for again: 1; lost: 0;" in " ".join(ran.out.split())


def test_active_checks_take_out_who_is_not_well() -> None:
    with sites(1) as ports, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        words = backends([nobody.getsockname()[1], *ports])
        checks = ("--check", "/", "--check-every", "20ms", "--fall", "2")
        with running(*checks, *words) as balancer:
            said = balancer.told("is down")
            assert "b1 is down: 2 failed checks in a row" in said
            assert balancer.end().code == 0


def test_a_second_signal_does_not_wait() -> None:
    words = ("--layer", "4", "--drain-timeout", "1m")
    with (
        sites(1) as ports,
        running(*words, *backends(ports)) as balancer,
        socket.create_connection((balancer.host, balancer.port)) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        balancer.process.send_signal(signal.SIGTERM)
        balancer.told("draining")
        ran = balancer.end()
    assert ran.code == 0
    assert "Connections: 1, by" in " ".join(ran.out.split())


ONE = ("--backend", "127.0.0.1:9001")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "--backend"),
        (("--backend", "9001"), 2, "not a server"),
        (("--backend", "127.0.0.1:9001=x"), 2, "not a server"),
        (("--backend", "127.0.0.1:9001=0"), 2, "1 to 256"),
        (("--backend", "127.0.0.1:90010"), 2, "not a server"),
        (("--backend", "::1:9001"), 2, "[::1]:9001"),
        ((*ONE, "--listen", "nobody.invalid:0"), 3, "no address to listen on"),
        (("--backend", "nobody.invalid:80"), 3, "has no address"),
        ((*ONE, "--listen", "8080"), 2, "--listen"),
        ((*ONE, "--listen", "192.0.2.1:0"), 4, "Nobody can listen"),
        ((*ONE, "--check", "health"), 2, "--check health"),
        ((*ONE, "--key", "colour"), 2, "hash by"),
        ((*ONE, "--layer", "4", "--sticky", "id"), 2, "needs layer 7"),
        ((*ONE, "--proxy-protocol"), 2, "needs layer 4"),
        ((*ONE, "--idle-timeout", "soon"), 2, "--idle-timeout soon"),
        ((*ONE, "--tls-cert", "/nowhere.pem"), 2, "belong together"),
        ((*ONE, "--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.pem"), 8, "cannot be used"),
    ],
)
def test_what_makes_no_sense_is_told_in_words(words: tuple[str, ...], code: int, says: str) -> None:
    ran = netlab("lb", "run", *words)
    assert ran.code == code
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_every_algorithm_is_printed_as_it_is() -> None:
    listed = netlab("lb", "source", width=60).out.splitlines()
    assert max(map(len, listed)) <= 60
    # A name stands one column in, and the rest of its sentence further.
    assert [row.split()[0] for row in listed[:-1] if row and row[1] != " "] == list(NAMES)
    ran = netlab("lb", "source", "leastconn")
    assert ran.out.startswith("# netlab/balance/algorithms/leastconn.py")
    assert "# Builds on:  netlab lb source roundrobin" in ran.out
    path = Path(__file__).parents[2] / "netlab/balance/algorithms/leastconn.py"
    assert ran.out.endswith(path.read_text(encoding="utf-8"))
    compile(ran.out, "leastconn", "exec")


def test_an_algorithm_that_is_not_there() -> None:
    ran = netlab("lb", "source", "leastcon")
    assert ran.code == 2
    assert "did you mean leastconn?" in ran.err
