"""A pool of threads: as many clients as there are workers; the next one waits in the queue."""

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
        while octets := sock.recv(READ):  # an idle client keeps its worker all the same
            sock.sendall(octets)
