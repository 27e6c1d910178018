"""Whether a browser may keep an answer, and for how long without asking (RFC 9111)."""

import re
from dataclasses import dataclass
from typing import Literal

from netlab.experiments.trace.cookies import timestamp
from netlab.network.http import Answer

Verdict = Literal["stored", "revalidate", "not-stored", "unsaid"]

DIRECTIVE = re.compile(r'([^\s=,;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?')

LONGEST = 1 << 31
"""RFC 9111 §1.2.2: what is beyond this many seconds counts as this many."""


@dataclass(frozen=True, slots=True)
class Caching:
    """max_age: seconds for which it is fresh, where the answer says so. why: which field did."""

    verdict: Verdict
    max_age: int | None = None
    why: str = ""


def caching(answer: Answer) -> Caching:
    """What a browser's own cache (a private one: s-maxage is not for it) does with this."""
    said = directives(answer.header("cache-control") or "")
    if "no-store" in said:
        return Caching("not-stored", why="Cache-Control: no-store")
    if "no-cache" in said:
        return Caching("revalidate", why="Cache-Control: no-cache")
    if "max-age" in said:
        seconds = delta_seconds(said["max-age"])
        return _fresh_for(0 if seconds is None else seconds, "Cache-Control: max-age")
    expires = answer.header("expires")
    if expires is not None:
        return _fresh_for(_until(expires, answer.header("date")), "Expires")
    if not said and "no-cache" in (answer.header("pragma") or "").lower():
        return Caching("revalidate", why="Pragma: no-cache")
    return Caching("unsaid")


def _fresh_for(seconds: int, why: str) -> Caching:
    return Caching("stored" if seconds else "revalidate", seconds, why)


def _until(expires: str, date: str | None) -> int:
    """§5.3: what is no date (`0`, `-1`) lies in the past."""
    end, start = timestamp(expires), timestamp(date or "")
    if end is None or start is None:
        return 0
    return max(0, min(LONGEST, round(end - start)))


def directives(value: str) -> dict[str, str]:
    """Cache-Control, HSTS and their like as names (small letters) and arguments; first one wins."""
    found: dict[str, str] = {}
    for match in DIRECTIVE.finditer(value[:8192]):
        found.setdefault(match[1].lower(), match[2] if match[2] is not None else match[3] or "")
    return found


def delta_seconds(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()) or len(text) > 4000:
        return None
    return min(LONGEST, int(text))
