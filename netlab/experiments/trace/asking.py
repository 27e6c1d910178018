"""The header fields of a request: what netlab sends by itself, and what a person adds."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from netlab import __version__
from netlab.errors import NetlabError
from netlab.experiments.trace.typed import Typed
from netlab.network.http_body import ACCEPTED

USER_AGENT = f"netlab/{__version__} (+teaching tool)"
ACCEPT = "text/html,application/xhtml+xml,*/*;q=0.8"

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
BODY_FIELDS = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets a server answer 304 instead of the whole again (RFC 9110 §13.1)."""

    etag: str | None = None
    last_modified: str | None = None

    def fields(self) -> list[tuple[str, str]]:
        given = (("If-None-Match", self.etag), ("If-Modified-Since", self.last_modified))
        return [(name, value) for name, value in given if value and _sendable(value)]


def check_headers(headers: Iterable[tuple[str, str]]) -> None:
    """Refuse (usage) what cannot be sent, before anything is."""
    for name, value in headers:
        if not TOKEN.fullmatch(name) or not _sendable(value):
            raise NetlabError(
                f"The header field {name[:40]!r} cannot be sent.",
                where="HTTP",
                cause="A name is letters, digits and hyphens; a value holds no control character.",
                advice="Write it as curl wants it: -H 'Name: value'.",
            )
        if name.lower() in BODY_FIELDS:
            raise NetlabError(
                f"{name} announces a body, and netlab sends none.",
                where="HTTP",
                advice="Leave it out: a GET goes without.",
            )


def request_headers(
    typed: Typed, given: Iterable[tuple[str, str]], validators: Validators | None = None
) -> tuple[tuple[str, str], ...]:
    """What is sent. A given field takes the place of ours; given empty, as in curl, none goes."""
    given = tuple(given)
    check_headers(given)
    ours = [
        ("Host", typed.authority),
        ("User-Agent", USER_AGENT),
        ("Accept", ACCEPT),
        ("Accept-Encoding", ACCEPTED),
        *(validators.fields() if validators else ()),
    ]
    theirs = {name.lower() for name, _ in given}
    host = [(name, value) for name, value in given if name.lower() == "host" and value]
    kept = [(name, value) for name, value in ours if name.lower() not in theirs]
    rest = [(name, value) for name, value in given if name.lower() != "host" and value]
    # RFC 9110 §7.2: Host comes first, and there is always one.
    return (*(host[:1] or ours[:1]), *(pair for pair in kept if pair[0] != "Host"), *rest)


def _sendable(value: str) -> bool:
    return value.strip() == value and not any(
        ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) < 0xE000 for c in value if c != "\t"
    )
