"""Balancers that a load can be sent through: ours, HAProxy and nginx, started and stopped here."""

import os
import shutil
from collections.abc import Callable
from importlib import import_module
from typing import Literal

from netlab.errors import NetlabError
from netlab.experiments.loadbalancing.engines.base import Engine

Name = Literal["netlab", "haproxy", "nginx"]
CLASSES = {"netlab": "Ours", "haproxy": "HAProxy", "nginx": "Nginx"}
SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"))
"""Where Debian puts what only an administrator is thought to start."""


def find(name: str) -> str | None:
    """Where the program is; what is not on PATH may still be there."""
    return shutil.which(name, path=SBIN)


def need(name: str) -> str:
    """Raises NetlabError where it is not installed."""
    found = find(name)
    if found is None:
        raise NetlabError(
            f"{name} is not on this machine.",
            cause="neither on PATH nor in /usr/sbin",
            advice=f"install it (apt install {name}), or leave out --engine {name}",
        )
    return found


def make(name: Name) -> Engine:
    """An engine that is not started yet."""
    module = import_module(f"netlab.experiments.loadbalancing.engines.{name}")
    made: Callable[[], Engine] = getattr(module, CLASSES[name])
    return made()
