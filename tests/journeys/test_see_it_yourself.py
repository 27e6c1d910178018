"""The lines that a chapter offers, pasted into a shell while `netlab lab up` runs."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.journeys.command import Ran, netlab
from tests.witness import need


@pytest.fixture(scope="module")
def up() -> Iterator[None]:
    """A lab that stands, as a person keeps one in another terminal."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "netlab", "lab", "up"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert any("Ctrl-C ends it" in line for line in process.stdout)
        yield
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def offered(ran: Ran) -> list[str]:
    return re.findall(r"^ +(?:see it yourself +)?((?:dig|curl|openssl) .*)$", ran.out, re.M)


def pasted(line: str) -> str:
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, timeout=30, check=False,
        stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    assert done.returncode == 0, (line, done.stderr)
    # s_client prints what the server says at once, which in HTTP/2 is a binary SETTINGS frame.
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace")


@pytest.mark.witness
def test_every_line_of_a_chapter_shows_what_the_chapter_shows(up: None) -> None:
    need("dig", "curl", "openssl")
    ran = netlab("trace", "cdn.example.net", "--network", "lab", "--plain", width=600)
    found = netlab("trace", "cdn.example.net", "--network", "lab", "--json").facts()
    said = {line: pasted(line) for line in offered(ran)}

    (short,) = [text for line, text in said.items() if line.startswith("dig cdn.example.net A ")]
    assert all(address in short for address in found["dns.answers"] if ":" not in address)
    assert all(link["target"] in short for link in found["dns.cname_chain"])
    first, last = [text for line, text in said.items() if line.startswith("dig +norecurse")]
    assert "ANSWER: 0" in first
    assert found["dns.delegation"][0]["next_zone"] in first
    assert re.search(r"flags: qr aa[;]", last)
    assert all(address in last for address in found["dns.authoritative"])
    (tls,) = [text for line, text in said.items() if line.startswith("openssl")]
    assert found["tls.cipher"] in tls
    assert f"ALPN protocol: {found['tls.alpn']}" in tls
    assert "Verify return code: 0 (ok)" in tls
    (http,) = [text for line, text in said.items() if "-gsv -o /dev/null --connect" in line]
    assert f"< HTTP/2 {found['http.status']}" in http
    assert f"({found['tcp.dialled'].rpartition(':')[0].strip('[]')})" in http
    assert any(re.search("Re-?using existing", text) for text in said.values())
