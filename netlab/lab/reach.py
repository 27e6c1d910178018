"""How to reach the lab's servers with other people's programs: the lines that a person can copy."""

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from netlab.lab.catalogue import Host
from netlab.lab.directory import Directory

DNS, HTTPS = 53, 443


class Way(NamedTuple):
    """what: which server, and what it shows. commands: lines for a shell, each by itself."""

    what: str
    commands: tuple[str, ...]


def reach(directory: Directory) -> list[Way]:
    """The lines for each server: dig for the name servers, curl for the web, then a browser's."""
    return [*by_dig(directory), *by_curl(directory), browser(directory), trust(directory)]


def by_dig(directory: Directory) -> Iterator[Way]:
    """The resolver first, then every name server, over IPv4 and IPv6 where it has both."""
    address, port = directory.resolver
    if dialled := directory.dialled("udp", address, port):
        yield Way(f"{address}: the resolver", (dig(dialled, "www.google.com A"),))
    for name, addresses in directory.name_servers:
        found = (directory.dialled("udp", each, DNS) for each in addresses)
        # Without IPv6 both addresses stand for one socket.
        sockets = dict.fromkeys(dialled for dialled in found if dialled)
        lines = tuple(dig(dialled, "www.google.com A +norecurse") for dialled in sockets)
        yield Way(f"{', '.join(addresses)}: {name}", lines)


def dig(dialled: tuple[str, int], question: str) -> str:
    return f"dig @{dialled[0]} -p {dialled[1]} {question}"


def by_curl(directory: Directory) -> Iterator[Way]:
    for host in directory.hosts:
        if dialled := web_at(directory, host):
            yield Way(f"{host.name}: {host.shows}", (curl(directory, host.name, dialled),))


def curl(directory: Directory, name: str, dialled: tuple[str, int]) -> str:
    """--connect-to, not --resolve: with that the Host header would carry the lab's port."""
    where = f"{name}:{HTTPS}:{literal(dialled[0])}:{dialled[1]}"
    ca_file = shlex.quote(directory.ca_file)
    return f"curl -i --connect-to {where} --cacert {ca_file} https://{name}/"


def web_at(directory: Directory, host: Host) -> tuple[str, int] | None:
    """The real socket of a host's first address on port 443, its aliases followed."""
    named = {each.name: each for each in directory.hosts}
    for _ in named:
        if not host.cname:
            break
        host = named[host.cname]
    for address in host.v4 + host.v6:
        if dialled := directory.dialled("tcp", address, HTTPS):
            return dialled
    return None


def browser(directory: Directory) -> Way:
    """A Chromium with a profile of its own that finds every https host of the lab.

    It is told to take certificates as they come, for this profile alone: that way the lab's root
    never enters a trust store that other programs use.
    """
    rules = ", ".join(
        f"MAP {host.name}:{HTTPS} {literal(dialled[0])}:{dialled[1]}"
        for host in directory.hosts
        if (dialled := web_at(directory, host))
    )
    line = (
        'chromium --user-data-dir="$(mktemp -d)" --ignore-certificate-errors '
        f"--host-resolver-rules={shlex.quote(rules)} https://www.google.com/"
    )
    return Way("Chromium, for all web hosts at once; it checks no certificates", (line,))


def trust(directory: Directory) -> Way:
    """A browser that does check them needs the lab's root in that profile's own store."""
    ca_file = shlex.quote(directory.ca_file)
    return Way(
        "a Firefox profile (folder PROFILE) that trusts the lab's root",
        (f"certutil -d sql:PROFILE -A -t C,, -n netlab-lab -i {ca_file}",),
    )


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address
