"""permessage-deflate, by the examples of RFC 7692 §7.2.3."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.dissect.websocket_deflate import TAIL, Inflater, Undone

HELLO = bytes.fromhex("f248cdc9c90700")


@pytest.mark.parametrize(
    "payload",
    [
        HELLO,  # §7.2.3.1, its two fragments joined too
        bytes.fromhex("000500faff48656c6c6f00"),  # §7.2.3.3: a block without compression
        bytes.fromhex("f348cdc9c9070000"),  # §7.2.3.4: a block with BFINAL
        bytes.fromhex("f24805000000ffffcac9c90700"),  # §7.2.3.5: two blocks
    ],
)
def test_the_examples_of_rfc_7692(payload: bytes) -> None:
    assert Inflater().message(payload) == b"Hello"


def test_a_window_that_lasts_makes_the_second_message_smaller() -> None:
    """§7.2.3.2."""
    second = bytes.fromhex("f200110000")
    kept = Inflater()
    assert [kept.message(HELLO), kept.message(second)] == [b"Hello", b"Hello"]
    fresh = Inflater(takeover=False)
    assert fresh.message(HELLO) == b"Hello"
    with pytest.raises(Undone, match="not deflate"):
        fresh.message(second)


def test_a_final_block_ends_the_window_and_not_the_connection() -> None:
    kept = Inflater()
    assert kept.message(bytes.fromhex("f348cdc9c9070000")) == b"Hello"
    assert kept.message(HELLO) == b"Hello"


def test_a_bomb_is_given_up() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(10_000_000)) + packer.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 20_000
    with pytest.raises(Undone, match="more than 1000 octets"):
        Inflater().message(bomb.removesuffix(TAIL), longest=1000)


@given(st.binary(max_size=200))
def test_whatever_comes_is_unpacked_or_undone(payload: bytes) -> None:
    try:
        plain = Inflater().message(payload, longest=4096)
    except Undone:
        return
    assert len(plain) <= 4096
