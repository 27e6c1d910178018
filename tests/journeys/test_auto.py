"""`--network auto`, on machines with a way out, with none, and with one that leads nowhere."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import pytest

from tests.journeys.command import recording
from tests.journeys.smallnet import RESOLVER, WORLD, SmallNet, small_net
from tests.witness import SBIN, find, give_up, need

pytestmark = pytest.mark.witness

PERSON_ADDRESS = "192.168.7.20/32"
PAYLOAD = "1232"
"""The UDP size that netlab's own queries announce; getaddrinfo's, beside them, have none."""
QUERY = ("ip.dst", "dns.qry.name", "dns.qry.type", "dns.rr.udp_payload_size")
A, NS = "1", "2"
LAST = "last.google.com"
"""Asked for at a capture's end: once that is read, so is all before it."""


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    need("ip", "unshare")
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if probe.returncode:
        give_up("network namespaces need rights that this user has not")


@pytest.fixture(scope="module")
def net() -> Iterator[SmallNet]:
    need("named", "unbound", "nginx", "dig", "tshark")
    with small_net() as running:
        yield running


def command(host: str) -> list[str]:
    return [sys.executable, "-m", "netlab", "trace", host, "--network", "auto", "--json"]


def alone(host: str) -> subprocess.CompletedProcess[str]:
    """Trace on a machine that has loopback and nothing else."""
    shell = 'ip link set lo up && exec "$@"'
    return subprocess.run(
        ["unshare", "-n", "sh", "-c", shell, "sh", *command(host)],
        capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
        env={**os.environ, "PATH": SBIN},
    )  # fmt: skip


def network(done: subprocess.CompletedProcess[str]) -> str:
    assert done.stdout, done.stderr
    name: str = recording(done.stdout)["header"]["network"]
    return name


def facts(done: subprocess.CompletedProcess[str], name: str) -> list[Any]:
    records = recording(done.stdout)["records"]
    return [one["value"] for one in records if one["kind"] == "fact" and one["name"] == name]


def test_a_machine_alone_travels_in_the_lab_and_is_told_so_first() -> None:
    done = alone("www.google.com")
    assert (done.returncode, network(done)) == (0, "lab")
    assert done.stderr.startswith("No way out: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.strip() in facts(done, "run.note")
    assert facts(done, "http.status") == [200]


def test_a_machine_alone_and_a_name_that_the_lab_has_not() -> None:
    done = alone("www.kernel.example")
    assert (done.returncode, network(done)) == (3, "internet")
    assert done.stderr.startswith("No way out: ")
    assert "does not know www.kernel.example; it knows " in done.stderr
    assert " www.naver.com, " in done.stderr
    assert done.stderr.strip() in facts(done, "run.note")


@contextmanager
def captured(net: SmallNet) -> Iterator[list[list[str]]]:
    """The DNS queries that leave the person's machine meanwhile, as tshark reads them."""
    tshark = find("tshark")
    assert tshark is not None
    rows: list[list[str]] = []
    columns = [word for name in QUERY for word in ("-e", name)]
    with subprocess.Popen(
        net.inside([tshark, "-i", "p0", "-l", "-f", "udp dst port 53", "-T", "fields", *columns,
                    "-a", "duration:60"]),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as capture:  # fmt: skip
        try:
            assert capture.stderr is not None
            assert capture.stdout is not None
            assert any("Capturing" in line for line in capture.stderr)
            yield rows
            net.run(["dig", "+tries=1", LAST])
            lines = (line.rstrip("\n").split("\t") for line in capture.stdout)
            rows += takewhile(lambda row: row[1] != LAST, lines)
        finally:
            capture.terminate()


def test_with_a_way_out_the_name_is_asked_for_once(net: SmallNet) -> None:
    """A second query of netlab's would find the resolver's cache warmed by the first."""
    with captured(net) as queries:
        done = net.run(command("www.google.com"))
    assert (done.returncode, network(done), done.stderr) == (0, "internet", "")
    assert facts(done, "run.note") == []
    own = [row for row in queries if row[0] == RESOLVER and row[3] == PAYLOAD]
    assert own.count([RESOLVER, "www.google.com", A, PAYLOAD]) == 1
    assert not [row for row in own if row[2] == NS]


@contextmanager
def cut(net: SmallNet) -> Iterator[None]:
    """Nothing that the world sends comes back any more: no packet, and no error either."""
    ip = find("ip")
    assert ip is not None
    route = [ip, "-n", WORLD, "route"]
    subprocess.run([*route, "add", "blackhole", PERSON_ADDRESS], check=True)
    try:
        yield
    finally:
        subprocess.run([*route, "del", "blackhole", PERSON_ADDRESS], check=True)


def test_behind_a_cut_cable_the_journey_turns_back_and_starts_in_the_lab(net: SmallNet) -> None:
    with cut(net):
        done = net.run(command("www.google.com"), timeout=60)
    assert (done.returncode, network(done)) == (0, "lab")
    assert done.stderr.startswith("No way out: the resolver has not answered for 1.5 s.")
    assert done.stderr.strip() in facts(done, "run.note")
    assert facts(done, "http.status") == [200]
    assert len(facts(done, "url.input")) == 1


def test_a_name_that_is_not_there_is_no_lost_way(net: SmallNet) -> None:
    with captured(net) as queries:
        done = net.run(command("nowhere.google.com"))
    assert (done.returncode, network(done), done.stderr) == (3, "internet", "")
    assert facts(done, "run.note") == []
    assert [row for row in queries if row[0] == RESOLVER and row[2] == NS]
