"""`netlab lb demo` and `netlab lb config`, whole commands: short loads, and what holds of any."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from netlab.errors import Exit
from tests.journeys.command import Ran, netlab

NAMES = ("requests", "connections", "share", "p50", "p90", "p99", "errors", "timeouts", "retries")


def at(ran: Ran, step: str) -> dict[str, Any]:
    """The facts of one step."""
    return {one["name"]: one["value"] for one in ran.records("fact") if one["step"] == step}


@pytest.fixture(scope="module")
def equal() -> Ran:
    return netlab("lb", "demo", "--duration", "700ms", "--json")


def test_each_backend_has_its_facts_under_stable_names(equal: Ran) -> None:
    assert equal.code == Exit.OK, equal.err
    for algorithm in ("roundrobin", "leastconn"):
        total = at(equal, f"lb.total.{algorithm}")
        backends = [at(equal, f"{algorithm}/lb.backend.b{number}") for number in range(1, 5)]
        for facts in (total, *backends):
            assert {f"lb.{name}" for name in NAMES} <= facts.keys()
        assert total["lb.answered"] == total["lb.requests"] > 200
        assert sum(one["lb.requests"] for one in backends) == total["lb.requests"]
        assert sum(one["lb.share"] for one in backends) == pytest.approx(100, abs=0.01)
        assert (total["lb.errors"], total["lb.lost"], total["lb.doubled"]) == (0, 0, 0)
        assert total["lb.p50"] < total["lb.p90"] < total["lb.p99"]


def test_turns_are_exact_and_the_same_arrivals_go_to_both(equal: Ran) -> None:
    turns = [at(equal, f"roundrobin/lb.backend.b{number}")["lb.requests"] for number in range(1, 5)]
    assert max(turns) - min(turns) <= 1
    sizes = {at(equal, f"lb.total.{name}")["lb.requests"] for name in ("roundrobin", "leastconn")}
    assert sizes == {at(equal, "lb.equal")["lb.arrivals"]}


def test_latencies_and_what_is_open_are_series(equal: Ran) -> None:
    series = equal.records("series")
    latencies = [one for one in series if one["name"] == "latency"]
    assert [one["step"] for one in latencies] == ["lb.total.roundrobin", "lb.total.leastconn"]
    assert all(0 < len(one["points"]) <= 500 for one in latencies)
    opened = {(one["step"], one["name"]) for one in series if one["lane"] == "b1"}
    assert ("leastconn/lb.backend.b1", "open requests") in opened
    assert ("leastconn/lb.backend.b1", "open connections") in opened


def test_a_prediction_stands_at_the_chapter_that_answers_it(equal: Ran) -> None:
    (question,) = equal.records("question")
    assert question["step"] == "lb.compare"
    assert len(question["choices"]) == 3


def test_what_is_foretold_is_not_asked_where_something_else_is_run() -> None:
    ran = netlab("lb", "demo", "--algorithms", "random", "--duration", "100ms", "--json")
    assert (ran.code, ran.records("question")) == (Exit.OK, [])


def test_alone_an_algorithm_needs_no_prefix() -> None:
    ran = netlab("lb", "demo", "--algorithms", "maglev", "--duration", "300ms", "--backends", "3",
                 "--closed", "--json")  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert at(ran, "lb.backend.b3").keys() >= {"lb.requests"}
    assert at(ran, "lb.equal")["lb.loop"] == "closed"
    total = at(ran, "lb.total.maglev")
    table = total["lb.table"]
    assert sum(row["requests"] for row in table) == total["lb.requests"] > 0
    assert [row["backend"] for row in table] == ["b1", "b2", "b3"]


def test_what_fails_at_once_draws_least_connections_until_it_is_taken_out() -> None:
    ran = netlab("lb", "demo", "black-hole", "--algorithms", "leastconn", "--duration", "700ms",
                 "--json")  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    hole, others = (at(ran, f"leastconn/lb.backend.b{number}") for number in (4, 1))
    assert hole["lb.share"] > others["lb.share"]
    assert hole["lb.errors"] == hole["lb.requests"] > 0
    total = at(ran, "lb.total.leastconn-passive")
    assert [row["state"] for row in total["lb.changes"]] == ["down"]
    assert at(ran, "leastconn-passive/lb.backend.b4")["lb.requests"] < hole["lb.requests"] / 5


@pytest.fixture(scope="module")
def layers() -> Ran:
    return netlab("lb", "demo", "layers", "--json")


def test_a_kept_connection_sticks_at_layer_4_and_spreads_at_7(layers: Ran) -> None:
    assert layers.code == Exit.OK, layers.err
    facts = at(layers, "lb.layers")
    assert (facts["lb.layers.homes4"], facts["lb.layers.homes7"]) == (1, 4)
    four = [row for row in facts["lb.layers.shares"] if row["layer"] == 4]
    assert {row["connections"] for row in four} == {2}  # equal shares of connections …
    assert sorted(row["requests"] for row in four) == [8, 8, 8, 104]  # … and not of requests
    seven = [row for row in facts["lb.layers.shares"] if row["layer"] == 7]
    assert {row["requests"] for row in seven} == {32}


def test_layer_4_reads_nothing_and_layer_7_what_is_in_the_clear(layers: Ran) -> None:
    facts = at(layers, "lb.layers")
    assert {row["request"] for row in facts["lb.layers.sees4"]} == {None}
    assert {row["request"] for row in facts["lb.layers.sees7"]} == {"GET /page"}
    certificates = [row["certificate"] for row in at(layers, "lb.layers-tls")["lb.layers.tls"]]
    assert certificates == ["the backend", "none", "the balancer"]


def test_two_lengths_pass_layer_4_and_stop_at_layer_7(layers: Ran) -> None:
    facts = at(layers, "lb.layers-smuggling")
    assert (facts["lb.layers.smuggled4"], facts["lb.layers.smuggled7"]) == (True, False)
    assert facts["lb.layers.smuggling"][1]["answer"] == "HTTP/1.1 400 Bad Request"


def test_what_is_not_idempotent_is_not_repeated_by_us_and_counted_twice_by_a_client() -> None:
    ran = netlab("lb", "demo", "retry", "--json")
    assert ran.code == Exit.OK, ran.err
    rows = {row["method"]: row for row in at(ran, "lb.retry")["lb.retry.methods"]}
    for method in ("GET", "PUT", "DELETE"):
        assert (rows[method]["failed"], rows[method]["doubled"]) == (0, 2), method
    for method in ("POST", "PATCH"):
        assert (rows[method]["failed"], rows[method]["doubled"]) == (2, 0), method
        assert rows[method]["with"] == "502"
    orders = at(ran, "lb.retry-client")
    assert orders["lb.retry.counted"] == orders["lb.retry.tries"] > orders["lb.retry.orders"]
    assert orders["lb.retry.twice"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "one-slow"),
        (("--algorithms", "fastest"), "roundrobin"),
        (("--duration", "soon"), "--duration"),
        (("--rate", "5000", "--duration", "10m"), "200,000"),
        (("--rate", "nan"), "not a number"),
        (("retry", "--rate", "50"), "netlab lb demo retry"),
        (("layers", "--engine", "haproxy"), "layers"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_runs(
    words: tuple[str, ...], said: str
) -> None:
    ran = netlab("lb", "demo", *words, width=200)
    assert ran.code == Exit.USAGE
    assert said in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_wider_than_the_page(equal: Ran, width: int, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(equal.out)
    ran = netlab("replay", str(tmp_path / "run.json"), "--plain", width=width)
    assert ran.code == Exit.OK, ran.err
    assert max(map(len, ran.out.splitlines())) <= width
    assert "Least connections" in ran.out


def test_a_configuration_is_printed_or_what_is_lacking_told() -> None:
    ran = netlab("lb", "config", "haproxy", "--backend", "10.0.0.7:8080=3", "--backend",
                 "[::1]:8080", "--algorithm", "leastconn", "--check", "/healthz")  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert "server b1 10.0.0.7:8080 weight 3 check" in ran.out
    assert "balance leastconn" in ran.out
    lacking = netlab("lb", "config", "nginx", "--algorithm", "ewma")
    assert (lacking.code, lacking.out) == (Exit.USAGE, "")
    assert "leastconn" in lacking.err
    for wrong in ("10.0.0.7", "10.0.0.7:99999", "a;b:80", "10.0.0.7:80=heavy"):
        assert netlab("lb", "config", "nginx", "--backend", wrong).code == Exit.USAGE, wrong


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="its children are found in /proc")
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "netlab", "lb", "demo", "one-dies", "--duration", "30", "--plain"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        start_new_session=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    until = monotonic() + 20
    while len(children(running.pid)) < 3 and monotonic() < until:
        sleep(0.01)
    own = children(running.pid)
    assert len(own) >= 3
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == Exit.INTERRUPT, err
    assert b"interrupted" in err
    assert b"Traceback" not in err + out
    assert not [pid for pid in own if Path(f"/proc/{pid}").exists()]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there terminate is no signal")
def test_sigterm_leaves_no_folder_with_keys(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "netlab", "lb", "demo", "layers"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as running:  # fmt: skip
        until = monotonic() + 20
        while not list(tmp_path.glob("netlab-lb-*/*")) and monotonic() < until:
            sleep(0.005)
        running.terminate()
        _, err = running.communicate(timeout=20)
    assert (running.returncode, err) == (128 + signal.SIGTERM, b"")
    assert list(tmp_path.iterdir()) == []


def children(pid: int) -> list[int]:
    """Of all its threads: one starts the balancer, another the backends."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # a thread that has just ended
            found += map(int, file.read_text().split())
    return found
