"""Measured figures, as ratios against a named peer in the same run: A B A B …, medians."""

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from netlab.lab import Lab
from tests.witness import find, give_up, need

pytestmark = pytest.mark.benchmark

RUNS = 9
HELP_RATIO = 0.6
TRACE_SECONDS = 1.5
CURL_RATIO = 80


def seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    return time.perf_counter() - start


def ratio(ours: Sequence[str], peer: Sequence[str], runs: int = RUNS) -> tuple[float, float, float]:
    """Median of ours, the peer's, and of the ratios pair by pair; the first pair is left out."""
    pairs = [(seconds(ours), seconds(peer)) for _ in range(runs + 1)][1:]
    ratios = [a / b for a, b in pairs]
    return (
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
        statistics.median(ratios),
    )


def beside(program: str) -> str:
    """The program of the environment that runs the tests."""
    path = Path(sys.executable).parent / program
    if not path.exists():
        give_up(f"{program} is not installed beside {sys.executable}")
    return str(path)


def test_help_takes_at_most_six_tenths_of_httpies() -> None:
    ours, peer, part = ratio([beside("netlab"), "--help"], [beside("http"), "--help"])
    print(f"netlab --help {ours * 1e3:.0f} ms, http --help {peer * 1e3:.0f} ms, ratio {part:.2f}")
    assert part <= HELP_RATIO


def test_a_lab_trace_takes_under_a_second_and_a_half() -> None:
    command = [beside("netlab"), "trace", "www.google.com", "--network", "lab"]
    times = [seconds(command) for _ in range(RUNS)][1:]
    print(f"lab trace, Enter to prompt: {min(times):.2f}–{max(times):.2f} s")
    assert statistics.median(times) < TRACE_SECONDS


def test_the_whole_command_beside_curl() -> None:
    """From Enter to prompt, its own lab and explanations included; curl's lab stands by then."""
    need("curl")
    with Lab.start() as lab:
        host, port = lab.directory.endpoints[("tcp", "203.0.113.10", 443)]
        curl = [
            str(find("curl")), "-s", "-o", "/dev/null", "--http2", "--compressed",
            "--cacert", str(lab.directory.ca_file), "--connect-to",
            f"www.google.com:443:{host}:{port}", "https://www.google.com/",
        ]  # fmt: skip
        trace = [beside("netlab"), "trace", "www.google.com", "--network", "lab"]
        ours, peer, part = ratio(trace, curl, runs=5)
    print(f"trace {ours * 1e3:.0f} ms, curl {peer * 1e3:.0f} ms, ratio {part:.1f}")
    assert part < CURL_RATIO
