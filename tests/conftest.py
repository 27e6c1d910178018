"""What all tests stand on: no packet leaves loopback, and one lab serves the whole session."""

import ipaddress
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from netlab.lab import Lab

settings.register_profile("netlab", deadline=None)  # how fast an example runs is no test's matter
settings.load_profile("netlab")

SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


def stays_here(address: object) -> bool:
    """Whether a socket address is on loopback, or not an internet address at all."""
    if not isinstance(address, tuple) or not address or not isinstance(address[0], str):
        return True
    try:
        return ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
    except ValueError:
        return address[0] in ("", "localhost")


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in SENDING and len(arguments) > 1 and not stays_here(arguments[1]):
        raise AssertionError(f"a test would send to {arguments[1]!r} ({event})")
    if event == "socket.getaddrinfo" and not stays_here((str(arguments[0] or ""),)):
        raise AssertionError(f"a test would ask the system for {arguments[0]!r}")


sys.addaudithook(guard)


@pytest.fixture(scope="session", autouse=True)
def own_runtime_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test finds a lab that a person, or a test beside it, keeps up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """The embedded Internet, started once."""
    with Lab.start() as running:
        yield running
