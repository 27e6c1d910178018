"""How an OAuth flow may end early: at which step, for which reason, by which rule."""

from dataclasses import dataclass

from netlab.network.http1 import Reply

SHOWN = 300


@dataclass
class Stopped(Exception):
    """where: `token endpoint`, `callback` and the like. error: OAuth's own word, if one was said.

    why: in plain words; it may hold text from the network. rule: what is behind it, if known.
    """

    where: str
    why: str
    error: str = ""
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def refused(where: str, reply: Reply, said: dict[str, object]) -> Stopped:
    """What an endpoint's error answer comes down to (RFC 6749 §5.2)."""
    error = str(said.get("error", ""))[:80]
    words = str(said.get("error_description", ""))[:SHOWN]
    if not error:
        kind = reply.header("content-type").partition(";")[0] or "nothing"
        return Stopped(where, f"it answered {reply.status} with {kind[:80]}, which is no answer "
                       "of OAuth's")  # fmt: skip
    return Stopped(where, words or f"it answered {reply.status} {error}", error)
