"""Exit codes, and the one error that is told to people in words.

Anything else that escapes is a bug of netlab's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """How a command ends. An HTTP error status is the server's answer, not a fault: OK."""

    OK = 0
    BUG = 1
    USAGE = 2
    NAME = 3
    CONNECT = 4
    TLS = 5
    HTTP = 6
    TIMEOUT = 7
    FILE = 8
    INTERRUPT = 130
    PIPE = 141


@dataclass
class NetlabError(Exception):
    """Something went wrong that a person can act on.

    what: what happened. where: at which point of the journey. cause: the most likely one.
    advice: what to try. Text from the network may stand in them: views escape it.
    """

    what: str
    where: str = ""
    cause: str = ""
    advice: str = ""
    exit: Exit = Exit.USAGE

    def __str__(self) -> str:
        return self.what


def nearest(given: str, known: Iterable[str], otherwise: str) -> str:
    """The advice where there is nothing of that name: the one that was meant, if one is near."""
    from difflib import get_close_matches  # of use in this one case alone

    near = get_close_matches(given, [*known], n=1)
    return f"did you mean {near[0]}?" if near else otherwise
