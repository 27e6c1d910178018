"""Lengths that are not in their shortest form, wherever the reads happen to be cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.lab.wsendpoint import Lengths
from netlab.lab.wsoctets import BINARY, FIN, frame

sizes = st.sampled_from([0, 1, 125, 126, 127, 65535, 65536])


@given(st.lists(st.tuples(sizes, st.booleans()), max_size=4), st.integers(1, 70_000))
def test_the_shortest_form_passes_however_it_is_cut(
    frames: list[tuple[int, bool]], piece: int
) -> None:
    octets = b"".join(frame(FIN | BINARY, bytes(size), masked=masked) for size, masked in frames)
    lengths = Lengths()
    for at in range(0, len(octets), piece):
        assert lengths.wrong(octets[at : at + piece]) is None


@pytest.mark.parametrize(("size", "wide"), [(0, 2), (125, 2), (5, 8), (126, 8), (65535, 8)])
@pytest.mark.parametrize("masked", [False, True])
def test_a_longer_form_is_found_where_it_begins(size: int, wide: int, masked: bool) -> None:
    before = frame(FIN | BINARY, b"before", masked=masked)
    wrong = frame(FIN | BINARY, bytes(size), masked=masked, wide=wide)
    assert Lengths().wrong(before + wrong) == len(before)
    slowly = Lengths()
    found = [slowly.wrong(bytes([octet])) for octet in before + wrong[: 2 + wide]]
    assert found[-1] is not None
    assert found[:-1] == [None] * (len(found) - 1)
