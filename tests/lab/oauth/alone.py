"""`netlab oauth serve` as a process, and a person with a browser who goes through its forms."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx


@dataclass(frozen=True, slots=True)
class Served:
    """issuer: its first line. words: the others."""

    issuer: str
    words: str


@contextlib.contextmanager
def serving(*words: str) -> Iterator[Served]:
    """It must end with 0 when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "netlab", "oauth", "serve", *words],
        stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        try:
            lines = [server.stdout.readline()]
            while lines[-1] and not lines[-1].startswith("Ctrl-C"):
                lines.append(server.stdout.readline())
            yield Served(lines[0].strip(), "".join(lines[1:]))
            server.send_signal(signal.SIGTERM)
            assert server.wait(10) == 0
        finally:
            server.kill()


def inputs(page: str) -> dict[str, Any]:
    """What a browser would send of the first form, with all boxes left as they are."""
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input [^>]*>", page):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name:
            found.setdefault(name[1], []).append(unescape(value[1]) if value else "")
    return found


def action(page: str, base: str) -> str:
    found = re.search(r'<form method="post" action="([^"]*)"', page)
    assert found, page
    return urljoin(base, unescape(found[1]))


def person(
    url: str, user: str = "alice", decision: str = "approve", verify: Any = False
) -> httpx.Response:
    """Logs in and decides; answers what the last form leads to: a redirection, or a page."""
    with httpx.Client(trust_env=False, verify=verify, timeout=20) as browser:
        page = browser.get(url)
        while page.is_redirect or "<form" in page.text:
            if page.is_redirect:
                location = page.headers["location"]
                if not location.startswith(url.partition("/authorize")[0].partition("/device")[0]):
                    return page
                page = browser.get(location)
                continue
            data = inputs(page.text)
            if "username" in data:
                data |= {"username": user, "password": "correct horse"}
            else:
                data["decision"] = decision
            page = browser.post(action(page.text, str(page.url)), data=data)
        return page
