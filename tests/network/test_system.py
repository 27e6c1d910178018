"""getaddrinfo in a thread of its own, and proxies without their passwords."""

import asyncio
import itertools
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from netlab.network.system import SystemAnswer, proxies, system_look_up


def ticking() -> Callable[[], float]:
    count = itertools.count()
    return lambda: float(next(count))


def look_up(host: str, timeout: float = 10.0, **options: Any) -> SystemAnswer:
    return asyncio.run(system_look_up(host, ticking(), timeout, **options))


def test_the_real_one_knows_localhost() -> None:
    found = look_up("localhost", family=4)
    assert found == SystemAnswer(("127.0.0.1",), 0, 1)


def test_addresses_are_told_once_and_in_order() -> None:
    def answer(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 0)) for address in ("::1", "127.0.0.1", "::1")]

    assert look_up("x", getaddrinfo=answer).addresses == ("::1", "127.0.0.1")


@pytest.mark.parametrize(
    "error", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label too long")]
)
def test_its_own_words_are_kept(error: Exception) -> None:
    def fail(*_: object, **__: object) -> list[tuple[Any, ...]]:
        raise error

    found = look_up("x", getaddrinfo=fail)
    assert found.addresses == ()
    assert found.error in ("Name or service not known", "label too long")


def test_it_is_not_waited_for_longer_than_the_time_out() -> None:
    release = threading.Event()

    def stuck(*_: object, **__: object) -> list[tuple[Any, ...]]:
        release.wait(30)
        return []

    try:
        assert look_up("x", timeout=0.02, getaddrinfo=stuck).error == "no answer in time"
    finally:
        release.set()


def test_a_look_up_under_way_does_not_keep_the_interpreter() -> None:
    code = (
        "import asyncio, time\n"
        "from netlab.network.system import system_look_up\n"
        "def stuck(*a, **k): time.sleep(60)\n"
        "asyncio.run(system_look_up('x', time.perf_counter, 0.02, getaddrinfo=stuck))\n"
    )
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("http://user:pa@ss@proxy.example:3128", "http://***@proxy.example:3128"),
        ("user:pass@proxy.example", "***@proxy.example"),
        ("socks5h://u:p/w@[::1]:1080", "socks5h://***@[::1]:1080"),
        ("http://u:p\n@proxy", "http://***@proxy"),
    ],
)
def test_proxies_are_named_without_credentials(value: str, shown: str) -> None:
    (found,) = proxies({"HTTPS_PROXY": value, "no_proxy": "x", "http_proxy": ""})
    assert (found.variable, found.address) == ("HTTPS_PROXY", shown)


def test_lower_case_comes_first() -> None:
    found = proxies({"HTTP_PROXY": "b", "http_proxy": "a", "ALL_PROXY": "c"})
    assert [one.address for one in found] == ["a", "b", "c"]
