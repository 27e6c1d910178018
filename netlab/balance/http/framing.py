"""Where a message's body ends: the rules of RFC 9112 §6, with nothing left to interpretation.

Two parties that read one message's length differently are how a request is smuggled: what one
takes for body, the other takes for the next request. So whatever could be read in two ways is
refused, also where RFC 9112 would let a recipient choose one of them.
"""

import re
from dataclasses import dataclass

from netlab.balance.http.fields import Fields
from netlab.balance.http.limits import LIMITS, Limits
from netlab.balance.http.refusal import Refusal, bad

DIGITS = re.compile(rb"[0-9]+")
BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Framing:
    """length: octets, None where chunks or the connection's end tell. No body is length 0."""

    length: int | None = 0
    chunked: bool = False

    @property
    def until_close(self) -> bool:
        return self.length is None and not self.chunked

    @property
    def empty(self) -> bool:
        return self.length == 0


NONE = Framing()
CHUNKED = Framing(None, True)
UNTIL_CLOSE = Framing(None, False)


def request_framing(fields: Fields, version: int, limits: Limits = LIMITS) -> Framing:
    """version: the minor one. A request without either field has no body (RFC 9112 §6.3)."""
    codings = fields.all(b"transfer-encoding")
    lengths = fields.all(b"content-length")
    if codings:
        check_codings(codings, version, bool(lengths))
        return CHUNKED
    if not lengths:
        return NONE
    length = one_length(lengths)
    if length > limits.body:
        raise Refusal(413, "a body longer than any that is taken", "RFC 9110 §15.5.14")
    return Framing(length)


def check_codings(values: list[bytes], version: int, has_length: bool) -> None:
    """Only `chunked`, once, alone, and in HTTP/1.1."""
    if version == 0:
        raise bad("Transfer-Encoding in HTTP/1.0", "RFC 9112 §6.1")
    if has_length:
        raise bad("Content-Length beside Transfer-Encoding", "RFC 9112 §6.1")
    codings = [part.strip(b" \t").lower() for value in values for part in value.split(b",")]
    if codings == [b"chunked"]:
        return
    if b"" in codings:
        raise bad("an empty transfer coding", "RFC 9112 §6.1")
    if codings[-1] != b"chunked":
        raise bad("chunked is not the last transfer coding", "RFC 9112 §6.3")
    if codings.count(b"chunked") > 1:
        raise bad("chunked is named twice", "RFC 9112 §6.1")
    raise Refusal(501, "a transfer coding other than chunked", "RFC 9112 §6.1")


def one_length(values: list[bytes]) -> int:
    """RFC 9112 §6.3 lets a recipient take equal lengths for one; here even they are refused."""
    if len(values) > 1 or b"," in values[0]:
        raise bad("more than one Content-Length", "RFC 9112 §6.3")
    if DIGITS.fullmatch(values[0]) is None:
        raise bad("a Content-Length that is no number", "RFC 9110 §8.6")
    digits = values[0].lstrip(b"0") or b"0"
    # More digits than any length has: not even converted (RFC 9110 §8.6 warns of overflow).
    return int(digits) if len(digits) < 20 else 1 << 64


def response_framing(method: bytes, status: int, fields: Fields, version: int) -> Framing:
    """Whatever the fields say, some responses have no body (RFC 9112 §6.3 rule 1)."""
    codings = fields.all(b"transfer-encoding")
    lengths = fields.all(b"content-length")
    if codings:
        check_codings(codings, version, bool(lengths))
    length = one_length(lengths) if lengths else None
    if method == b"HEAD" or status < 200 or status in BODILESS:
        return NONE
    if codings:
        return CHUNKED
    if length is not None and length > 1 << 63:
        raise bad("a Content-Length beyond all bounds", "RFC 9110 §8.6")
    return UNTIL_CLOSE if length is None else Framing(length)
