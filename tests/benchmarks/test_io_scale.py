"""netlab's echo services beside an epoll echo server in C: CPU per request, the same clients."""

import asyncio
import os
import statistics
import subprocess
from pathlib import Path

import pytest

from netlab.experiments.io.scale_run import Outcome, Wish, perform, processors
from netlab.recording.recorder import Recorder
from netlab.recording.records import Header
from tests.witness import find, give_up

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(240)]

CONNECTIONS = 10_000
ROUNDS = 5
MOST = {"epoll": 1.3, "asyncio-protocol": 1.6, "asyncio-streams": 2.5}
"""Times the C server's CPU per request, at the most."""
WISH = Wish(active=10, seconds=0.5)
SOURCE = Path(__file__).with_name("epoll_echo.c")


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    compiler = find("cc") or find("gcc") or find("clang")
    if compiler is None:
        give_up("no C compiler on this machine")
    assert compiler
    made = tmp_path_factory.mktemp("peer") / "epoll_echo"
    subprocess.run([compiler, "-O2", "-pthread", "-o", made, SOURCE], check=True, timeout=60)
    one, _ = processors()
    return (str(find("taskset")), "-c", str(one), str(made)) if one is not None else (str(made),)


def cpu_per_request(model: str, server: tuple[str, ...] = ()) -> float:
    recorder = Recorder(Header("", (), "benchmark", "loopback", {}))
    outcome = Outcome(model, CONNECTIONS)
    asyncio.run(perform(recorder, "benchmark", WISH, outcome, server))
    assert outcome.whole, outcome
    assert outcome.cpu
    return outcome.cpu


def test_services_beside_an_epoll_server_in_c(peer: tuple[str, ...]) -> None:
    rounds = [
        (cpu_per_request("C", peer), {model: cpu_per_request(model) for model in MOST})
        for _ in range(ROUNDS)
    ]
    base = statistics.median(c for c, _ in rounds)
    print(
        f"\nC epoll {base * 1e6:.2f} µs a request with {CONNECTIONS} connections, {os.uname()[2]}"
    )
    ratios = {model: statistics.median(ours[model] / c for c, ours in rounds) for model in MOST}
    for model, ratio in ratios.items():
        mine = statistics.median(ours[model] for _, ours in rounds)
        print(f"{model} {mine * 1e6:.2f} µs, ratio {ratio:.2f} (at most {MOST[model]})")
    assert all(ratio <= MOST[model] for model, ratio in ratios.items()), ratios
