"""Both sides of netlab's WebSocket against the Autobahn test suite, which none of us wrote.

It runs on Python 2.7 alone: NETLAB_WSTEST names its program where there is one (see .ci/run).
Left out are limits and performance (9.*) and most of the compression cases (12.*, 13.*).
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.witness, pytest.mark.timeout(280)]

CASES = [
    "1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*", "12.1.1", "12.1.2", "12.1.3",
    "12.2.1", "13.1.1", "13.3.1",
]  # fmt: skip
LEAST = 240
"""Cases that these patterns stand for, at the least: a run of none would pass any check."""

ALLOWED = {
    ("client", case): "a good message and a fault come in one read: by the time that the program "
    "hears of the message, the connection has been failed, and its echo cannot leave any more"
    for case in ("3.2", "3.3", "4.1.3", "4.1.4", "4.2.3", "4.2.4", "5.15")
}
ALLOWED |= {
    (side, case): "text that goes wrong in mid-frame: a frame is read whole, and judged then"
    for side in ("server", "client")
    for case in ("6.4.1", "6.4.2", "6.4.3", "6.4.4")
}
"""Cases that may be NON-STRICT, each with its reason."""


@pytest.fixture(scope="module")
def wstest() -> str:
    program = os.environ.get("NETLAB_WSTEST", "")
    if not program:
        pytest.skip("the Autobahn test suite needs Python 2.7: NETLAB_WSTEST names its wstest")
    return program


@contextlib.contextmanager
def running(*words: str, cwd: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(words, cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def judged(report: Path, side: str) -> dict[str, Any]:
    """The suite's own verdicts, after ours on them."""
    verdicts: dict[str, Any] = json.loads((report / "index.json").read_text())["netlab"]
    assert len(verdicts) >= LEAST
    wrong = {
        case: (found["behavior"], found["behaviorClose"])
        for case, found in verdicts.items()
        if not fine(found["behavior"], (side, case)) or not fine(found["behaviorClose"], None)
    }
    assert wrong == {}
    return verdicts


def fine(verdict: str, case: tuple[str, str] | None) -> bool:
    return verdict in ("OK", "INFORMATIONAL") or (verdict == "NON-STRICT" and case in ALLOWED)


def test_the_labs_server_passes(wstest: str, tmp_path: Path) -> None:
    with running(sys.executable, "-m", "netlab", "ws", "serve") as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        spec = {
            "outdir": str(tmp_path / "report"),
            "servers": [{"agent": "netlab", "url": url}],
            "cases": CASES, "exclude-cases": [], "exclude-agent-cases": {},
        }  # fmt: skip
        (tmp_path / "spec.json").write_text(json.dumps(spec))
        subprocess.run(
            [wstest, "-m", "fuzzingclient", "-s", "spec.json"],
            cwd=tmp_path, check=True, timeout=250, stdout=subprocess.DEVNULL,
        )  # fmt: skip
    judged(tmp_path / "report", "server")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port: int = sock.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Until the other program listens: it has no way of telling us."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError("the fuzzing server never came up")


def test_our_client_passes(wstest: str, tmp_path: Path) -> None:
    port = free_port()
    spec = {
        "outdir": str(tmp_path / "report"), "url": f"ws://127.0.0.1:{port}",
        "cases": CASES, "exclude-cases": [], "exclude-agent-cases": {},
    }  # fmt: skip
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    with running(wstest, "-m", "fuzzingserver", "-s", "spec.json", "-w", "0", cwd=tmp_path):
        wait_for(port)
        subprocess.run(
            [sys.executable, "-m", "tests.autobahn.client", str(port), "netlab"],
            cwd=Path(__file__).parents[2], check=True, timeout=250,
        )  # fmt: skip
    judged(tmp_path / "report", "client")
