"""Faults that services are given while they run, as their clients meet them."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived

from netlab.errors import NetlabError
from netlab.lab import Lab

SITE, NAME = "web:www.google.com", "www.google.com"
SERVER, RESOLVER = "ns:ns1.google.com", "resolver"
SHORT = 0.2
"""Seconds after which silence counts as such."""
PAGE = b"<title>Search</title>"


@pytest.fixture(scope="module")
def own() -> Iterator[Lab]:
    """A lab to be rough with: the session's stays as it is."""
    with Lab.start() as lab:
        yield lab


@contextmanager
def faulty(lab: Lab, service: str, kind: str) -> Iterator[None]:
    lab.command("fault", service=service, kind=kind)
    try:
        yield
    finally:
        lab.command("fault", service=service, kind="")


@contextmanager
def connected(lab: Lab, alpn: str = "http/1.1", name: str = NAME) -> Iterator[ssl.SSLSocket]:
    host = next(host for host in lab.directory.hosts if host.name == name)
    dialled = lab.directory.dialled("tcp", host.v4[0], 443)
    assert dialled is not None
    context = ssl.create_default_context(cafile=lab.directory.ca_file)
    context.set_alpn_protocols([alpn])
    with (
        socket.create_connection(dialled, 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        yield secured


def ask(connection: ssl.SSLSocket, name: str = NAME) -> None:
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())


def received(connection: ssl.SSLSocket, until: bytes) -> bytes:
    """What comes until these octets have, or until the end."""
    data = b""
    try:
        while until not in data and (more := connection.recv(65_536)):
            data += more
    except ssl.SSLEOFError:
        return data  # closed without close_notify
    return data


@pytest.mark.parametrize(
    ("kind", "until", "expected"),
    [
        ("error", b"fault of its own.", b"HTTP/1.1 500 "),
        ("garbage", b"not HTTP", b"\x16\x03SSH"),
        ("redirect-loop", b"\r\n\r\n", b"HTTP/1.1 302 "),
        ("markup", b"\r\n\r\n", b"HTTP/1.1 200 [red]OK"),
        ("slow-drip", b"\r\n\r\n.", b"HTTP/1.1 200 OK"),
    ],
)
def test_a_site_faults_and_heals(own: Lab, kind: str, until: bytes, expected: bytes) -> None:
    with faulty(own, SITE, kind), connected(own) as connection:
        ask(connection)
        assert received(connection, until).startswith(expected)
    with connected(own) as connection:
        ask(connection)
        assert PAGE in received(connection, PAGE)


def test_a_site_cuts_its_answers(own: Lab) -> None:
    with faulty(own, SITE, "cut"), connected(own) as connection:
        ask(connection)
        head, _, body = received(connection, b"never sent").partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    assert 0 < len(body) < length


def test_new_requests_alone_meet_it_on_a_connection_that_is_kept(own: Lab) -> None:
    with connected(own) as connection:
        ask(connection)
        assert PAGE in received(connection, b"</html>")
        with faulty(own, SITE, "error"):
            ask(connection)
            assert received(connection, b"of its own.").startswith(b"HTTP/1.1 500 ")
        ask(connection)
        assert received(connection, PAGE).startswith(b"HTTP/1.1 200 OK")


def test_garbage_is_no_http2_either(own: Lab) -> None:
    state = H2Connection(H2Configuration())
    with faulty(own, SITE, "garbage"), connected(own, "h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"
        state.initiate_connection()
        path = [(":method", "GET"), (":scheme", "https"), (":authority", NAME), (":path", "/")]
        state.send_headers(1, path, end_stream=True)
        connection.sendall(state.data_to_send())
        data = received(connection, b"never sent")
    assert b"not HTTP" in data
    assert not [event for event in state.receive_data(data) if isinstance(event, ResponseReceived)]


def test_healing_leaves_a_broken_host_as_the_catalogue_has_it(own: Lab) -> None:
    name = "error.broken.example.org"
    with faulty(own, f"web:{name}", "redirect-loop"), connected(own, name=name) as connection:
        ask(connection, name)
        assert received(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 302 ")
    with connected(own, name=name) as connection:
        ask(connection, name)
        assert received(connection, b"\r\n\r\n").startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("alpn", ["http/1.1", "h2"])
def test_a_silent_site_lets_go_of_a_client_that_leaves(own: Lab, alpn: str) -> None:
    """Its connection has ended by the time the server is stopped, and by the client's doing."""
    with faulty(own, SITE, "silent"):
        with connected(own, alpn) as connection:
            port = connection.getsockname()[1]
            if alpn == "h2":
                state = H2Connection(H2Configuration())
                state.initiate_connection()
                path = [(":method", "GET"), (":scheme", "https"), (":authority", NAME)]
                state.send_headers(1, [*path, (":path", "/")], end_stream=True)
                connection.sendall(state.data_to_send())
            else:
                ask(connection)
            connection.settimeout(SHORT)
            with pytest.raises(TimeoutError):
                received(connection, b"HTTP/1.1")
        with connected(own):  # a later connection: the loop has seen the earlier one's end
            own.sync()
        own.command("stop", service=SITE)
        own.command("start", service=SITE)
    own.sync()
    mine = [entry for entry in own.entries() if entry.peer_port == port]
    assert [entry.event for entry in mine] == ["accepted", "tls", "request", "closed"]
    assert mine[2].detail["status"] is None
    assert mine[3].detail == {"by": "client"}


def test_who_closes_its_half_alone_still_gets_the_answer(own: Lab) -> None:
    """In the clear: a client may say that it has no more to ask, and wait (RFC 9293 3.6)."""
    dialled = own.directory.dialled("tcp", "203.0.113.10", 80)
    assert dialled is not None
    own.command("distance", service=SITE, seconds=0.02)
    with socket.create_connection(dialled, 5) as plain:
        plain.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        plain.shutdown(socket.SHUT_WR)
        answer = b""
        while more := plain.recv(65_536):
            answer += more
    own.command("distance", service=SITE, seconds=0)
    assert answer.startswith(b"HTTP/1.1 301 ")


def query(lab: Lab, address: str, transport: str = "udp") -> dns.message.Message:
    """Ask for the page's address; raises dns.exception.Timeout where nobody answers."""
    dialled = lab.directory.dialled(transport, address, 53)
    assert dialled is not None
    send = dns.query.udp if transport == "udp" else dns.query.tcp
    return send(dns.message.make_query(NAME, "A"), dialled[0], SHORT, dialled[1])


PLACES = pytest.mark.parametrize(
    ("service", "address"), [(RESOLVER, "192.0.2.53"), (SERVER, "198.51.100.129")]
)


@PLACES
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("kind", ["servfail", "refused"])
def test_dns_servers_fail_and_heal(
    own: Lab, service: str, address: str, transport: str, kind: str
) -> None:
    with faulty(own, service, kind):
        response = query(own, address, transport)
        assert dns.rcode.to_text(response.rcode()) == kind.upper()
        assert bool(response.flags & dns.flags.RA) == (service == RESOLVER)
    assert query(own, address, transport).answer
    own.sync()
    outcomes = [
        entry.detail["outcome"]
        for entry in own.entries()
        if entry.service == service and entry.event == "query"
    ]
    assert outcomes[-2:] == [kind, "answer"]


@PLACES
def test_dns_servers_fall_silent_and_heal(own: Lab, service: str, address: str) -> None:
    with faulty(own, service, "silent"), pytest.raises(dns.exception.Timeout):
        query(own, address)
    assert query(own, address).answer


def test_a_lame_server_points_at_the_root(own: Lab) -> None:
    with faulty(own, SERVER, "lame"):
        response = query(own, "198.51.100.129")
    assert not response.answer
    assert response.authority[0].name == dns.name.root


def test_the_journal_tells_the_fault_and_the_healing(own: Lab) -> None:
    before = own.directory
    with faulty(own, SERVER, "refused"):
        own.sync()
        told = own.entries()[-1]
        assert (told.service, told.event, told.detail) == (SERVER, "faulted", {"kind": "refused"})
    own.sync()
    assert own.entries()[-1].detail == {"kind": ""}
    assert own.directory == before


def test_stopping_and_starting_does_not_heal(own: Lab) -> None:
    with faulty(own, SERVER, "refused"):
        own.command("stop", service=SERVER)
        own.command("start", service=SERVER)
        assert dns.rcode.to_text(query(own, "198.51.100.129").rcode()) == "REFUSED"


@pytest.mark.parametrize(
    ("service", "kind", "advice"),
    [
        ("ns:nowhere", "silent", "ns:a.root-servers.net, "),
        (RESOLVER, "lame", "It knows servfail, refused, silent; an empty kind heals."),
        (SITE, "servfail", "It knows redirect-loop, endless, "),
        ("web:refused.broken.example.org", "silent", "It knows none; "),
    ],
)
def test_a_refusal_lists_what_there_is(own: Lab, service: str, kind: str, advice: str) -> None:
    with pytest.raises(NetlabError) as caught:
        own.command("fault", service=service, kind=kind)
    assert advice in caught.value.advice


@pytest.mark.witness
@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize(
    ("option", "kind", "code"),
    [
        ("--http1.1", "silent", 28),  # timed out
        ("--http2", "silent", 28),
        ("--http1.1", "garbage", 1),  # "Received HTTP/0.9 when not allowed"
        ("--http1.1", "cut", 18),  # "transfer closed with outstanding read data remaining"
        ("--http1.1", "error", 22),
        ("--http2", "error", 22),
        ("--http2", "", 0),
    ],
)
def test_curl_meets_the_fault(own: Lab, option: str, kind: str, code: int) -> None:
    dialled = own.directory.dialled("tcp", "203.0.113.10", 443)
    assert dialled is not None
    line = [
        "curl", "-q", "-sS", "-f", "--noproxy", "*", "-m", "0.5" if kind == "silent" else "10",
        option, "--connect-to", f"{NAME}:443:{dialled[0]}:{dialled[1]}",
        "--cacert", own.directory.ca_file, f"https://{NAME}/",
    ]  # fmt: skip
    with faulty(own, SITE, kind):
        done = subprocess.run(line, capture_output=True, timeout=30)
    assert done.returncode == code, done.stderr


@pytest.mark.witness
@pytest.mark.skipif(not shutil.which("dig"), reason="dig is not installed")
@pytest.mark.parametrize(
    ("kind", "said"),
    [("servfail", "status: SERVFAIL"), ("refused", "status: REFUSED"), ("", "203.0.113.10")],
)
def test_dig_meets_the_fault(own: Lab, kind: str, said: str) -> None:
    dialled = own.directory.dialled("udp", *own.directory.resolver)
    assert dialled is not None
    line = ["dig", f"@{dialled[0]}", "-p", str(dialled[1]), "+tries=1", NAME, "A"]
    with faulty(own, RESOLVER, kind):
        done = subprocess.run(line, capture_output=True, text=True, timeout=30)
    assert said in done.stdout
