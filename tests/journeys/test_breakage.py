"""Every breakage of the lab: the journey so far, the fault in words, the exit code, no escape."""

import re

import pytest

from netlab.errors import Exit
from netlab.lab.catalogue import HOSTS
from tests.journeys.command import Ran, netlab

RAW = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

BROKEN = {
    "nxdomain": (Exit.NAME, "dns.lookup", "dns.error", "nxdomain"),
    "nodata": (Exit.NAME, "dns.lookup", "dns.error", "nodata"),
    "servfail": (Exit.NAME, "dns.lookup", "dns.error", "servfail"),
    "refused-dns": (Exit.NAME, "dns.lookup", "dns.error", "servfail"),
    "silent-dns": (Exit.NAME, "dns.lookup", "dns.error", "servfail"),
    "lame": (Exit.NAME, "dns.lookup", "dns.error", "servfail"),
    "delegation-loop": (Exit.NAME, "dns.lookup", "dns.error", "servfail"),
    "cname-loop": (Exit.NAME, "dns.lookup", "dns.error", None),
    "refused": (Exit.CONNECT, "tcp", "tcp.error", "refused"),
    "unreachable": (Exit.CONNECT, "tcp", "tcp.error", "unreachable"),
    "black-hole": (Exit.TIMEOUT, "tcp", "tcp.error", "timeout"),
    "expired": (Exit.TLS, "tls", "tls.error", "expired"),
    "not-yet-valid": (Exit.TLS, "tls", "tls.error", "not-yet-valid"),
    "wrong-name": (Exit.TLS, "tls", "tls.error", "wrong-name"),
    "untrusted-root": (Exit.TLS, "tls", "tls.error", "untrusted-root"),
    "self-signed": (Exit.TLS, "tls", "tls.error", "self-signed"),
    "missing-intermediate": (Exit.TLS, "tls", "tls.error", "missing-intermediate"),
    "handshake-failure": (Exit.TLS, "tls", "tls.error", "handshake-failure"),
    "plain-http": (Exit.TLS, "tls", "tls.error", "plain-http"),
    "silent-tls": (Exit.TIMEOUT, "tls", "tls.error", "timeout"),
    "redirect-loop": (Exit.HTTP, "http", "http.error", "redirect-loop"),
    "endless": (Exit.HTTP, "http", "http.error", None),
    "oversized": (Exit.HTTP, "http", "http.error", None),
    "slow-drip": (Exit.TIMEOUT, "http", "http.error", None),
    "garbage": (Exit.HTTP, "http", "http.error", "garbage"),
    "silent-http": (Exit.TIMEOUT, "http", "http.error", "timeout"),
    "cut": (Exit.HTTP, "http", "http.error", None),
    "bomb": (Exit.HTTP, "http", "http.error", None),
    "huge-headers": (Exit.HTTP, "http", "http.error", None),
}
"""Host: exit code, the chapter where it breaks, the fact that says how, and its value."""

IN_ORDER = ("truncated", "control-characters", "markup", "error")


def trace(host: str, *words: str) -> Ran:
    name = f"{host}.broken.example.org"
    return netlab("trace", name, "--network", "lab", "--max-time", "5s", *words)


def test_every_broken_host_is_tried() -> None:
    named = {host.name.split(".")[0] for host in HOSTS if host.name.endswith(".broken.example.org")}
    assert named == {*BROKEN, *IN_ORDER}


@pytest.mark.parametrize("host", BROKEN)
def test_a_breakage_is_told_where_it_happened(host: str) -> None:
    code, chapter, name, value = BROKEN[host]
    ran = trace(host, "--json")
    found = [r for r in ran.records("fact") if r["name"] == name]
    assert ran.code == code, ran.err
    assert found, "the fact that says how it broke"
    assert found[-1]["step"].rpartition("/")[2] == chapter
    assert value is None or found[-1]["value"] == value
    faults = [r for r in ran.records("finding") if r["severity"] in ("fault", "warning")]
    assert faults
    assert all(fault["advice"] for fault in faults)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("host", [*BROKEN, *IN_ORDER])
def test_nothing_raw_reaches_the_terminal(host: str) -> None:
    ran = trace(host, "--deep")
    assert not RAW.search(ran.out)
    assert not RAW.search(ran.err)
    assert "Traceback" not in ran.err
    assert "Address bar" in ran.out


@pytest.mark.parametrize("host", IN_ORDER)
def test_what_is_no_fault_ends_with_zero(host: str) -> None:
    assert trace(host, "--brief").code == Exit.OK


def test_a_truncated_answer_is_asked_again_over_tcp() -> None:
    found = trace("truncated", "--json").facts()
    assert found["dns.truncated"] is True
    assert found["dns.transport"] == "tcp"


def test_markup_is_shown_as_text() -> None:
    ran = trace("markup", "--deep")
    assert "[red]" in ran.out or "[bold" in ran.out


def test_insecure_goes_on_and_says_so() -> None:
    ran = trace("expired", "--insecure", "--json")
    assert ran.code == Exit.OK
    assert ran.facts()["tls.verified"] is False
    assert "expired" in ran.facts()["tls.faults"]
