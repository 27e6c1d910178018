"""A pool of threads: as many clients as workers; the next one waits."""

import contextlib
import queue
import socket
import threading

READ = 4096


def serve(listener: socket.socket, workers: int) -> None:
    accepted: queue.SimpleQueue[socket.socket] = queue.SimpleQueue()
    for _ in range(workers):
        threading.Thread(target=work, args=(accepted,), daemon=True).start()
    while True:
        sock, _ = listener.accept()
        accepted.put(sock)


def work(accepted: "queue.SimpleQueue[socket.socket]") -> None:
    while True:
        echo(accepted.get())


def echo(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with sock, contextlib.suppress(OSError):
        while octets := sock.recv(READ):  # the idle keep their worker too
            sock.sendall(octets)
