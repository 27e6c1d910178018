"""Blocking, one client after another: the second waits for the first."""

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
        while octets := sock.recv(READ):  # sleeps until this one speaks
            sock.sendall(octets)
