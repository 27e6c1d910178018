"""What this machine is configured to ask for names, and in which order.

The files are read here rather than by dnspython's resolver module: that one costs 0.2 s of
imports, and does not say where it read what. What a system does not keep in such files is left
out, and a note says so.
"""

import ipaddress
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from netlab.network.base import Resolver

RESOLV_CONF = "/etc/resolv.conf"
NSSWITCH = "/etc/nsswitch.conf"

FILE_LIMIT = 64 * 1024
PORT = 53
MOST_RESOLVERS = 3
"""resolv.conf(5), MAXNS: the C library looks at no more."""
MOST_NDOTS = 15
"""resolv.conf(5): larger values are silently capped."""
DEFAULT_RESOLVER = "127.0.0.1"
"""resolv.conf(5): without a nameserver line, the server on the local machine is asked."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the system looks names up.

    order: the services of the `hosts` database (`files`, `dns`, …); None when not told.
    notes: what this system does not tell, one sentence each.
    """

    resolvers: tuple[Resolver, ...]
    search: tuple[str, ...] = ()
    ndots: int = 1
    source: str = ""
    order: tuple[str, ...] | None = None
    order_source: str = ""
    notes: tuple[str, ...] = ()


def machine() -> Configuration:
    """This machine's own configuration."""
    if sys.platform == "win32":
        return _windows()
    found = parse_resolv_conf(read_file(RESOLV_CONF) or "", RESOLV_CONF)
    if sys.platform == "darwin":
        note = "macOS asks by rules of its own (scutil --dns), of which resolv.conf is a summary."
        return replace(found, notes=(*found.notes, note))
    text = read_file(NSSWITCH)
    order = None if text is None else parse_nsswitch(text)
    return replace(found, order=order, order_source=NSSWITCH if order else "")


def read_file(path: str, limit: int = FILE_LIMIT) -> str | None:
    """The start of a text file, as far as the limit; None when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(limit).decode("utf-8", "backslashreplace")
    except OSError:
        return None


def parse_resolv_conf(text: str, source: str) -> Configuration:
    """resolv.conf(5): the last `search` or `domain` wins; options add up."""
    addresses: list[str] = []
    search: tuple[str, ...] = ()
    ndots = 1
    for keyword, *values in _lines(text):
        if keyword == "nameserver" and is_address(values[0]):
            addresses.append(values[0])
        elif keyword == "search":
            search = tuple(value.rstrip(".") or "." for value in values)
        elif keyword == "domain":
            search = (values[0].rstrip(".") or ".",)
        elif keyword == "options":
            ndots = next(_ndots(values), ndots)
    resolvers = tuple(Resolver(a, PORT, source) for a in addresses[:MOST_RESOLVERS])
    if not resolvers:
        resolvers = (Resolver(DEFAULT_RESOLVER, PORT, f"{source} names none"),)
    return Configuration(resolvers, search, ndots, source)


def _lines(text: str) -> Iterator[list[str]]:
    """Keyword and values of each line that has both; a comment starts its line."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and line[0] not in "#;":
            yield words


def _ndots(options: list[str]) -> Iterator[int]:
    for option in reversed(options):
        name, _, value = option.partition(":")
        if name == "ndots" and value.isdecimal() and value.isascii():
            yield min(int(value[:4]), MOST_NDOTS)


def is_address(text: str) -> bool:
    """An address, perhaps with the zone that a link-local one needs (`fe80::1%eth0`)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def parse_nsswitch(text: str) -> tuple[str, ...] | None:
    """The services of the line `hosts:`, in order, without what stands in brackets."""
    for line in text.splitlines():
        database, colon, services = line.partition("#")[0].partition(":")
        if colon and database.strip() == "hosts":
            words = services.replace("[", " [").replace("]", "] ").split()
            return tuple(_without_actions(words))
    return None


def _without_actions(words: list[str]) -> Iterator[str]:
    """`[NOTFOUND=return]` says when to stop; it is no place to look."""
    inside = False
    for word in words:
        inside = inside or word.startswith("[")
        if not inside:
            yield word
        inside = inside and not word.endswith("]")


def _windows() -> Configuration:
    """What the registry says, as dnspython reads it."""
    source = "Windows registry"
    info: Any = import_module("dns.win32util").get_dns_info()
    search = info.search or ([info.domain] if info.domain else [])
    return Configuration(
        resolvers=tuple(
            Resolver(str(address), PORT, source)
            for address in info.nameservers[:MOST_RESOLVERS]
            if is_address(str(address))
        ),
        search=tuple(name.to_text(omit_final_dot=True) for name in search),
        source=source,
        notes=("Windows does not tell in which order it asks.",),
    )
