"""The calls themselves: what a system answers, held against what POSIX and the manual say."""

import sys
import threading
from typing import Any

import pytest

from netlab.experiments.bench import Bench
from netlab.experiments.io.probes import herd, readiness, streams
from netlab.network.loopback import Loopback
from netlab.recording.recorder import Recorder
from netlab.recording.records import Fact, Header

resource = pytest.importorskip("resource", reason="these are the answers of POSIX systems")
linux = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


@pytest.fixture
def bench() -> Bench:
    return Bench(
        Recorder(Header("2026-01-01T00:00:00+00:00", (), "io", "loopback", {})), Loopback()
    )


def facts(bench: Bench) -> dict[str, Any]:
    records = bench.recorder.finish().records
    return {record.name: record.value for record in records if isinstance(record, Fact)}


def test_nothing_is_under_way_after_eagain(bench: Bench) -> None:
    streams.nothing_there(bench)
    assert facts(bench)["io.errno"] in ("EAGAIN", "EWOULDBLOCK")
    assert facts(bench)["io.untouched"] is True


def test_a_connect_goes_on_by_itself(bench: Bench) -> None:
    streams.under_way(bench)
    found = facts(bench)
    assert found["io.errno"] == "EINPROGRESS"
    assert (found["io.so_error"], found["io.so_error_refused"]) == ("0", "ECONNREFUSED")


def test_a_send_takes_a_part(bench: Bench) -> None:
    streams.short_send(bench)
    found = facts(bench)
    assert 0 < found["io.taken"] < found["io.given"]
    assert found["io.errno"] == "EAGAIN"


def test_the_end_can_be_read_again_and_again(bench: Bench) -> None:
    streams.the_end(bench)
    found = facts(bench)
    assert (found["io.last"], found["io.end"], found["io.datagram"]) == (4, 0, 0)
    assert found["io.readable"] is True


@linux
def test_a_plain_file_is_refused_by_epoll(bench: Bench) -> None:
    readiness.regular_file(bench)
    assert facts(bench)["io.errno"] == "EPERM"
    assert facts(bench)["io.readable"] is True


def test_select_has_no_bit_for_descriptor_1024(bench: Bench) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    readiness.beyond_select(bench)
    assert facts(bench)["io.descriptor"] >= 1024
    assert "out of range" in facts(bench)["io.refused"]
    assert facts(bench)["io.poll"] == 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_a_low_limit_on_files_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 512))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: None)
    readiness.beyond_select(bench)
    assert facts(bench)["io.missing"] == "this process may open only 512 files (ulimit -n)"


@linux
def test_edge_forgets_what_level_tells_again(bench: Bench) -> None:
    readiness.level_and_edge(bench)
    found = facts(bench)
    assert (found["io.level"], found["io.edge"], found["io.woken"]) == (1, 0, 1)


@linux
def test_one_of_the_herd_gets_the_connection(bench: Bench) -> None:
    herd.run(bench)
    rows = facts(bench)["io.herd"]
    assert [row["accepted"] for row in rows] == [1, 1]
    assert all(row["woken"] == row["accepted"] + row["in_vain"] for row in rows)
    assert rows[0]["woken"] > rows[1]["woken"] >= 1


@linux
def test_a_herd_that_cannot_gather_goes_home(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system starts three threads and no more."""
    started: list[threading.Thread] = []
    start = threading.Thread.start

    def three(thread: threading.Thread) -> None:
        if len(started) == 3:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", three)
    herd.run(bench)
    assert facts(bench)["io.missing"] == "can't start new thread (ulimit -u)"
    assert [thread for thread in started if thread.is_alive()] == []
