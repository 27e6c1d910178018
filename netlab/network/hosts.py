"""The hosts file: names that need no DNS (hosts(5))."""

import ipaddress
import os
import sys
from dataclasses import dataclass

from netlab.network.resolvers import read_file

LIMIT = 16 * 1024 * 1024
"""Octets that are read. Lists that block advertisers have some megabytes."""


@dataclass(frozen=True, slots=True)
class HostsFile:
    """What a hosts file says. entries: how many lines give names; match: this name's addresses."""

    path: str
    entries: int
    match: tuple[str, ...]
    readable: bool = True


def path() -> str:
    """Where this system keeps it."""
    if sys.platform == "win32":
        return os.path.join(
            os.environ.get("SYSTEMROOT", r"C:\Windows"), "System32", "drivers", "etc", "hosts"
        )
    return "/etc/hosts"


def look_up(host: str, file: str | None = None) -> HostsFile:
    """Look a name up in this machine's hosts file."""
    file = file or path()
    text = read_file(file, LIMIT)
    if text is None:
        return HostsFile(file, 0, (), readable=False)
    entries, match = parse(text, host)
    return HostsFile(file, entries, match)


def parse(text: str, host: str) -> tuple[int, tuple[str, ...]]:
    """How many entries there are, and the addresses of this name, in the file's order.

    Only lines with the name on them are looked at closely: there may be a hundred thousand.
    """
    wanted = host.lower().rstrip(".")
    entries = 0
    addresses: dict[str, None] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if len(words) < 2:
            continue
        entries += 1
        if any(word.lower().rstrip(".") == wanted for word in words[1:]) and _valid(words[0]):
            addresses[words[0]] = None
    return entries, tuple(addresses)


def _valid(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
