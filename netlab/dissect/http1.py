"""HTTP/1.1 messages (RFC 9112): the head line by line, and the content's framing."""

from dataclasses import dataclass, field

from netlab.dissect import http1_body
from netlab.dissect.http1_body import Content, Framing
from netlab.dissect.http1_head import LONGEST_HEAD, HeaderLine, field_lines, line, token
from netlab.dissect.reader import Incomplete, Malformed, Reader, dissect, walk
from netlab.recording.records import Field

MOST_INTERIM = 100
SWITCHING_PROTOCOLS = 101


@dataclass(frozen=True, slots=True)
class Parsed:
    """One message as far as it is there.

    head_length is None until the head is whole; length is how many octets belong to the message.
    complete: head and content are whole; a content that ends with the connection never says so.
    body is decoded from its framing, up to a bound; body_length counts all of it. lines are the
    field lines, those of the trailers included, with the places of their values.
    """

    fields: tuple[Field, ...]
    head_length: int | None
    length: int
    complete: bool
    malformed: bool
    method: str | None
    target: str | None
    version: str | None
    status: int | None
    reason: str | None
    headers: tuple[tuple[str, str], ...]
    lines: tuple[HeaderLine, ...]
    framing: Framing
    body: bytes
    body_length: int
    trailers: tuple[tuple[str, str], ...]
    interim: bool


@dataclass(frozen=True, slots=True)
class Responses:
    """Where responses begin: the interim ones (1xx), and the final one once it has begun."""

    interim: tuple[int, ...]
    final: int | None


@dataclass(slots=True)
class _Draft:
    """What is known so far of the message being read."""

    is_response: bool
    method: str | None = None
    target: str | None = None
    version: str | None = None
    status: int | None = None
    reason: str | None = None
    head_length: int | None = None
    length: int = 0
    lines: list[HeaderLine] = field(default_factory=list)
    content: Content = field(default_factory=Content)


def request(data: bytes) -> Parsed:
    """The request at the beginning of data."""
    return _parsed(data, _Draft(is_response=False))


def response(data: bytes, request_method: str = "GET") -> Parsed:
    """The response at the beginning of data, interim (1xx) or final.

    To which method it answers decides whether it has content.
    """
    return _parsed(data, _Draft(is_response=True, method=request_method))


def split_responses(data: bytes) -> Responses:
    """Where the interim responses and the final one begin in what came after a request.

    The final one is known as such as soon as its status code is there; what is no HTTP at all
    counts as final. 101 ends HTTP/1.1 on this connection, and so is final too.
    """
    interim: list[int] = []
    at = 0
    while at < len(data) and len(interim) <= MOST_INTERIM:
        head = response(data[at : at + LONGEST_HEAD + 1], "HEAD")
        if head.status is None:
            return Responses(tuple(interim), at if head.malformed else None)
        if not head.interim:
            return Responses(tuple(interim), at)
        interim.append(at)
        if head.head_length is None:
            break
        at += head.head_length
    return Responses(tuple(interim), None)


def _parsed(data: bytes, draft: _Draft) -> Parsed:
    def parse(reader: Reader) -> None:
        try:
            _message(reader, draft)
        finally:
            draft.length = reader.at
        reader.end = reader.at  # the next message is not this one's

    fields = dissect(data, parse)
    content = draft.content
    return Parsed(
        fields=fields,
        head_length=draft.head_length,
        length=draft.length,
        complete=content.complete,
        malformed=any(found.name == "malformed" for found in walk(fields)),
        method=None if draft.is_response else draft.method,
        target=draft.target,
        version=draft.version,
        status=draft.status,
        reason=draft.reason,
        headers=tuple((found.name, found.value) for found in draft.lines),
        lines=(*draft.lines, *content.trailers),
        framing=content.framing,
        body=content.kept,
        body_length=content.length,
        trailers=tuple((found.name, found.value) for found in content.trailers),
        interim=_interim(draft),
    )


def _interim(draft: _Draft) -> bool:
    status = draft.status
    return status is not None and status // 100 == 1 and status != SWITCHING_PROTOCOLS


def _message(reader: Reader, draft: _Draft) -> None:
    end = reader.end
    reader.end = min(end, LONGEST_HEAD)
    try:
        (_status_line if draft.is_response else _request_line)(reader, draft)
        field_lines(reader, draft.lines)
    except Incomplete:
        if end > LONGEST_HEAD:
            raise Malformed(f"a head of more than {LONGEST_HEAD} octets") from None
        raise
    finally:
        reader.end = end
    draft.head_length = reader.at
    if draft.is_response and draft.status is None:
        raise Malformed("what follows a status line without a code cannot be told")
    framing, length, fault = http1_body.framing(draft.lines, draft.status, draft.method)
    if fault:
        reader.flag(fault)
    draft.content.framing = framing
    http1_body.read(reader, draft.content, length)


def _status_line(reader: Reader, draft: _Draft) -> None:
    if not b"HTTP/".startswith(reader.data[:5]):
        raise Malformed("this is no HTTP/1.1 response")
    with line(reader, "status-line") as inner:
        draft.version = _version(token(inner, "HTTP-version"))
        start = inner.at
        code = token(inner, "status-code")
        if len(code) != 3 or not (code.isascii() and code.isdecimal()):
            inner.at = start
            inner.fields.pop()
            raise Malformed("a status code is three digits (RFC 9112 §4)")
        draft.status = int(code)
        draft.reason = token(inner, "reason-phrase", last=True)
        inner.value = draft.status


def _request_line(reader: Reader, draft: _Draft) -> None:
    with line(reader, "request-line") as inner:
        draft.method = token(inner, "method")
        draft.target = token(inner, "request-target")
        draft.version = _version(token(inner, "HTTP-version"))
        inner.value = f"{draft.method} {draft.target}"


def _version(words: str) -> str:
    if not words.startswith("HTTP/"):
        raise Malformed("a start line names the version of HTTP (RFC 9112 §2.3)")
    return words.removeprefix("HTTP/")
