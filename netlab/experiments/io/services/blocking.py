"""Blocking, one client after another: whoever comes second waits until the first has gone."""

import contextlib
import socket

READ = 4096


def serve(listener: socket.socket, workers: int) -> None:
    while True:
        sock, _ = listener.accept()  # sleeps until somebody comes
        echo(sock)  # and here nobody else is looked after


def echo(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, contextlib.suppress(OSError):
        while octets := sock.recv(READ):  # sleeps until this client says something
            sock.sendall(octets)
