"""Every faulty site does what the catalogue says of it: raw octets, read off the connection."""

import asyncio
import socket
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from netlab.lab import Lab
from netlab.lab.reach import web_at
from netlab.lab.sitefaults import GIB, drip, mebibyte_of_spaces
from netlab.lab.sites import SITES, site_of
from netlab.lab.webmessage import Request


def dialled(lab: Lab, name: str) -> tuple[str, int]:
    host = next(host for host in lab.directory.hosts if host.name == name)
    found = web_at(lab.directory, host)
    assert found is not None
    return found


@contextmanager
def asked(lab: Lab, kind: str) -> Iterator[ssl.SSLSocket]:
    """A connection to a broken host over which GET / has been sent."""
    name = f"{kind}.broken.example.org"
    context = ssl.create_default_context(cafile=lab.directory.ca_file)
    with (
        socket.create_connection(dialled(lab, name), 5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        secured.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        yield secured


def read(connection: ssl.SSLSocket, limit: int) -> bytes:
    """What comes until the end, or until there is this much of it."""
    data = b""
    try:
        while len(data) < limit and (more := connection.recv(65536)):
            data += more
    except ssl.SSLEOFError:
        return data  # closed without close_notify
    return data


def whole(lab: Lab, kind: str, limit: int = 1 << 21) -> tuple[bytes, bytes]:
    with asked(lab, kind) as connection:
        head, _, body = read(connection, limit).partition(b"\r\n\r\n")
        return head, body


def test_a_redirect_to_itself(lab: Lab) -> None:
    head, _ = whole(lab, "redirect-loop", 1)
    assert head.startswith(b"HTTP/1.1 302 ")
    assert b"Location: https://redirect-loop.broken.example.org/\r\n" in head


@pytest.mark.parametrize("kind", ["endless", "oversized"])
def test_bodies_without_end(lab: Lab, kind: str) -> None:
    head, body = whole(lab, kind)
    assert len(body) > 1 << 20
    assert (b"Content-Length: %d" % (8 * GIB) in head) == (kind == "oversized")
    assert (b"Transfer-Encoding: chunked" in head) == (kind == "endless")


def test_a_slow_drip(lab: Lab) -> None:
    with asked(lab, "slow-drip") as connection:
        data = b""
        while not data.partition(b"\r\n\r\n")[2]:
            data += connection.recv(4096)
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
    assert data.endswith(b"\r\n\r\n.")
    assert b"Content-Length: 3600" in data


def test_a_drip_is_as_long_as_announced() -> None:
    async def drops() -> int:
        return len([octet async for octet in drip(7, 0)])

    assert asyncio.run(drops()) == 7


def test_garbage_is_not_http(lab: Lab) -> None:
    with asked(lab, "garbage") as connection:
        data = read(connection, 1 << 16)
    assert b"not HTTP" in data
    assert not data.startswith(b"HTTP/")


def test_control_characters_in_every_text(lab: Lab) -> None:
    head, body = whole(lab, "control-characters")
    status, *fields = head.split(b"\r\n")
    assert b"\x1b[31m" in status
    for name in (b"server", b"x-title", b"set-cookie", b"etag"):
        assert any(field.startswith(name + b": ") and b"\x1b" in field for field in fields), name
    assert b"<title>\x1b]0;owned\x07" in body
    assert b"\xc2\x9b" in body


def test_markup_in_every_text(lab: Lab) -> None:
    head, body = whole(lab, "markup", 1)
    assert head.startswith(b"HTTP/1.1 200 [red]OK[/red]")
    assert b"Server: [bold red]nginx[/bold red]" in head
    assert b"[link=https://evil.example]click[/link]" in head
    assert b"<title>[bold red]" in body


@pytest.mark.parametrize("kind", ["silent-http"])
def test_silence(lab: Lab, kind: str) -> None:
    with asked(lab, kind) as connection:
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_cut_in_the_middle(lab: Lab) -> None:
    head, body = whole(lab, "cut")
    length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
    assert 0 < len(body) < length


def test_a_bomb_inflates_a_thousandfold(lab: Lab) -> None:
    """Its pieces are the same over and over; two of them are enough to see the rate."""
    head, _ = whole(lab, "bomb", 1)
    assert b"Content-Encoding: gzip" in head
    first, piece = mebibyte_of_spaces()
    unpacked = zlib.decompressobj(31)
    assert unpacked.decompress(first).startswith(b"<!doctype html>")
    assert [len(unpacked.decompress(piece)) for _ in range(2)] == [1 << 20] * 2
    assert len(piece) < (1 << 20) / 900


def test_an_error(lab: Lab) -> None:
    head, _ = whole(lab, "error", 1)
    assert head.startswith(b"HTTP/1.1 500 ")


def test_header_fields_beyond_every_limit(lab: Lab) -> None:
    head, _ = whole(lab, "huge-headers", (1 << 20) + 1)
    assert len(head) > 1 << 20


def test_tls_that_is_refused(lab: Lab) -> None:
    with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"), asked(lab, "handshake-failure"):
        pytest.fail("the handshake went through")


def test_plain_http_where_tls_is_due(lab: Lab) -> None:
    with (
        pytest.raises(ssl.SSLError, match=r"WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE"),
        asked(lab, "plain-http"),
    ):
        pytest.fail("the handshake went through")


def test_tls_that_says_nothing(lab: Lab) -> None:
    name = "silent-tls.broken.example.org"
    context = ssl.create_default_context(cafile=lab.directory.ca_file)
    with socket.create_connection(dialled(lab, name), 5) as plain:
        plain.settimeout(0.2)
        with pytest.raises(TimeoutError):
            context.wrap_socket(plain, server_hostname=name)


def test_every_host_of_the_catalogue_has_its_site(lab: Lab) -> None:
    assert {host.site for host in lab.directory.hosts} == set(SITES)
    for host in lab.directory.hosts:
        assert site_of(host).alpn


def test_a_bare_name_leads_to_its_target() -> None:
    from netlab.lab.catalogue import HOSTS

    host = next(host for host in HOSTS if host.name == "google.com")
    response = asyncio.run(site_of(host).answer(Request("GET", "https", "google.com", "/maps?q=x")))
    assert dict(response.headers)[b"location"] == b"https://www.google.com/maps?q=x"
