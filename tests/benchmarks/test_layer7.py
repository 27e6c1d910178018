"""Layer 7's speed on kept connections, beside a plain proxy on aiohttp in the same run."""

import contextlib
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.benchmarks.rounds import within

pytestmark = pytest.mark.benchmark

REQUESTS = 1500
CLIENTS = 4
DEPTH = 10
"""Requests pipelined, so that the client's own work does not decide."""
RUNS = 5
RATIO = 1.2
"""At least so many times aiohttp's requests per second."""

BACKEND = """
import asyncio
class Talk(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.heard = transport, b""
    def data_received(self, data):
        self.heard += data
        while b"\\r\\n\\r\\n" in self.heard:
            self.heard = self.heard.partition(b"\\r\\n\\r\\n")[2]
            self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
async def main():
    server = await asyncio.get_running_loop().create_server(Talk, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""

OURS = """
import asyncio, socket, sys
from netlab.balance.http.proxy import serve_http
from netlab.balance.pool import Pool
from netlab.balance.settings import Server, Settings
async def main():
    settings = Settings((Server("b1", "127.0.0.1", int(sys.argv[1])),))
    listener = socket.create_server(settings.listen)
    print(listener.getsockname()[1], flush=True)
    pool = Pool.of(settings, lambda event: None)
    await serve_http(settings, pool, listener, asyncio.Event())
asyncio.run(main())
"""

AIOHTTP = """
import asyncio, sys
from aiohttp import ClientSession, web
async def main():
    async with ClientSession() as session:
        async def pass_on(request):
            url = f"http://127.0.0.1:{sys.argv[1]}{request.rel_url}"
            async with session.request(request.method, url, headers=request.headers) as answer:
                return web.Response(status=answer.status, body=await answer.read())
        runner = web.ServerRunner(web.Server(pass_on))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(site._server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@contextlib.contextmanager
def child(*arguments: str) -> Iterator[str]:
    """A Python process that tells one line when it is ready."""
    running = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert running.stdout is not None
    try:
        yield running.stdout.readline().strip()
    finally:
        running.kill()
        running.communicate()


def requests_a_second(port: int) -> float:
    """A closed loop of a few clients, each on one kept connection, pipelining."""

    def ask() -> None:
        octets = b"GET /a HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(REQUESTS // DEPTH):
                sock.sendall(octets * DEPTH)
                heard = b""
                while heard.count(b"hello") < DEPTH:
                    heard += sock.recv(65_536)

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return CLIENTS * REQUESTS / (time.perf_counter() - start)


def test_requests_a_second_beside_aiohttp() -> None:
    with (
        child("-c", BACKEND) as backend,
        child("-c", OURS, backend) as ours,
        child("-c", AIOHTTP, backend) as peer,
    ):
        ports = int(ours), int(peer)

        def measure() -> dict[str, bool]:
            pairs = [[requests_a_second(port) for port in ports] for _ in range(RUNS + 1)][1:]
            mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
            part = statistics.median(a / b for a, b in pairs)
            print(f"layer 7 {mine:.0f} requests/s, aiohttp {theirs:.0f}, ratio {part:.2f}")
            return {f"ratio {part:.2f}": part >= RATIO}

        within(measure)
