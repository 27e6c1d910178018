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
    ("client", case): "as above, but sent octet by octet: it hangs on how many of them a read takes"
    for case in ("3.4", "4.1.5", "4.2.5")
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
            [sys.executable, "-m", "tests.autobahn.client", str(port), "netlab", str(tmp_path)],
            cwd=Path(__file__).parents[2], check=True, timeout=250,
        )  # fmt: skip
    verdicts = judged(tmp_path / "report", "client")
    # Of its long cases the suite logs the end alone.
    short = [case for case in verdicts if not case.startswith(("12.", "13.", "7.1.6"))]
    compared = [beside(tmp_path, case, verdicts[case]["reportfile"]) for case in short]
    assert len(compared) >= LEAST - 10
    assert sum(compared) > 800


PIECEMEAL = ("6.4.3", "6.4.4")
"""A frame goes out in pieces here, past the part of the suite that logs frames; octets it logs."""


def beside(folder: Path, case: str, report: str) -> int:
    """Our dissector's account of a case beside the suite's wire log; answers how many frames."""
    ours = json.loads((folder / f"{case}.json").read_text())
    log = json.loads((folder / "report" / report).read_text())["wirelog"]
    count = 0
    # What they transmitted is what we received; their first octets are the opening's.
    for way, theirs in (("received", "T"), ("sent", "R")):
        octets = [entry[1] for entry in log if entry[0] == f"{theirs}O"][1:]
        hold_octets(case, bytes.fromhex(ours[way]), octets)
        frames = [as_ours(entry) for entry in log if entry[0] == f"{theirs}F"]
        found = [
            {name: frame[name] for name in ("opcode", "fin", "rsv", "length", "mask")}
            for frame in ours[f"frames_{way}"]
            if frame["type"] != "malformed"
        ]
        # Whoever has failed a connection reads no further, and they log what they read.
        both = min(len(frames), len(found))
        if case in PIECEMEAL and way == "received":
            continue
        assert found[:both] == frames[:both], case
        if way == "sent":
            assert both == len(frames), case
        count += both
    return count


def hold_octets(case: str, ours: bytes, log: list[tuple[int, str]]) -> None:
    """Each entry of the log has its length, and its octets in hex: a long one the first only."""
    at = 0
    for length, text in log:
        known = bytes.fromhex(text.removesuffix(" ..."))
        here = ours[at : at + len(known)]
        assert here == known[: len(here)], (case, at)
        at += length


def as_ours(entry: list[Any]) -> dict[str, Any]:
    (length, _), opcode, fin, rsv = entry[1:5]
    mask = entry[6] if entry[0] == "RF" else entry[5]
    return {"opcode": opcode, "fin": fin, "rsv": rsv, "length": length, "mask": mask or None}
