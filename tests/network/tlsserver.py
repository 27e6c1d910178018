"""A TLS server for tests, on loopback, in a thread of its own: certificates good and broken."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from netlab.lab.authority import Authority, Credentials

HOST = "www.example.org"
PATIENCE = 10.0
"""Seconds after which a server that is not spoken to gives up, so that no test hangs."""

Talk = Callable[[socket.socket], None]


def context_for(credentials: Credentials, directory: Path) -> ssl.SSLContext:
    file = directory / "server.pem"
    file.write_bytes(credentials.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def echo(sock: socket.socket) -> None:
    """Send back whatever comes, until nothing more does."""
    while data := sock.recv(4096):
        sock.sendall(data)


def over_tls(context: ssl.SSLContext, talk: Talk = echo) -> Talk:
    """The same talk, inside TLS."""

    def shake(sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(sock, server_side=True) as secured:
            talk(secured)

    return shake


@contextlib.contextmanager
def serving(talk: Talk) -> Iterator[tuple[str, int]]:
    """Serve each connection with `talk`; answers the address to dial."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def one(sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            sock.settimeout(PATIENCE)
            talk(sock)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threads.append(threading.Thread(target=one, args=(sock,)))
                threads[-1].start()

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(PATIENCE)
        for thread in threads:
            thread.join(PATIENCE)


@contextlib.contextmanager
def tls_server(
    authority: Authority, credentials: Credentials, talk: Talk = echo
) -> Iterator[tuple[str, int]]:
    with serving(over_tls(context_for(credentials, authority.directory), talk)) as address:
        yield address
