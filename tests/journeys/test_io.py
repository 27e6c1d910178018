"""`netlab io`, whole commands."""

import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from netlab.errors import Exit
from netlab.experiments.io.models import MODELS, missing
from tests.journeys.command import Ran, netlab
from tests.witness import need

HERE = [name for name in MODELS if missing(name) is None]
FACTS = {
    "io.wall", "io.cpu", "io.threads", "io.calls", "io.eagain", "io.voluntary_switches",
    "io.peak_memory", "io.theory", "io.measuring",
}  # fmt: skip


def of_model(ran: Ran, name: str) -> dict[str, Any]:
    step = f"io.model.{name}"
    return {fact["name"]: fact["value"] for fact in ran.records("fact") if fact["step"] == step}


@pytest.fixture(scope="module")
def demo() -> Ran:
    return netlab("io", "demo", "--delay", "40ms", "--json", timeout=60)


def test_every_model_that_can_run_has_its_facts(demo: Ran) -> None:
    assert demo.code == Exit.OK, demo.err
    for name in HERE:
        assert set(of_model(demo, name)) >= FACTS, name
    left_out = {row["model"] for row in demo.facts().get("io.left_out", ())}
    assert left_out == set(MODELS) - set(HERE)


def test_every_fact_says_how_it_was_had(demo: Ran) -> None:
    for fact in demo.records("fact"):
        if fact["name"] in FACTS and fact["origin"] != "configured":
            assert fact["note"], fact["name"]


def test_no_model_can_be_done_before_the_server_is(demo: Ran) -> None:
    for name in HERE:
        facts = of_model(demo, name)
        assert facts["io.wall"] >= facts["io.theory"] * 0.98, name


def test_models_make_the_calls_that_they_stand_for(demo: Ran) -> None:
    calls = {name: of_model(demo, name)["io.calls"] for name in HERE}
    assert calls["blocking"] == {"recv": 8, "send": 8}
    assert calls["threads"]["recv"] == calls["threads"]["join"] == 8
    for name in ("select", "poll", "epoll"):
        wait = "epoll_wait" if name == "epoll" else name
        assert calls[name]["recv"] == calls[name]["send"] == 8
        assert 2 <= calls[name][wait] <= 16
    # asyncio tries first, is told EAGAIN, and tries again when the loop says so.
    told = of_model(demo, "asyncio")["io.eagain"]
    assert calls["asyncio"]["recv"] == 8 + told > 8
    assert of_model(demo, "busy")["io.eagain"] == calls["busy"]["recv"] - 8
    threads = {name: of_model(demo, name)["io.threads"] for name in HERE}
    assert (threads["blocking"], threads["threads"], threads["pool"]) == (1, 9, 5)


def test_each_is_in_its_place_on_the_axes(demo: Ran) -> None:
    blocking, non_blocking = demo.facts()["io.axes.grid"]
    assert set(blocking["synchronous"].split(", ")) == {
        "blocking", "threads", "pool", "asyncio-blocking", "to-thread",
    }  # fmt: skip
    assert "epoll" in non_blocking["synchronous"].split(", ")
    assert ("io-uring" in non_blocking["asynchronous"]) == ("io-uring" in HERE)


def test_lanes_cover_each_models_time(demo: Ran) -> None:
    for name in HERE:
        phases = [p for p in demo.records("phase") if p["step"] == f"io.model.{name}"]
        lane = next(p["lane"] for p in phases if p["lane"])
        spans = [p for p in phases if p["lane"] == lane]
        covered = sum(p["end"] - p["start"] for p in spans)
        assert covered == pytest.approx(of_model(demo, name)["io.wall"], rel=0.02), name


def test_a_calls_and_b_works(demo: Ran) -> None:
    blocking = [m for m in demo.records("message") if m["step"] == "io.calling-blocking"]
    titles = [m["title"] for m in sorted(blocking, key=lambda m: m["at"])]
    assert (titles[0], titles[-1]) == ("send(): a request", "20 octets")
    assert set(titles[1:-1]) == {"recv()", "the answer arrives"}
    titles = [m["title"] for m in demo.records("message") if "non-blocking" in m["step"]]
    assert titles.count("EAGAIN: nothing is there") == demo.facts()["io.calling.eagain"] >= 1


def test_a_question_stands_before_each_model(demo: Ran) -> None:
    asked = {question["step"]: question for question in demo.records("question")}
    assert {f"io.model.{name}" for name in HERE} == set(asked)
    answer = asked["io.model.blocking"]
    assert answer["choices"][answer["answer"]] == "about 320 ms"
    for name in HERE:
        assert asked[f"io.model.{name}"]["prompt"].startswith(MODELS[name].title), name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--models", "epol"), "did you mean epoll?"),
        (("--models", "nothing-like-it"), "the models are blocking"),
        (("--models", ","), "names none"),
        (("--delay", "soon"), "not a length of time"),
        (("--delay", "2m"), "the server cannot keep that"),
        (("--delay", "10ms", "--jitter", "20ms"), "the jitter within the delay"),
        (("--cpu-work", "--models", "epoll"), "an experiment of its own"),
        (("--delay", "10"), "The model blocking will take 80 s, and --max-time gives each"),
        (("--delay", "40", "--repeat", "2", "--models", "epoll"), "The model epoll will take 80 s"),
    ],
)
def test_what_was_typed_wrong_is_told(words: tuple[str, ...], said: str) -> None:
    ran = netlab("io", "demo", *words)
    assert ran.code == Exit.USAGE
    assert said in ran.err


def test_a_model_that_cannot_be_had_says_why() -> None:
    name = next(name for name in ("kqueue", "epoll", "io-uring") if missing(name))
    ran = netlab("io", "demo", "--models", name, "--plain", "--delay", "5ms", width=200)
    assert ran.code == Exit.OK
    assert f"Left out: {missing(name)}" in ran.out


def test_a_run_past_its_time_ends() -> None:
    """Nobody starts an interpreter in five milliseconds, and theory knows nothing of that."""
    ran = netlab("io", "demo", "--models", "blocking", "--requests", "1", "--delay", "1ms",
                 "--max-time", "5ms")  # fmt: skip
    assert ran.code == Exit.TIMEOUT
    assert "under the model blocking" in ran.err
    assert "--max-time" in ran.err


@pytest.mark.skipif(sys.platform == "win32", reason="descriptors are limited on POSIX")
def test_too_few_descriptors_are_told_in_words() -> None:
    words = ("io", "demo", "--models", "threads", "--requests", "64", "--delay", "5ms")
    command = f"ulimit -n 40; exec {sys.executable} -m netlab {' '.join(words)}"
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=40, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == Exit.CONNECT, done.stderr
    assert "could not open its 64 connections" in done.stderr
    assert "ulimit -n" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--delay", "20ms", "--jitter", "10ms"), "8 requests to a server that takes up to"),
        (("--delay", "5ms", "--requests", "1"), "One request to a server that takes 5.00 ms"),
    ],
)
def test_what_was_asked_is_said_as_it_was(words: tuple[str, ...], said: str) -> None:
    ran = netlab("io", "demo", *words, "--models", "blocking", "--deep", "--plain", width=120)
    assert said in ran.out, ran.err
    assert " 1 requests" not in ran.out
    assert " 0 octets" not in ran.out  # a call that A makes is no message on a wire


@pytest.mark.parametrize("width", [60, 80, 200])
def test_nothing_is_wider_than_the_page(width: int) -> None:
    words = ("--plain", "--delay", "5ms", "--models", "threads,asyncio-blocking", "--requests", "3")
    ran = netlab("io", "demo", *words, width=width)
    assert max(map(len, ran.out.splitlines())) <= width


def test_what_is_printed_is_what_is_timed() -> None:
    ran = netlab("io", "source", "to-thread", "--plain", width=200)
    assert ran.code == Exit.OK, ran.err
    source = Path(str(importlib.import_module(MODELS["to-thread"].module).__file__))
    rows = [row[5:] for row in ran.out.splitlines()]
    assert [row for row in source.read_text().splitlines() if row not in rows] == []
    assert "did you mean epoll" in netlab("io", "source", "epolls").err
    assert "asyncio-streams --service" in netlab("io", "source", "asyncio-streams").err


def test_the_calls_are_all_made() -> None:
    ran = netlab("io", "calls", "--json")
    assert ran.code == Exit.OK, ran.err
    steps = [step["id"] for step in ran.records("step")]
    assert steps == [
        f"io.calls.{name}"
        for name in ("eagain", "connect", "send", "end", "file", "select", "edge", "herd")
    ]


def test_the_kernel_counts_what_we_count() -> None:
    need("strace")
    names = [name for name in HERE if name != "blocking"]
    ran = netlab(
        "io", "demo", "--witness", "--delay", "10ms", "--requests", "3", "--json", "--models",
        ",".join(names), timeout=90,
    )  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    rows = ran.facts()["io.witness.calls"]
    assert {row["model"] for row in rows} == set(names)
    assert [row for row in rows if row["ours"] != row["kernel"]] == []
    seen = {(row["model"], row["call"]): row["kernel"] for row in rows}
    assert (seen["threads", "send"], seen["threads", "recv"]) == (3, 3)
    assert seen["select", "select"] >= 2
    assert seen["poll", "poll"] >= 2
    assert seen["epoll", "epoll_wait"] >= 2
    assert seen["epoll", "epoll_ctl"] == 9


def test_without_strace_it_says_so(tmp_path: Path) -> None:
    ran = netlab("io", "demo", "--witness", "--delay", "5ms", "--models", "blocking", "--json",
                 env={"PATH": str(tmp_path)})  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert ran.facts()["io.witness.missing"] == "strace is not on this machine"


@pytest.mark.skipif(sys.platform == "win32", reason="a script of a POSIX shell")
def test_a_strace_that_may_not_trace_is_told_in_its_own_words(tmp_path: Path) -> None:
    strace = tmp_path / "strace"
    said = "strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted"
    strace.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
    strace.chmod(0o755)
    ran = netlab("io", "demo", "--witness", "--delay", "5ms", "--models", "blocking", "--json",
                 env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})  # fmt: skip
    assert ran.code == Exit.OK, ran.err
    assert said in ran.facts()["io.witness.missing"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whose child a process is")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, Exit.INTERRUPT), (signal.SIGKILL, -9)])
def test_nobody_is_left_behind(sent: signal.Signals, code: int) -> None:
    words = [sys.executable, "-m", "netlab", "io", "demo", "--delay", "2s", "--plain"]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    with process:
        until = time.monotonic() + 20
        while len(children := family(process.pid)) < 2:  # the server, and the first client
            assert time.monotonic() < until
            assert process.poll() is None
        if sent == signal.SIGINT:
            os.killpg(process.pid, sent)  # as a terminal does: everybody gets it
        else:
            process.kill()
        _, err = process.communicate(timeout=20)
    assert process.returncode == code, err
    assert (b"interrupted" in err) == (sent == signal.SIGINT)
    assert b"Traceback" not in err
    while any(alive(pid) for pid in children):
        assert time.monotonic() < until


def family(pid: int) -> list[int]:
    """The children of a process, as the kernel lists them."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def alive(pid: int) -> bool:
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.slow
@pytest.mark.timed
def test_computing_stalls_a_loop_and_not_processes() -> None:
    ran = netlab("io", "demo", "--cpu-work", "--json", timeout=90)
    assert ran.code == Exit.OK, ran.err
    facts = ran.facts()
    assert facts["io.cpu.gil"] in ("on", "off", "on again")
    rows = {row["name"]: row for row in facts["io.cpu.ways"]}
    assert rows["loop"]["worst"] > 4 * facts["io.cpu.work"] * 0.9
    assert rows["processes"]["worst"] < rows["loop"]["worst"] / 4
    if facts["io.cpu.gil"] == "on":
        assert rows["loop"]["worst"] > rows["threads"]["worst"] > 0.8 * facts["io.cpu.interval"]
        assert rows["threads-short"]["median"] < rows["threads"]["median"]


@pytest.mark.slow
@pytest.mark.timed
def test_at_200_ms_every_model_takes_what_theory_says() -> None:
    """The judgement of the demo itself: only a machine that is too busy may escape it."""
    ran = netlab("io", "demo", "--repeat", "3", "--json", timeout=120)
    assert ran.code == Exit.OK, ran.err
    findings = ran.records("finding")
    assert [one["title"] for one in findings if one["severity"] in ("warning", "fault")] == []
    for row in ran.facts()["io.models"]:
        assert row["measuring"] < 3, row["model"]
        if row["model"] != "busy":
            assert row["share"] <= 10, row["model"]
