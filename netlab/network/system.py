"""What the operating system itself says: its own look-up, and its proxies."""

import asyncio
import os
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Clock = Callable[[], float]
LookUp = Callable[..., list[tuple[Any, ...]]]

PROXIES = ("https_proxy", "http_proxy", "all_proxy")
CREDENTIALS = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*://)?.*@", re.DOTALL)
FAMILIES = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What getaddrinfo said. error: its own words, `no answer in time`, or None."""

    addresses: tuple[str, ...]
    started_at: float
    ended_at: float
    error: str | None = None


async def system_look_up(
    host: str,
    clock: Clock,
    timeout: float,
    family: Literal[4, 6] | None = None,
    getaddrinfo: LookUp = socket.getaddrinfo,
) -> SystemAnswer:
    """Ask getaddrinfo, in a daemon thread of its own.

    It cannot be interrupted: a pool's thread (`asyncio.to_thread`) would keep the interpreter
    from ending for as long as the C library waits.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[SystemAnswer] = loop.create_future()
    started_at = clock()

    def settle(found: SystemAnswer) -> None:
        if not answer.done():
            answer.set_result(found)

    def work() -> None:
        found = _look_up(host, clock, started_at, FAMILIES[family], getaddrinfo)
        try:
            loop.call_soon_threadsafe(settle, found)
        except RuntimeError:
            return  # Too late: the loop is closed, and nobody waits any more.

    threading.Thread(target=work, name="getaddrinfo", daemon=True).start()
    await asyncio.wait({answer}, timeout=timeout)
    if answer.done():
        return answer.result()
    return SystemAnswer((), started_at, clock(), "no answer in time")


def _look_up(
    host: str, clock: Clock, started_at: float, family: int, getaddrinfo: LookUp
) -> SystemAnswer:
    try:
        found = getaddrinfo(host, None, family=family, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        words = error.strerror if isinstance(error, OSError) else None
        return SystemAnswer((), started_at, clock(), words or str(error))
    ended_at = clock()
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return SystemAnswer(tuple(addresses), started_at, ended_at)


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy named in the environment; credentials in its address are masked."""

    variable: str
    address: str


def proxies(environment: Mapping[str, str] = os.environ) -> tuple[Proxy, ...]:
    """The proxies that programs would take from the environment, lower case first as in curl."""
    return tuple(
        Proxy(variable, CREDENTIALS.sub(r"\1***@", environment[variable]))
        for name in PROXIES
        for variable in (name, name.upper())
        if environment.get(variable)
    )
