"""The lines for other people's programs work when they are pasted."""

import shutil
import subprocess

import pytest

from netlab.lab import Lab
from netlab.lab.reach import Way, browser, reach


def line_for(lab: Lab, start: str) -> Way:
    return next(way for way in reach(lab.directory) if way.what.startswith(start))


def test_every_server_has_its_line(lab: Lab) -> None:
    ways = reach(lab.directory)
    datagram = [seen for seen in lab.directory.endpoints if seen[0] == "udp"]
    assert len([way for way in ways if way.command.startswith("dig ")]) == len(datagram)
    named = {way.what.partition(":")[0] for way in ways}
    reachable = {host.name for host in lab.directory.hosts if host.tcp in ("", "refused")}
    assert {"www.google.com", "www.naver.com", "cdn.example.net"} <= named & reachable


def test_the_browsers_rules_name_every_web_host(lab: Lab) -> None:
    line = browser(lab.directory).command
    assert "MAP www.google.com:443 127.0.0.1:" in line
    assert "MAP unreachable.broken.example.org" not in line


@pytest.mark.witness
@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("www.google.com:", "<title>Search</title>"),
        ("cdn.example.net:", "<title>An edge server</title>"),
        ("192.0.2.53: the resolver", "203.0.113.10"),
        ("192.0.2.1: a.root-servers.net", "com."),
    ],
)
def test_a_pasted_line_works(lab: Lab, start: str, said: str) -> None:
    command = line_for(lab, start).command
    if not shutil.which(command.split()[0]):
        pytest.skip(f"{command.split()[0]} is not installed")
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=30, check=True
    )
    assert said in done.stdout
