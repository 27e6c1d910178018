"""`netlab io scale`, whole commands."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netlab.errors import Exit
from netlab.experiments.io.services import missing
from tests.journeys.command import Ran, netlab

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no getrusage")

LIST = "kqueue" if missing("epoll") else "epoll"
FACTS = {
    "io.connections", "io.requests_per_second", "io.p50", "io.p99", "io.cpu_per_request",
    "io.memory_per_connection", "io.threads", "io.lost", "io.garbled",
}  # fmt: skip


@pytest.fixture(scope="module")
def ran() -> Ran:
    return netlab(
        "io", "scale", "--connections", "4,12", "--active", "3", "--window", "50ms",
        "--models", f"{LIST},threads,blocking", "--json",
    )  # fmt: skip


def facts_at(ran: Ran, step: str) -> dict[str, object]:
    return {fact["name"]: fact["value"] for fact in ran.records("fact") if fact["step"] == step}


def test_every_run_has_its_facts_under_its_step(ran: Ran) -> None:
    assert ran.code == Exit.OK, ran.err
    for model in (LIST, "threads"):
        for count in (4, 12):
            facts = facts_at(ran, f"io.scale.{model}.{count}")
            assert set(facts) >= FACTS
            assert facts["io.connections"] == count
            assert (facts["io.lost"], facts["io.garbled"]) == (0, 0)
            assert isinstance(facts["io.cpu_per_request"], float)
            assert 0 < facts["io.cpu_per_request"] < 0.05
    assert facts_at(ran, "io.scale.threads.12")["io.threads"] == 13
    topics = {step["topic"] for step in ran.records("step") if step["id"].startswith("io.scale.")}
    assert topics == {"io.scale"}


def test_what_breaks_is_said_and_not_tried_again(ran: Ran) -> None:
    facts = facts_at(ran, "io.scale.blocking.4")
    assert facts["io.connections"] == 1
    assert "greeted" in str(facts["io.broke"])
    assert facts_at(ran, "io.scale.blocking.12") == {}
    told = facts_at(ran, "io.scale")
    assert told["io.scale.left_out"] == ["blocking beyond 4, of which it served 1"]
    broken = told["io.scale.broken"]
    assert isinstance(broken, list)
    assert [(row["model"], row["held"]) for row in broken] == [("blocking", 1)]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_it_is_drawn_at_any_width(ran: Ran, tmp_path: Path, width: int) -> None:
    kept = tmp_path / "scale.json"
    kept.write_text(ran.out, encoding="utf-8")
    drawn = netlab("replay", str(kept), width=width)
    assert drawn.code == Exit.OK, drawn.err
    assert max(map(len, drawn.out.splitlines())) <= width
    for words in ("What a request costs", "user memory", "Where it broke", "┤"):
        assert words.lower() in drawn.out.lower()


def test_a_low_limit_of_descriptors_is_met_with_words() -> None:
    command = [sys.executable, "-m", "netlab", "io", "scale", "--connections", "200",
               "--models", LIST, "--window", "50ms"]  # fmt: skip
    done = subprocess.run(
        ["sh", "-c", 'ulimit -n 100 && exec "$@"', "sh", *command],
        capture_output=True, stdin=subprocess.DEVNULL, text=True, timeout=40, check=False,
    )  # fmt: skip
    assert done.returncode == Exit.OK, done.stderr
    said = " ".join(done.stdout.split())
    assert "lets a process have 100 descriptors" in said
    assert "ulimit -Hn" in said


def children_of(number: int) -> set[int]:
    try:
        text = Path(f"/proc/{number}/task/{number}/children").read_text()
    except OSError:
        return set()
    return {int(word) for word in text.split()}


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        os.sched_yield()
    return true()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_however_it_ends_no_process_stays(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "netlab", "io", "scale", "--connections", "20", "--models",
               "epoll", "--window", "20s"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True) as process:  # fmt: skip
        assert until(lambda: len(children_of(process.pid)) >= 2)
        children = children_of(process.pid)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert until(lambda: not any(map(alive, children)))
    if number == signal.SIGINT:
        assert process.returncode == Exit.INTERRUPT
        assert "interrupted" in err
        assert "The same echo" in out


@pytest.mark.slow
@pytest.mark.timed
@pytest.mark.timeout(240)
@pytest.mark.skipif(sys.platform != "linux", reason="the models named are Linux's")
def test_ten_thousand_connections_and_nothing_lost() -> None:
    names = ["epoll", "asyncio-streams", "asyncio-protocol", "threads", "poll", "select"]
    ran = netlab("io", "scale", "--connections", "10000", "--models", ",".join(names), "--json",
                 timeout=200)  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    for name in names[:-1]:
        facts = facts_at(ran, f"io.scale.{name}.10000")
        assert facts["io.connections"] == 10_000, (name, facts)
        assert (facts["io.lost"], facts["io.garbled"]) == (0, 0), name
    facts = facts_at(ran, "io.scale.select.10000")
    assert "out of range in select" in str(facts["io.broke"])
    assert 900 < int(str(facts["io.connections"])) < 1024
