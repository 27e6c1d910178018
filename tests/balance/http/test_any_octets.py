"""Whatever comes: either it is refused, or it means to h11 what it meant to us."""

import h11
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from netlab.balance.http.body import body_of
from netlab.balance.http.chunks import chunk, last_chunk
from netlab.balance.http.forward import Client, kept_trailers, request_head
from netlab.balance.http.head import (
    RequestHead,
    cut_head,
    cut_request,
    parse_request,
    parse_response,
)
from netlab.balance.http.refusal import Refusal

WHO = Client("192.0.2.1", b"http", b"192.0.2.9:80")

SEEDS = (
    b"GET /a?b=c HTTP/1.1\r\nHost: a.example\r\nAccept: */*\r\nCookie: a=b; c=d\r\n\r\n",
    b"POST http://a.example/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    b'3;x="y"\r\nhel\r\n2\r\nlo\r\n0\r\nDigest: x\r\n\r\n',
    b"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nConnection: TE, x\r\nTE: trailers\r\nX: a\r\n\r\n",
    b"GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nVia: 1.0 x\r\nMax-Forwards: 1\r\n\r\n",
)

SPLICES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b";", b",", b"\x00", b"\x0b", b"\xff", b"0", b"5",
        b"Content-Length: 5\r\n", b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: gzip\r\n", b"Host: b\r\n", b"Connection: close, host\r\n", b"chunked",
        b"HTTP/1.1", b"HTTP/1.0", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"0\r\n\r\n", b"1\r\na\r\n",
        b"Forwarded: for=1\r\n", b"Upgrade: h2c\r\n", b"_", b"%", b"#", b'"', b"\\", b"@", b"?",
    ]
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, seeds: tuple[bytes, ...] = SEEDS) -> bytes:
    """A message with a few places cut out, and things put in."""
    octets = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(octets)))
        until = draw(st.integers(at, min(len(octets), at + 8)))
        octets = octets[:at] + draw(SPLICES | st.binary(max_size=4)) + octets[until:]
    return octets


def read(octets: bytes, step: int) -> tuple[RequestHead, bytes, bytes] | int | None:
    """A request, its body, and what is sent on; the status of its refusal; None if it is not whole.

    step: so many octets come at a time.
    """
    pieces = [octets[at : at + step] for at in range(0, len(octets), step)]
    buffer = bytearray()
    head, data, out = None, b"", b""
    try:
        for piece in pieces:
            buffer += piece
            if head is None:
                cut = cut_request(buffer)
                if cut is None:
                    continue
                head = parse_request(cut)
                body = body_of(head.framing)
                out = request_head(head, WHO)
            taken = body.take(buffer)
            data += taken
            out += chunk(taken) if head.framing.chunked else taken
            if body.done:
                tail = last_chunk(kept_trailers(body.trailers)) if head.framing.chunked else b""
                return head, data, out + tail
    except Refusal as refusal:
        return refusal.status
    return None


@settings(deadline=None, max_examples=400)
@example(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
@given(damaged())
def test_what_is_sent_on_means_the_same_to_h11(octets: bytes) -> None:
    outcome = read(octets, len(octets) or 1)
    if not isinstance(outcome, tuple):
        return
    head, data, out = outcome
    server = h11.Connection(h11.SERVER)
    server.receive_data(out)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    assert (request.method, request.target) == (head.method, head.target.form)
    assert request.http_version == b"1.1"
    fields = dict(request.headers)
    assert fields[b"x-forwarded-for"] == b"192.0.2.1"
    assert len([name for name, _ in request.headers if name == b"host"]) == 1
    assert not {b"content-length", b"transfer-encoding"} <= set(fields)
    body = b""
    while isinstance(event := server.next_event(), h11.Data):
        body += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert body == data
    assert server.trailing_data == (b"", False), "nothing that could be a second request"


@settings(deadline=None, max_examples=200)
@given(damaged(), st.integers(1, 9))
def test_it_means_the_same_however_it_is_cut(octets: bytes, step: int) -> None:
    """Segments have no meaning; only how early something wrong shows may differ."""
    whole, cut = read(octets, len(octets) or 1), read(octets, step)
    if isinstance(whole, tuple):
        assert isinstance(cut, tuple)
        assert (cut[1], cut[0].target, cut[0].framing) == (
            whole[1], whole[0].target, whole[0].framing,
        )  # fmt: skip
    else:
        assert not isinstance(cut, tuple)
        assert whole is None or cut is not None


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.integers(1, 50))
def test_nothing_but_a_refusal_escapes(octets: bytes, step: int) -> None:
    read(octets, step)
    read(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + octets, step)


RESPONSES = (
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nServer: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
)


@settings(deadline=None, max_examples=200)
@given(damaged(RESPONSES))
def test_an_answer_that_passes_means_the_same_to_h11(octets: bytes) -> None:
    buffer = bytearray(octets)
    try:
        cut = cut_head(buffer)
        if cut is None:
            return
        head = parse_response(cut, b"GET")
        body = body_of(head.framing)
        data = body.take(buffer)
    except Refusal:
        return
    if head.status < 200 or not body.done:
        return
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "a")]))
    client.send(h11.EndOfMessage())
    client.receive_data(octets[: len(octets) - len(buffer)])
    event = client.next_event()
    assert isinstance(event, h11.Response)
    assert event.status_code == head.status
    heard = b""
    while isinstance(event := client.next_event(), h11.Data):
        heard += bytes(event.data)
    assert isinstance(event, h11.EndOfMessage)
    assert heard == data


@pytest.mark.slow
@pytest.mark.timeout(180)
@settings(deadline=None, max_examples=10_000)
@given(damaged())
def test_what_is_sent_on_means_the_same_to_h11_at_length(octets: bytes) -> None:
    test_what_is_sent_on_means_the_same_to_h11.hypothesis.inner_test(octets)  # type: ignore[attr-defined]
