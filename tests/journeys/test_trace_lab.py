"""`netlab trace` in the lab, end to end."""

import re
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.command import Ran, netlab, recording

PROMISED = (
    "url.scheme", "dns.resolver", "dns.answers", "dns.rtt", "dns.delegation",
    "tcp.remote_address", "tcp.remote_port", "tcp.local_address", "tcp.connect_time",
    "tls.version", "tls.cipher", "tls.group", "tls.alpn", "tls.sni", "tls.verified", "tls.chain",
    "tls.not_after", "http.version", "http.status", "http.redirects", "http.ttfb",
    "http.body_size", "dns.cname_chain",
)  # fmt: skip

CHAPTERS = (
    "Address bar", "Places asked first", "DNS, the short way", "DNS, the long way", "The way out",
    "TCP", "TLS", "HTTP", "The page", "After",
)  # fmt: skip


def trace(*words: str, **kind: Any) -> Ran:
    return netlab("trace", *words, "--network", "lab", **kind)


@pytest.fixture(scope="module")
def run() -> Ran:
    return trace("www.google.com", "--json")


def test_it_comes_to_its_end_and_fits_the_schema(run: Ran) -> None:
    assert run.code == 0, run.err
    assert recording(run.out)["header"]["exit"] == 0


@pytest.mark.parametrize("name", PROMISED)
def test_promised_facts_are_there(run: Ran, name: str) -> None:
    assert name in run.facts()


def test_the_address_dialled_is_of_the_lookup(run: Ran) -> None:
    assert run.facts()["tcp.remote_address"] in run.facts()["dns.answers"]


def test_every_step_has_its_page(run: Ran) -> None:
    from netlab.explain.pages import page

    for step in run.records("step"):
        assert page(step["topic"]) is not None, step["topic"]


def test_every_millisecond_has_one_owner(run: Ran) -> None:
    """Leaves of the journey never overlap, and owners and remainder sum up to the wall clock."""
    phases = [p for p in run.records("phase") if p["path"] == "journey"]
    parents = {p["parent"] for p in phases}
    leaves = sorted((p["start"], p["end"]) for p in phases if p["id"] not in parents)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(leaves))
    found = run.facts()
    owners = ("network", "far_end", "resolver", "configured", "netlab", "remainder")
    total = sum(found[f"journey.{owner}"] for owner in owners)
    assert total == pytest.approx(found["journey.total"], abs=1e-6)


def test_asides_never_run_beside_a_timed_phase(run: Ran) -> None:
    phases = run.records("phase")
    parents = {p["parent"] for p in phases}
    timed = [p for p in phases if p["path"] == "journey" and p["id"] not in parents]
    for aside in (p for p in phases if p["path"] == "aside"):
        for leaf in timed:
            assert aside["end"] <= leaf["start"] + 1e-9 or leaf["end"] <= aside["start"] + 1e-9


@pytest.mark.parametrize("width", [60, 80, 200])
def test_chapters_stand_in_order_and_within_the_width(width: int) -> None:
    ran = trace("www.google.com", width=width)
    headings = re.findall(r"^ ?(\d+)  (\S.*?)(?:  |$)", ran.out, re.MULTILINE)
    assert [(int(n), title) for n, title in headings] == list(enumerate(CHAPTERS, 1))
    long = [line for line in ran.out.splitlines() if len(line) > width and "see it" not in line]
    assert not [line for line in long if " " in line.strip()]
    assert "\x1b" not in ran.out


def test_a_redirect_chain_is_followed_journey_by_journey() -> None:
    ran = trace("redirects.example.org", "--json")
    last = max(
        int(s["id"].split("/")[0]) for s in ran.records("step") if re.match(r"\d+/", s["id"])
    )
    assert ran.code == 0
    assert last == 7
    assert len(ran.facts(f"{last}/")["http.redirects"]) == 6


def test_no_follow_stops_at_the_first_answer() -> None:
    ran = trace("redirects.example.org", "--no-follow", "--json")
    assert ran.code == 0
    assert ran.facts()["http.status"] in (301, 302, 303, 307, 308)
    assert not [s for s in ran.records("step") if s["id"].startswith("2/")]


def test_a_second_visit_skips_what_was_kept() -> None:
    ran = trace("www.google.com", "--again", "--json")
    kept, resumed = ran.facts("again/1/"), ran.facts("again/2/")
    assert ran.code == 0, ran.err
    assert kept["again.connection"] == "reused"
    assert kept["http.status"] == 304
    assert resumed["again.connection"] == "resumed"
    assert resumed["tls.resumed"] is True


def test_a_name_behind_aliases() -> None:
    found = trace("cdn.example.net", "--json").facts()
    assert len(found["dns.cname_chain"]) == 2


def test_a_dead_ipv6_address_loses_the_race() -> None:
    found = trace("dead-ipv6.example.org", "--json").facts()
    assert [a["fate"] for a in found["tcp.attempts"]] == ["cut", "won"]


def test_http1_is_spoken_on_demand() -> None:
    assert trace("www.google.com", "--http1.1", "--json").facts()["http.version"] == "1.1"


def test_a_search_ends_after_the_first_chapter() -> None:
    ran = trace("weather tomorrow")
    assert ran.code == 0
    assert "Address bar" in ran.out
    assert "Places asked first" not in ran.out


@pytest.mark.parametrize(
    "target", ["", "http://", "ftp://x.example", "exa mple.com:99999/", "a..b"]
)
def test_wrong_input_is_met_in_words(target: str) -> None:
    ran = trace(target)
    assert ran.code in (0, 2)
    assert "Traceback" not in ran.err


def test_saved_and_replayed_it_is_the_same_story(tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    first = trace("www.naver.com", "--save", str(file))
    again = netlab("replay", str(file))
    assert first.code == again.code == 0
    assert again.out == first.out
    refused = trace("www.naver.com", "--save", str(file))
    assert refused.code == 8
    assert "--force" in refused.err
    assert trace("www.naver.com", "--save", str(file), "--force").code == 0


def test_ctrl_c_gives_the_journey_so_far() -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "netlab", "trace", "silent-http.broken.example.org",
         "--network", "lab", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        process.communicate(timeout=3)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in err.decode()
    assert any(r["kind"] == "step" and r["id"] == "tls" for r in recording(out)["records"])


def test_a_reader_that_leaves_is_no_error() -> None:
    line = f"{sys.executable} -m netlab trace www.google.com --network lab | head -n 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=30)
    assert done.stdout
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr
