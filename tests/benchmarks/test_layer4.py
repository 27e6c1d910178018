"""Layer 4 beside HAProxy in TCP mode: one run, A B A B …, medians of the ratios.

The load is compiled (load.c): one in Python would be the slowest of all, and hide the difference.
Both balancers have one thread; one echo server and one client share the machine with them.
"""

import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.benchmarks.rounds import within
from tests.witness import find, need

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]

RUNS = 5
SECONDS = 1.5
BUSY, CHURNING = 64, 32
BULK_RATIO, ECHO_RATIO, CHURN_RATIO, CPU_RATIO = 1.0, 0.7, 0.25, 1.3

CONFIG = """\
global
  maxconn 4000
  nbthread 1
defaults
  mode tcp
  timeout connect 3s
  timeout client 60s
  timeout server 60s
listen echo
  bind 127.0.0.1:{echo} backlog 4096
  server b1 127.0.0.1:{target}
listen source
  bind 127.0.0.1:{source} backlog 4096
  server b1 127.0.0.1:{bulk}
"""


@dataclass(frozen=True, slots=True)
class Way:
    """A balancer's process, and its two ports."""

    pid: int
    echo: int
    source: int
    second: int = 0

    def cpu(self) -> float:
        """Seconds on a processor."""
        return sum(_cpu(pid) for pid in (self.pid, self.second) if pid)


def _cpu(pid: int) -> float:
    """Of all its threads; in nanoseconds there, where /proc/PID/stat has whole ticks."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text().split()[0]) for each in tasks) / 1e9


@dataclass(frozen=True, slots=True)
class Bench:
    load: Path
    ours: Way
    haproxy: Way

    def run(self, *words: object) -> float:
        command = [str(self.load), *map(str, words)]
        return float(subprocess.check_output(command, text=True, timeout=30))

    def beside(self, load: Callable[[Way], float]) -> tuple[float, float, str]:
        """The medians of ours by HAProxy's: what was done, and CPU time for each piece of it."""
        done, cost, figures = [], [], ""
        for _ in range(RUNS + 1):
            pair = [self.measured(load, way) for way in (self.ours, self.haproxy)]
            done.append(pair[0][0] / pair[1][0])
            cost.append(pair[0][1] / pair[1][1])
            figures = ", ".join(f"{did:.4g}/s" for did, _ in pair)
        return statistics.median(done[1:]), statistics.median(cost[1:]), figures

    def measured(self, load: Callable[[Way], float], way: Way) -> tuple[float, float]:
        before, start = way.cpu(), time.perf_counter()
        rate = load(way)
        return rate, (way.cpu() - before) / (rate * (time.perf_counter() - start))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    need("haproxy", "gcc")
    home = tmp_path_factory.mktemp("layer4")
    load = home / "load"
    source = Path(__file__).with_name("load.c")
    subprocess.run([str(find("gcc")), "-O2", "-o", str(load), str(source)], check=True)
    with started([str(load), "serve"]) as servers:
        assert servers.stdout is not None
        echo, bulk = (int(servers.stdout.readline()) for _ in range(2))
        with ours(echo) as one, ours(bulk) as two, haproxy(home, echo, bulk) as other:
            yield Bench(load, Way(one[0], one[1], two[1], two[0]), other)


@contextmanager
def started(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextmanager
def ours(port: int) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "netlab", "lb", "run", "--layer", "4"]
    with started([*command, "--backend", f"127.0.0.1:{port}"]) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline().rpartition(":")[2])


@contextmanager
def haproxy(home: Path, echo: int, bulk: int) -> Iterator[Way]:

    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as two,
    ):
        ports = [each.getsockname()[1] for each in (one, two)]
    config = home / "haproxy.cfg"
    config.write_text(CONFIG.format(echo=ports[0], source=ports[1], target=echo, bulk=bulk))
    with started([str(find("haproxy")), "-db", "-f", str(config)]) as process:
        for port in ports:
            deadline = time.monotonic() + 10
            with socket.socket() as probe:
                while probe.connect_ex(("127.0.0.1", port)) and time.monotonic() < deadline:
                    time.sleep(0.01)
        yield Way(process.pid, ports[0], ports[1])


def test_bulk(bench: Bench) -> None:
    def measure() -> dict[str, bool]:
        part, cpu, figures = bench.beside(lambda way: bench.run("bulk", way.source))
        print(f"bulk: {figures}; throughput {part:.2f} of HAProxy's, CPU an octet {cpu:.2f}")
        return {f"throughput {part:.2f}": part >= BULK_RATIO}

    within(measure)


def test_busy_connections_and_the_cost_of_a_request(bench: Bench) -> None:
    def measure() -> dict[str, bool]:
        part, cpu, figures = bench.beside(lambda way: bench.run("echo", way.echo, BUSY, SECONDS))
        print(f"echo: {figures}; throughput {part:.2f} of HAProxy's, CPU a request {cpu:.2f}")
        return {
            f"throughput {part:.2f}": part >= ECHO_RATIO,
            f"CPU a request {cpu:.2f}": cpu <= CPU_RATIO,
        }

    within(measure)


def test_churn(bench: Bench) -> None:
    def measure() -> dict[str, bool]:
        part, cpu, figures = bench.beside(
            lambda way: bench.run("churn", way.echo, CHURNING, SECONDS)
        )
        print(f"churn: {figures}; throughput {part:.2f} of HAProxy's, CPU a connection {cpu:.2f}")
        return {f"throughput {part:.2f}": part >= CHURN_RATIO}

    within(measure)
