"""From what was typed to values, or a usage error in plain words."""

import re
from collections.abc import Iterable
from typing import Literal

from netlab.errors import NetlabError

UNITS = {"": 1.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "m": 60.0}
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A field name, RFC 9110 §5.1."""


def seconds(text: str, option: str) -> float:
    """`200ms`, `1.5s`; a bare number is seconds, as in curl."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|us|s|m)?", text.strip())
    value = float(match[1]) * UNITS[match[2] or ""] if match else 0.0
    if not 0 < value <= 3600:
        raise NetlabError(
            f"{option} {text}: not a length of time",
            advice="write seconds (30, 1.5s) or milliseconds (200ms), up to an hour",
        )
    return value


def family(ipv4: bool, ipv6: bool) -> Literal[4, 6] | None:
    if ipv4 and ipv6:
        raise NetlabError("-4 and -6 exclude each other", advice="leave out both to race them")
    return 4 if ipv4 else 6 if ipv6 else None


def http_version(http1: bool, http2: bool) -> Literal["1.1", "2"] | None:
    if http1 and http2:
        raise NetlabError(
            "--http1.1 and --http2 exclude each other", advice="leave out both to offer both"
        )
    return "1.1" if http1 else "2" if http2 else None


def header_fields(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple(_field(line) for line in lines)


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not TOKEN.fullmatch(name) or not value.isprintable():
        raise NetlabError(
            f"-H {line}: not a header field", advice="write it as 'Name: value', on one line"
        )
    return name, value.strip()


def distances(pairs: Iterable[str]) -> dict[str, float]:
    """`resolver=20ms` and the like, by service of the lab."""
    found = {}
    for pair in pairs:
        who, equals, time = pair.partition("=")
        if not equals or not who:
            raise NetlabError(
                f"--distance {pair}: not a distance", advice="write it as WHO=TIME: resolver=20ms"
            )
        found[who] = seconds(time, "--distance")
    return found
