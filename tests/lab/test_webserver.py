"""The web servers as curl and the ssl module see them, and the journal beside it."""

import json
import shutil
import socket
import ssl
import subprocess
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from netlab.lab import Lab
from netlab.lab.reach import web_at
from netlab.lab.service import Entry
from netlab.lab.webmessage import host_of

curl_only = [
    pytest.mark.witness,
    pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed"),
]


def dialled(lab: Lab, name: str, port: int = 443) -> tuple[str, int]:
    host = next(host for host in lab.directory.hosts if host.name == name)
    if port == 443:
        found = web_at(lab.directory, host)
    else:
        found = lab.directory.dialled("tcp", host.v4[0], port)
    assert found is not None
    return found


def curl(lab: Lab, url: str, *options: str, also: tuple[tuple[str, int], ...] = ()) -> Any:
    """curl's own account of a transfer (its --write-out variables), with headers and body."""
    parts = urlsplit(url)
    own = (host_of(parts.netloc), parts.port or {"http": 80, "https": 443}[parts.scheme])
    line = ["curl", "-q", "-sS", "--noproxy", "*", "--max-time", "10", "-i"]
    for name, port in (own, *also):
        address, real = dialled(lab, name, port)
        line += ["--connect-to", f"{name}:{port}:{address}:{real}"]
    line += ["--cacert", lab.directory.ca_file, "-w", "\n%{stderr}%{json}", *options, url]
    began = perf_counter()
    done = subprocess.run(line, capture_output=True, timeout=30)
    told = json.loads(done.stderr[done.stderr.rindex(b'{"') :] if b'{"' in done.stderr else b"{}")
    return told | {"out": done.stdout, "exit": done.returncode, "began": began}


def journal(lab: Lab, transfer: Any, event: str) -> list[Entry]:
    """What the lab told about the connection of this transfer: its port had others before."""
    lab.sync()
    return [
        entry
        for entry in lab.entries()
        if entry.peer_port == transfer["local_port"]
        and entry.event == event
        and entry.at >= transfer["began"]
    ]


class TestCurl:
    pytestmark = curl_only

    @pytest.mark.parametrize(("option", "version"), [("--http1.1", "1.1"), ("--http2", "2")])
    def test_a_page_in_either_version(self, lab: Lab, option: str, version: str) -> None:
        seen = curl(lab, "https://www.google.com/", option)
        assert (seen["exit"], seen["http_code"], seen["http_version"]) == (0, 200, version)
        assert seen["ssl_verify_result"] == 0
        assert b"<title>Search</title>" in seen["out"]
        (request,) = journal(lab, seen, "request")
        assert request.service == "web:www.google.com"
        assert (request.detail["path"], request.detail["version"]) == ("/", version)
        assert (request.detail["status"], request.detail["method"]) == (200, "GET")

    @pytest.mark.parametrize("option", ["--http1.1", "--http2"])
    def test_head_has_a_length_and_no_body(self, lab: Lab, option: str) -> None:
        seen = curl(lab, "https://www.google.com/", option, "-I")
        head, _, body = seen["out"].partition(b"\r\n\r\n")
        assert b"content-length: " in head.lower()
        assert (seen["exit"], body.strip()) == (0, b"")

    @pytest.mark.parametrize("option", ["--http1.1", "--http2"])
    def test_gzip_and_then_not_modified(self, lab: Lab, option: str) -> None:
        first = curl(lab, "https://www.google.com/", option, "--compressed")
        assert b"content-encoding: gzip" in first["out"].lower()
        assert b"<title>Search</title>" in first["out"]
        tag = first["out"].lower().partition(b"etag: ")[2].partition(b"\r\n")[0].decode()
        again = curl(
            lab, "https://www.google.com/", option, "--compressed", "-H", f"If-None-Match: {tag}"
        )
        assert (again["exit"], again["http_code"], again["size_download"]) == (0, 304, 0)

    def test_port_80_leads_to_https_and_the_bare_name_to_www(self, lab: Lab) -> None:
        seen = curl(
            lab, "http://google.com/", "-L", also=(("google.com", 443), ("www.google.com", 443))
        )
        assert (seen["num_redirects"], seen["url_effective"]) == (2, "https://www.google.com/")

    def test_six_hops_over_hosts_ports_and_paths(self, lab: Lab) -> None:
        also = (("redirects.example.org", 8443), ("www.example.com", 443))
        seen = curl(lab, "https://redirects.example.org/", "-L", also=also)
        assert (seen["exit"], seen["num_redirects"], seen["http_code"]) == (0, 6, 200)
        assert seen["url_effective"] == "https://redirects.example.org/page"

    def test_a_stranger_is_misdirected(self, lab: Lab) -> None:
        seen = curl(lab, "https://www.google.com/", "-H", "Host: www.example.com")
        assert seen["http_code"] == 421

    def test_a_connection_is_kept(self, lab: Lab) -> None:
        seen = curl(lab, "https://www.naver.com/", "https://www.naver.com/news.js")
        assert (seen["exit"], len(journal(lab, seen, "request"))) == (0, 2)

    def test_tls_1_2_where_that_is_the_limit(self, lab: Lab) -> None:
        seen = curl(lab, "https://tls12.example.org/")
        (told,) = journal(lab, seen, "tls")
        assert (seen["exit"], told.detail["version"]) == (0, "TLSv1.2")


def shake(
    lab: Lab, name: str, context: ssl.SSLContext, session: ssl.SSLSession | None = None
) -> tuple[bool, ssl.SSLSession | None, int]:
    """One request; whether it resumed, the session with its ticket, and our port."""
    with (
        socket.create_connection(dialled(lab, name), 5) as plain,
        context.wrap_socket(plain, server_hostname=name, session=session) as secured,
    ):
        secured.sendall(f"HEAD / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        while secured.recv(4096):
            pass
        return bool(secured.session_reused), secured.session, secured.getsockname()[1]


@pytest.mark.parametrize("name", ["www.google.com", "tls12.example.org"])
def test_a_second_connection_resumes(lab: Lab, name: str) -> None:
    context = ssl.create_default_context(cafile=lab.directory.ca_file)
    first, session, _ = shake(lab, name, context)
    began = perf_counter()
    second, _, port = shake(lab, name, context, session)
    assert [first, second] == [False, True]
    (told,) = journal(lab, {"local_port": port, "began": began}, "tls")
    assert told.detail["resumed"] is True


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"\x00\x01\x02\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 9999999\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n", b"421"),
        (b"GET https://example.com/x HTTP/1.1\r\nHost: a.example\r\n\r\n", b"301"),
    ],
)
def test_requests_that_are_none(lab: Lab, sent: bytes, status: bytes) -> None:
    """In the clear, on port 80. A body is refused as soon as it is too long, not at its end."""
    with socket.create_connection(dialled(lab, "example.com", 80), 5) as plain:
        plain.sendall(sent)
        if status == b"413":
            plain.sendall(b"x" * (1 << 20) + b"x")
        answer = b""
        while b"\r\n\r\n" not in answer and (data := plain.recv(4096)):
            answer += data
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_a_url_within_a_query_is_no_absolute_form(lab: Lab) -> None:
    dialled = lab.directory.dialled("tcp", "203.0.113.58", 80)
    assert dialled is not None
    with socket.create_connection(dialled, 10) as sock:
        sock.sendall(
            b"GET /say?what=https://other.example/ HTTP/1.1\r\nHost: push.example.com\r\n"
            b"Connection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: sock.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"https://other.example/")
