"""A thread apiece: the kernel wakes the one whose client has spoken."""

import contextlib
import socket
import threading

READ = 4096


def serve(listener: socket.socket, workers: int) -> None:
    while True:
        sock, _ = listener.accept()
        threading.Thread(target=echo, args=(sock,), daemon=True).start()


def echo(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, contextlib.suppress(OSError):
        while octets := sock.recv(READ):  # only this thread sleeps
            sock.sendall(octets)
