"""Layer 7 and programs that are not ours: curl and Node before it, HAProxy and nginx beside it."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tests.balance.http.place import Answer, Place, answering, rest
from tests.balance.http.test_refused import CASES, HIDDEN
from tests.witness import find, need

pytestmark = pytest.mark.witness

BOTH = (
    "two spaces, §3", "a method of 33 octets, §3", "two empty lines before it, §2.2",
    "an octet that no URI holds, RFC 3986 §2", "another scheme, §3.2.2",
    "user information in Host, §3.2", "a port beyond the last, §3.2", "a bare LF in the head, §2.2",
    "bare LFs alone, §2.2", "DEL in a value, RFC 9110 §5.5", "a space behind the size, §7.1",
    "a bare LF behind the size, §7.1", "a bare LF behind the data, §7.1",
    "an extension without a name, §7.1.1", "a bare LF in a trailer, §2.2",
    "framing as a connection option, RFC 9110 §7.6.1",
)  # fmt: skip
"""What HAProxy 2.6 and nginx 1.22 let through, both of them, and we refuse."""

LENIENT = {
    "haproxy": (
        *BOTH, "both framings, §6.1", "both framings the other way round, §6.1",
        "the same length twice, §6.3", "two Hosts, §3.2", "two hosts in one, §3.2",
        "an empty Host, RFC 9110 §4.2.1", "a folded line, §5.2", "HTTP/3.0, RFC 9110 §15.6.6",
        "user information, RFC 9110 §4.2.4",
    ),
    "nginx": (
        *BOTH, "another host, §3.2", "a space at the end, §3", "two digits, §2.3",
        "a fragment, §3.2", "no colon, §5", "101 fields, RFC 6585 §5",
        "a trailer without a colon, §7.1.2",
    ),
}  # fmt: skip

HAPROXY = """
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend front
  bind 127.0.0.1:{port}
  default_backend back
backend back
  server b1 127.0.0.1:{backend}
"""

NGINX = """
daemon off;
error_log {folder}/error.log crit;
pid {folder}/pid;
worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{backend}; proxy_http_version 1.1; }}
  }}
}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def engine(name: str, backend: int, folder: Path) -> Iterator[int]:
    """The program as a proxy before this backend: its port."""
    need(name)
    port = free_port()
    made = {"haproxy": HAPROXY, "nginx": NGINX}[name]
    path = folder / f"{name}.conf"
    path.write_text(made.format(port=port, backend=backend, folder=folder))
    options = {
        "haproxy": ["-q", "-db", "-f", str(path)],
        "nginx": ["-p", str(folder), "-e", f"{folder}/first.log", "-c", str(path)],
    }
    command = [str(find(name)), *options[name]]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        listening(port)
        yield port
    finally:
        running.terminate()
        running.wait(10)


def listening(port: int) -> None:
    """Until it takes connections."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5).close()
            return
        os.sched_yield()
    raise AssertionError("it does not listen")


LAST = HIDDEN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("name", ["haproxy", "nginx"])
def test_what_other_proxies_let_through_is_refused_here(name: str, tmp_path: Path) -> None:
    """The same octets to both: there a backend gets a request out of them, here none does."""
    with Place() as behind, Place() as place, engine(name, behind.backend.port, tmp_path) as port:
        behind.lax = True
        passed = []
        for case in LENIENT[name]:
            status, octets = CASES[case]
            behind.backend.octets = b""
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                sock.sendall(octets + LAST)
                rest(sock)
            if behind.backend.octets:
                passed.append(case)
            assert Answer.of(place.ask(octets + LAST)).status == status
        assert passed == list(LENIENT[name])
        assert place.backend.connections == 0


def test_curl_sees_nothing_of_a_proxy_but_its_name() -> None:
    need("curl")
    with Place() as place:
        url = f"http://127.0.0.1:{place.address[1]}/a"
        done = subprocess.run(
            ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "10", "-d", "x=1", "-w",
             "%{json}\n", "-o", "/dev/null", url, "--next", "-q", "-sS", "--noproxy", "*",
             "-T", "-", "-w", "%{json}\n", "-o", "/dev/null", url],
            input=b"from a pipe" * 10_000, capture_output=True, timeout=20, check=True,
        )  # fmt: skip
        told = [json.loads(line) for line in done.stdout.splitlines()]
        assert [each["response_code"] for each in told] == [200, 200]
        assert [each["num_connects"] for each in told] == [1, 0], "the connection is kept"
        first, second = place.backend.requests
        assert (first.method, first.body) == (b"POST", b"x=1")
        assert (second.method, second.body) == (b"PUT", b"from a pipe" * 10_000)
        assert second.first(b"transfer-encoding") == b"chunked"


NODE = """
const http = require('http');
const agent = new http.Agent({keepAlive: true, maxSockets: 4});
let open = 40, ok = 0;
for (let n = 0; n < 40; n++) {
  const ask = http.request({host: '127.0.0.1', port: +process.argv[1], path: '/' + n, agent,
    method: n % 2 ? 'POST' : 'GET', headers: n % 2 ? {'Trailer': 'X-End'} : {}}, (answer) => {
    let text = '';
    answer.on('data', (piece) => { text += piece; });
    answer.on('end', () => {
      if (answer.statusCode === 200 && text === '/' + n && answer.trailers['x-end'] === 'yes') ok++;
      if (--open === 0) { agent.destroy(); console.log(ok); }
    });
  });
  if (n % 2) { ask.write('half'); ask.addTrailers({'X-End': 'yes'}); }
  ask.end();
}
"""


def test_node_keeps_its_connections_and_gets_its_trailers() -> None:
    need("node")

    def echo(_: object, request: object) -> bytes:
        target = cast(bytes, getattr(request, "target", b""))
        return (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-End\r\n\r\n"
            b"%x\r\n%b\r\n0\r\nX-End: yes\r\n\r\n" % (len(target), target)
        )

    with Place(answering(echo), answering(echo)) as place:
        done = subprocess.run(
            ["node", "-e", NODE, str(place.address[1])],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert (done.stdout, done.stderr) == ("40\n", "")
        posts = [r for b in place.backends for r in b.requests if r.method == b"POST"]
        assert len(posts) == 20
        assert all(request.trailers == [(b"x-end", b"yes")] for request in posts)
        assert len(place.backends[0].requests) == len(place.backends[1].requests) == 20


def test_nginx_as_a_backend_keeps_its_connection_and_may_go(tmp_path: Path) -> None:
    """A server that is not ours behind the balancer: its own headers, its own keep-alive."""
    need("nginx")
    with (
        Place() as inner,
        engine("nginx", inner.backend.port, tmp_path) as port,
        Place() as outer,
    ):
        outer.pool.backends[0].port = port
        for _ in range(3):
            answer = outer.get("/", "X-Forwarded-For: 198.51.100.7")
            assert (answer.status, answer.body) == (200, b"b1")
            assert re.match("nginx", answer.first("server") or "")
        assert {r.first(b"x-forwarded-for") for r in inner.backend.requests} == {b"127.0.0.1"}
