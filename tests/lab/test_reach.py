"""The lines for other people's programs work when they are pasted."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from netlab.lab import Lab
from netlab.lab.reach import Way, browser, reach

posix = pytest.mark.skipif(os.name != "posix", reason="runs the lines in a POSIX shell")


def line_for(lab: Lab, start: str) -> Way:
    return next(way for way in reach(lab.directory) if way.what.startswith(start))


def test_every_server_has_its_line(lab: Lab) -> None:
    ways = reach(lab.directory)
    dialled = {where for seen, where in lab.directory.endpoints.items() if seen[0] == "udp"}
    digs = [line for way in ways for line in way.commands if line.startswith("dig ")]
    assert len(digs) == len(set(digs)) == len(dialled)
    assert all(way.commands for way in ways)
    named = {way.what.partition(":")[0] for way in ways}
    reachable = {host.name for host in lab.directory.hosts if host.tcp in ("", "refused")}
    assert {"www.google.com", "www.naver.com", "cdn.example.net"} <= named & reachable


def test_each_name_server_is_named_once_with_all_its_addresses(lab: Lab) -> None:
    names = [way.what.rpartition(": ")[2] for way in reach(lab.directory)]
    for service in lab.directory.services:
        kind, _, name = service.partition(":")
        assert kind != "ns" or names.count(name) == 1
    way = line_for(lab, "198.51.100.129")
    assert way.what == "198.51.100.129, 2001:db8:53::1: ns1.google.com"
    seen = ("198.51.100.129", "2001:db8:53::1")
    both = {lab.directory.dialled("udp", address, 53) for address in seen}
    assert len(way.commands) == len(both)
    assert sum(way.what.startswith("192.0.2.1,") for way in reach(lab.directory)) == 1


@posix
def test_every_line_is_good_syntax(lab: Lab) -> None:
    lines = "\n".join(line for way in reach(lab.directory) for line in way.commands)
    done = subprocess.run(["sh", "-n"], input=lines, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


@posix
def test_the_browser_gets_its_rules_as_one_argument(lab: Lab, tmp_path: Path) -> None:
    """A stand-in takes the line apart as the shell does, in a folder whose name has spaces."""
    stand_in, scratch = tmp_path / "chromium", tmp_path / "a temporary folder"
    stand_in.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    stand_in.chmod(0o700)
    scratch.mkdir()
    (line,) = browser(lab.directory).commands
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=30, check=True,
        env=os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(scratch)},
    )  # fmt: skip
    profile, certificates, rules, url = done.stdout.splitlines()
    assert Path(profile.removeprefix("--user-data-dir=")).parent == scratch
    assert certificates == "--ignore-certificate-errors"
    assert rules.startswith("--host-resolver-rules=MAP google.com:443 127.0.0.1:")
    assert url == "https://www.google.com/"


def test_the_browsers_rules_name_every_web_host(lab: Lab) -> None:
    (line,) = browser(lab.directory).commands
    assert "MAP www.google.com:443 127.0.0.1:" in line
    assert "MAP unreachable.broken.example.org" not in line


@pytest.mark.witness
@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("www.google.com:", "<title>Search</title>"),
        ("cdn.example.net:", "<title>An edge server</title>"),
        ("192.0.2.53: the resolver", "203.0.113.10"),
        ("192.0.2.1, 2001:db8:1::1: a.root-servers.net", "com."),
        ("198.51.100.130, 2001:db8:53::2: ns2.google.com", "203.0.113.10"),
    ],
)
def test_a_pasted_line_works(lab: Lab, start: str, said: str) -> None:
    for command in line_for(lab, start).commands:
        if not shutil.which(command.split()[0]):
            pytest.skip(f"{command.split()[0]} is not installed")
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True
        )
        assert said in done.stdout
