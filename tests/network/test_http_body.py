"""Content codings, undone piece by piece, and never beyond the bound."""

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.network.http_body import BadEncoding, Decoder

CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "": bytes,
}


def decoded(coding: str, data: bytes, size: int, limit: int = 1 << 20) -> Decoder:
    decoder = Decoder(coding, limit)
    for at in range(0, len(data), size):
        decoder.feed(data[at : at + size])
    return decoder


@given(st.sampled_from(sorted(CODERS)), st.binary(max_size=300), st.integers(1, 50))
def test_however_it_is_cut_the_body_is_the_same(coding: str, body: bytes, size: int) -> None:
    decoder = decoded(coding, CODERS[coding](body), size)
    assert (bytes(decoder.body), decoder.full) == (body, False)
    assert decoder.finished


@given(st.sampled_from(["gzip", "deflate", "br", ""]), st.binary(max_size=200), st.integers(1, 50))
def test_no_octets_make_it_fall_over(coding: str, data: bytes, size: int) -> None:
    try:
        decoder = decoded(coding, data, size, limit=100)
    except BadEncoding:
        return
    assert len(decoder.body) <= 100


@pytest.mark.parametrize("coding", ["gzip", "deflate", ""])
def test_nothing_goes_past_the_bound(coding: str) -> None:
    body = b"\0" * 1001
    assert decoded(coding, CODERS[coding](body[:1000]), 7, limit=1000).full is False
    beyond = decoded(coding, CODERS[coding](body), 7, limit=1000)
    assert (len(beyond.body), beyond.full) == (1000, True)


def test_members_without_end_are_bounded_too() -> None:
    empty = gzip.compress(b"") * 1000
    assert decoded("gzip", empty, 4096).body == b""


def test_what_ends_too_early_is_not_finished() -> None:
    assert not decoded("gzip", gzip.compress(b"abc")[:-1], 5).finished
    assert not decoded("gzip", b"\x1f", 5).finished
