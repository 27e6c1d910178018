"""Secrets of the internet do not leave the program, and nothing moves when they are masked."""

import pytest
from hpack import Encoder

from netlab.dissect import http1, http2
from netlab.recording.records import Fact, Field, Header, Message, Record, Recording, Step
from netlab.recording.redaction import redact
from netlab.recording.storage import dumps

TOKEN = "s3cr3t-Token_with.dots"
STEP = Step("http", "http", "HTTP")


def recording(
    *records: Record, network: str = "internet", command: tuple[str, ...] = ()
) -> Recording:
    header = Header("2026-11-23T22:00:00+00:00", command, "trace", network, {})
    return Recording(header, (STEP, *records))


def message(
    wire: bytes, fields: tuple[Field, ...] = (), protocol: str = "http/1.1", title: str = "GET"
) -> Message:
    return Message(
        "m", "http", 0.0, "you", "server", protocol, title, fields, wire, len(wire), "plaintext"
    )


def h1(text: str) -> Message:
    wire = text.replace("\n", "\r\n").encode()
    parse = http1.response if wire.startswith(b"HTTP/") else http1.request
    return message(wire, parse(wire).fields)


def h2_block(*headers: tuple[str, str], encoder: Encoder | None = None, huffman: bool) -> bytes:
    block = (encoder or Encoder()).encode(headers, huffman=huffman)
    return len(block).to_bytes(3, "big") + b"\x01\x05\x00\x00\x00\x01" + block


def h2(wire: bytes, state: http2.State | None = None) -> tuple[http2.State, Message]:
    state, frames = http2.frames(state or http2.server(), wire)
    (frame,) = frames
    return state, message(frame.wire, frame.fields, "http/2")


def only(made: Recording) -> Message:
    (found,) = (record for record in made.records if isinstance(record, Message))
    return found


def check(before: Message, *secrets: str) -> Message:
    """Masked in place: no secret anywhere, all else where it was."""
    made = redact(recording(before))
    after = only(made)
    text = dumps(made) + after.wire.decode("latin-1")
    for secret in secrets:
        assert secret in repr(before), "the test itself is wrong"
        assert secret not in text
    assert len(after.wire) == len(before.wire) == after.wire_length
    masked = {at for start, length in after.redacted for at in range(start, start + length)}
    for at, (old, new) in enumerate(zip(before.wire, after.wire, strict=True)):
        assert old == new or at in masked
    assert made.header.redacted
    return after


def test_cookies_of_a_request() -> None:
    after = check(h1(f"GET / HTTP/1.1\nHost: a\nCookie: sid={TOKEN}; b=2\n\n"), TOKEN)
    assert b"Host: a\r\nCookie: XXXX" in after.wire
    assert http1.request(after.wire).fields == after.fields


def test_cookies_of_a_response_keep_name_and_attributes() -> None:
    after = check(h1(f"HTTP/1.1 200 OK\nSet-Cookie: sid={TOKEN}; Path=/; Secure\n\n"), TOKEN)
    assert b"Set-Cookie: sid=" + b"X" * len(TOKEN) + b"; Path=/; Secure" in after.wire


def test_credentials() -> None:
    check(
        h1(f"GET / HTTP/1.1\nHost: a\nAuthorization: Bearer {TOKEN}\nX-Api-Key: k{TOKEN}\n\n"),
        TOKEN,
    )


def test_location_and_referer_and_target() -> None:
    check(h1(f"HTTP/1.1 302 Found\nLocation: https://b.example/cb?code={TOKEN}&x=1\n\n"), TOKEN)
    request = h1(f"GET /cb?code={TOKEN} HTTP/1.1\nHost: a\nReferer: https://u:pw-{TOKEN}@c/\n\n")
    after = check(request, TOKEN)
    assert after.wire.startswith(b"GET /cb?code=XXXX")


def test_bodies_are_left_out_and_lengths_stay() -> None:
    after = check(h1("HTTP/1.1 200 OK\nContent-Length: 12\n\nprivate-life"), "private-life")
    assert after.wire.endswith(b"\r\n\r\nXXXXXXXXXXXX")
    chunked = check(
        h1("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n7\nprivate\n0\n\n"), "private"
    )
    assert chunked.wire.endswith(b"\r\n\r\n7\r\nXXXXXXX\r\n0\r\n\r\n")


def test_data_frames() -> None:
    _, before = h2(b"\x00\x00\x07\x00\x01\x00\x00\x00\x01private")
    after = check(before, "private")
    assert after.wire[:9] == before.wire[:9]


@pytest.mark.parametrize("huffman", [False, True])
def test_hpack_is_masked_as_it_is_coded(huffman: bool) -> None:
    wire = h2_block((":path", f"/cb?code={TOKEN}"), ("cookie", f"sid={TOKEN}"), huffman=huffman)
    _, before = h2(wire)
    after = check(before, TOKEN)
    _, frames = http2.frames(http2.server(), after.wire)
    assert frames[0].headers is not None
    said = {header.name: header.value for header in frames[0].headers}
    assert set(said["cookie"]) == {"X"}
    assert TOKEN not in said[":path"]


def test_a_reference_to_the_table_is_masked_in_the_fields() -> None:
    encoder = Encoder()
    first = h2_block(("cookie", f"sid={TOKEN}"), encoder=encoder, huffman=True)
    second = h2_block(("cookie", f"sid={TOKEN}"), encoder=encoder, huffman=True)
    state, _ = h2(first)
    _, before = h2(second, state)
    after = only(redact(recording(before)))
    assert TOKEN in repr(before)
    assert TOKEN not in repr(after)
    assert after.wire == before.wire


def test_frames_that_nobody_took_apart_are_masked_whole() -> None:
    wire = h2_block(("cookie", TOKEN), huffman=True)
    assert set(only(redact(recording(message(wire, (), "http/2")))).wire) == {ord("X")}


def test_octets_without_fields_are_taken_apart_here() -> None:
    wire = f"GET / HTTP/1.1\r\nCookie: {TOKEN}\r\n\r\n".encode()
    assert TOKEN.encode() not in only(redact(recording(message(wire)))).wire


def test_facts_in_every_form() -> None:
    facts = (
        Fact("f1", "http", "http.headers", [["set-cookie", f"a={TOKEN}; Path=/"], ["server", "x"]]),
        Fact("f2", "http", "http.location", f"https://b/?access_token={TOKEN}"),
        Fact("f3", "http", "http.redirects", [{"url": f"https://u:{TOKEN}@b/", "status": 302}]),
        Fact("f4", "http", "url.query", f"x=1&token={TOKEN}"),
        Fact("f5", "http", "http.status", 200),
    )
    made = redact(recording(*facts))
    assert TOKEN not in dumps(made)
    assert made.records[1] == Fact(
        "f1", "http", "http.headers",
        [["set-cookie", f"a={'X' * len(TOKEN)}; Path=/"], ["server", "x"]],
    )  # fmt: skip
    assert made.records[-1] == facts[-1]
    assert made.header.redacted == ("cookies", "secrets in URLs")


@pytest.mark.parametrize(
    "argument",
    [
        f"Cookie: a={TOKEN}",
        f"-HAuthorization: Bearer {TOKEN}",
        f"--header=x-api-key: {TOKEN}",
        f"https://user:{TOKEN}@b.example/",
        f"user:{TOKEN}@b.example/",
        f"https://b.example/?client_secret={TOKEN}",
    ],
)
def test_the_command_line(argument: str) -> None:
    made = redact(recording(command=("netlab", "trace", argument)))
    assert TOKEN not in made.header.command[2]
    assert len(made.header.command[2]) == len(argument)
    assert made.header.command[:2] == ("netlab", "trace")


def test_a_secret_is_found_wherever_it_is_repeated() -> None:
    plain = message(f"echo {TOKEN}".encode(), (), "ws", f"echo {TOKEN}")
    request = h1(f"GET / HTTP/1.1\nHost: a\nCookie: sid={TOKEN}\n\n")
    fact = Fact("f", "http", "x.y", {"seen": [f"in {TOKEN} here"]}, note=TOKEN)
    made = redact(recording(plain, request, fact))
    assert TOKEN not in dumps(made)
    first = next(record for record in made.records if isinstance(record, Message))
    assert first.wire == b"echo " + b"X" * len(TOKEN)
    assert first.redacted == ((5, len(TOKEN)),)


def test_short_values_do_not_blank_the_whole_text() -> None:
    request = h1("GET / HTTP/1.1\nHost: a\nCookie: lang=en; seen=accepted\n\n")
    fact = Fact("f", "http", "x.y", "when it was accepted")
    assert fact in redact(recording(request, fact)).records


def test_the_lab_has_no_secrets_and_a_person_may_keep_theirs() -> None:
    request = h1(f"GET / HTTP/1.1\nHost: a\nCookie: sid={TOKEN}\n\n")
    lab = recording(request, network="lab")
    assert redact(lab) is lab
    assert redact(recording(request), keep_secrets=True) == recording(request)


def test_without_secrets_nothing_changes() -> None:
    request = h1("GET /a?b=c HTTP/1.1\nHost: a\n\n")
    assert redact(recording(request)) == recording(request)


def test_twice_is_once() -> None:
    once = redact(recording(h1(f"GET / HTTP/1.1\nHost: a\nCookie: sid={TOKEN}\n\n")))
    assert redact(once).records == once.records
