"""`--network internet`, held against witnesses on a small Internet of others' servers."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.command import recording
from tests.journeys.smallnet import GOOGLE, RESOLVER, WEB, WEB6, SmallNet, small_net
from tests.witness import find, give_up, need

pytestmark = pytest.mark.witness

FIN, SYN = 0x01, 0x02
CURL_SAYS = "%{http_version} %{response_code} %{remote_ip} %{size_download}"


@pytest.fixture(scope="module")
def net() -> Iterator[SmallNet]:
    need("ip", "named", "unbound", "nginx", "dig", "curl", "openssl", "tshark")
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    if probe.returncode:
        give_up("network namespaces need rights that this user has not")
    with small_net() as running:
        yield running


def trace(net: SmallNet, *words: str) -> dict[str, Any]:
    """The recording of one trace, made on the person's machine."""
    command = [sys.executable, "-m", "netlab", "trace", *words, "--network", "internet", "--json"]
    done = net.run(command)
    assert done.stdout, done.stderr
    return {**recording(done.stdout), "exit": done.returncode}


def facts(recording: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Facts by name, of the journey whose steps have this prefix."""
    return {
        record["name"]: record["value"]
        for record in recording["records"]
        if record["kind"] == "fact" and record["step"].rpartition("/")[0] == prefix.rstrip("/")
    }


@pytest.fixture(scope="module")
def run(net: SmallNet) -> dict[str, Any]:
    return trace(net, "www.google.com")


@pytest.fixture(scope="module")
def run4(net: SmallNet) -> dict[str, Any]:
    return trace(net, "www.google.com", "-4")


def test_the_journey_comes_to_its_end(run: dict[str, Any]) -> None:
    found = facts(run)
    assert run["exit"] == 0
    assert found["tls.verified"] is True
    assert found["http.status"] == 200
    assert run["header"]["network"] == "internet"


def test_dns_says_what_dig_says(net: SmallNet, run: dict[str, Any]) -> None:
    found = facts(run)
    v4 = net.run(["dig", "+short", "www.google.com", "A"]).stdout.split()
    v6 = net.run(["dig", "+short", "www.google.com", "AAAA"]).stdout.split()
    assert sorted(found["dns.answers"]) == sorted(v4 + v6) == sorted([WEB, WEB6])
    assert found["dns.resolver"] == f"{RESOLVER}:53"


def test_the_walk_from_the_root_is_the_one_that_bind_serves(
    net: SmallNet, run: dict[str, Any]
) -> None:
    hops = [h for h in facts(run)["dns.delegation"] if h["kind"] in ("referral", "answer")]
    assert [hop["zone"] for hop in hops] == [".", "com", "google.com"]
    assert hops[-1]["address"] == GOOGLE
    direct = net.run(["dig", f"@{GOOGLE}", "+norecurse", "www.google.com", "A"]).stdout
    assert WEB in direct
    assert WEB in facts(run)["dns.authoritative"]
    ttl = re.search(r"www\.google\.com\.\s+(\d+)\s+IN\s+A", direct)
    assert ttl is not None
    assert facts(run)["dns.authoritative_ttl"] == int(ttl[1])


def test_an_alias_is_told_with_its_links(net: SmallNet) -> None:
    found = facts(trace(net, "shop.google.com", "--no-follow", "-4"))
    links = found["dns.cname_chain"]
    chain = [(link["name"].rstrip("."), link["target"].rstrip(".")) for link in links]
    assert chain == [("shop.google.com", "www.google.com")]
    assert found["tls.name_matched"] == "*.google.com"


@pytest.mark.parametrize(("family", "private"), [("run", False), ("run4", True)])
def test_the_way_out_is_the_kernels(
    net: SmallNet, family: str, private: bool, request: pytest.FixtureRequest
) -> None:
    found = facts(request.getfixturevalue(family))
    told = net.run(["ip", "route", "get", found["route.destination"]]).stdout
    assert f" via {found['route.gateway']} " in told
    assert f" dev {found['route.interface']} " in told
    assert f" src {found['route.source']} " in told
    assert found["route.private"] is private


def test_tls_says_what_openssl_says(net: SmallNet, run: dict[str, Any]) -> None:
    found = facts(run)
    command = ["openssl", "s_client", "-connect", f"{WEB}:443", "-servername", "www.google.com",
               "-CAfile", str(net.ca), "-alpn", "h2,http/1.1"]  # fmt: skip
    said = net.run(command).stdout
    assert found["tls.version"].replace("TLS ", "TLSv") in said
    assert found["tls.cipher"] in said
    assert f"ALPN protocol: {found['tls.alpn']}" in said
    assert "Verify return code: 0 (ok)" in said
    assert found["tls.group"].upper() in said.upper()


def test_http_says_what_curl_says(net: SmallNet, run: dict[str, Any]) -> None:
    found = facts(run)
    said = net.run(
        ["curl", "-s", "-o", "/dev/null", "--cacert", str(net.ca), "--compressed",
         "-w", CURL_SAYS, "https://www.google.com/"]
    ).stdout.split()  # fmt: skip
    assert [found["http.version"], str(found["http.status"])] == said[:2]
    assert found["tcp.remote_address"] == said[2]
    assert found["http.wire_size"] == int(said[3])


def test_a_black_holed_ipv6_address_loses_the_race(net: SmallNet) -> None:
    found = facts(trace(net, "v6dead.google.com"))
    fates = {attempt["family"]: attempt["fate"] for attempt in found["tcp.attempts"]}
    assert found["tcp.remote_address"] == WEB
    assert fates[4] == "won"
    assert fates[6] in ("cut", "unreachable", "timeout")


def test_a_closed_port_is_refused_and_the_exit_code_says_connect(net: SmallNet) -> None:
    run = trace(net, "closed.google.com")
    assert run["exit"] == 4
    assert facts(run)["tcp.error"] == "refused"


def test_a_name_that_is_not_there(net: SmallNet) -> None:
    run = trace(net, "nowhere.google.com")
    assert run["exit"] == 3
    assert facts(run)["dns.error"] == "nxdomain"


def test_phases_agree_with_a_capture(net: SmallNet) -> None:
    """SYN to SYN-ACK, and the request to its first octet, within 1 ms or 5 % of the wire's.

    Three runs at most: on a busy machine a process may be woken milliseconds after its packet
    came, which no clock of its own can tell; what netlab got wrong would be wrong in each of them.
    """
    for attempt in range(3):
        found, seen = captured_run(net)
        connect, answer = seen["syn-ack"] - seen["syn"], seen["answer"] - seen["request"]
        agrees = found["tcp.connect_time"] == near(connect) and found["http.ttfb"] == near(answer)
        if agrees or attempt == 2:
            assert found["tcp.connect_time"] == near(connect)
            assert found["http.ttfb"] == near(answer)
            return


def captured_run(net: SmallNet) -> tuple[dict[str, Any], dict[str, float]]:
    """One journey's facts, and the same as tshark saw it pass."""
    tshark = find("tshark")
    assert tshark is not None
    with subprocess.Popen(
        net.inside([tshark, "-i", "p0", "-l", "-f", "tcp port 80", "-T", "fields", "-e",
                    "frame.time_relative", "-e", "tcp.srcport", "-e", "tcp.flags",
                    "-e", "tcp.len", "-a", "duration:25"]),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as capture:  # fmt: skip
        try:
            assert capture.stderr is not None
            assert any("Capturing" in line for line in capture.stderr)
            found = facts(trace(net, "http://www.google.com/", "-4", "--no-follow"))
            seen = captured(capture, str(found["tcp.local_port"]))
        finally:
            capture.terminate()
    return found, seen


def near(seconds: float) -> Any:
    return pytest.approx(seconds, rel=0.05, abs=0.001)


def captured(capture: subprocess.Popen[str], port: str) -> dict[str, float]:
    """When each packet of one request and its answer passed, up to the first FIN."""
    assert capture.stdout is not None
    seen: dict[str, float] = {}
    for line in capture.stdout:
        at, source, flags, octets = line.split("\t")
        ours, bits = source == port, int(flags, 16)
        if bits & SYN:
            seen.setdefault("syn" if ours else "syn-ack", float(at))
        elif int(octets):
            seen.setdefault("request" if ours else "answer", float(at))
        if bits & FIN:
            break
    return seen
