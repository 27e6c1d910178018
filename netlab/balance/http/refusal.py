"""A request that goes no further, and the answer that says so."""

from dataclasses import dataclass

from netlab.balance.http.reasons import reason


@dataclass
class Refusal(Exception):
    """What is wrong with a request, or with what a backend made of it.

    Nothing after it on the connection can be trusted to begin where it seems to, so the connection
    closes (RFC 9112 §9.6). `why` is ours and holds nothing that the client sent.
    """

    status: int
    why: str
    section: str = ""

    def __str__(self) -> str:
        return f"{self.why} ({self.section})" if self.section else self.why


def bad(why: str, section: str) -> Refusal:
    """400: what the grammar or a rule of framing forbids."""
    return Refusal(400, why, section)


def answer(refusal: Refusal, head_only: bool = False, date: bytes = b"") -> bytes:
    """The whole response to a refused request: its reason as text, then the end."""
    text = f"{refusal.status} {reason(refusal.status)}: {refusal}\n".encode()
    lines = [
        b"HTTP/1.1 %d %s" % (refusal.status, reason(refusal.status).encode()),
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Length: %d" % len(text),
        b"Cache-Control: no-store",
        b"Connection: close",
    ]
    if date:
        lines.append(b"Date: " + date)
    if refusal.status in (408, 503):
        # Both may be asked again (RFC 9110 §15.5.9, §15.6.4), on a connection of their own.
        lines.append(b"Retry-After: 1")
    return b"\r\n".join([*lines, b"", b"" if head_only else text])
