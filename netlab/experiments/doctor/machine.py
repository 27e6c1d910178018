"""This machine, asked: what the chapters are handed, so that tests can hand them another."""

import importlib.metadata
import os
import platform
import re
import ssl
import sys
from dataclasses import dataclass
from typing import Protocol

from netlab.experiments.doctor.known import TOOLS
from netlab.network import abilities, programs
from netlab.network.abilities import Families, Kernel, Waiting
from netlab.network.base import Resolver
from netlab.network.choose import Machine, Reply
from netlab.network.programs import Found
from netlab.network.resolvers import machine
from netlab.network.system import Proxy, proxies

DISTRIBUTION = "netlab-concepts"
PATIENCE = 1.5
"""Seconds for the resolver: as long as `--network auto` waits for it."""


@dataclass(frozen=True, slots=True)
class Python:
    version: str
    implementation: str
    lock: bool
    processors: int
    system: str
    packages: tuple[str, ...]
    executable: str


@dataclass(frozen=True, slots=True)
class Tls:
    library: str
    groups: tuple[str, ...]
    anchors: bool


class Asked(Protocol):
    """Everything that is asked, each by itself."""

    def python(self) -> Python: ...

    def families(self) -> Families: ...

    def resolvers(self) -> tuple[Resolver, ...]: ...

    async def resolver_answers(self) -> Reply: ...

    def proxies(self) -> tuple[Proxy, ...]: ...

    def kernel(self) -> Kernel: ...

    def tls(self) -> Tls: ...

    def waiting(self) -> Waiting: ...

    async def tools(self) -> tuple[Found, ...]: ...


class ThisMachine:
    """The real one."""

    def python(self) -> Python:
        lock = getattr(sys, "_is_gil_enabled", lambda: True)()
        return Python(
            platform.python_version(), platform.python_implementation(), bool(lock), processors(),
            f"{platform.system()} {platform.release()} {platform.machine()}", packages(),
            sys.executable,
        )  # fmt: skip

    def families(self) -> Families:
        return abilities.families()

    def resolvers(self) -> tuple[Resolver, ...]:
        return machine().resolvers

    async def resolver_answers(self) -> Reply:
        """The one question that leaves the machine: who serves the root, as `auto` asks it."""
        return await Machine(self.resolvers()).root_query(PATIENCE)

    def proxies(self) -> tuple[Proxy, ...]:
        return proxies()

    def kernel(self) -> Kernel:
        return abilities.asked()

    def tls(self) -> Tls:
        paths = ssl.get_default_verify_paths()
        return Tls(ssl.OPENSSL_VERSION, abilities.groups(), bool(paths.cafile or paths.capath))

    def waiting(self) -> Waiting:
        return abilities.waiting()

    async def tools(self) -> tuple[Found, ...]:
        return await programs.find([tool.program for tool in TOOLS])


def processors() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def packages() -> tuple[str, ...]:
    """Name and version of each direct dependency, as it is installed."""
    try:
        wanted = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return ()
    names = [re.split(r"[^A-Za-z0-9._-]", one)[0] for one in wanted if "extra ==" not in one]
    return tuple(f"{name} {installed(name)}" for name in names)


def installed(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
