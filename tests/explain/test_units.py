"""Figures as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netlab.explain.units import say, seconds
from netlab.recording.records import Value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0000264, "s", "26.4 µs"),
        (0.0124, "s", "12.4 ms"),
        (0.0999999, "s", "100 ms"),
        (0.00099996, "s", "1.00 ms"),
        (0.9996, "s", "1.00 s"),
        (1.234, "s", "1.23 s"),
        (1234.5, "s", "1234 s"),
        (0.0, "s", "0 s"),
        (-0.0124, "s", "-12.4 ms"),
        (300, "s", "300 s"),
        (3600, "s", "3600 s (1 hour)"),
        (172800, "s", "172800 s (2 days)"),
        (31536000, "s", "31536000 s (365 days)"),
        (100000, "s", "100000 s (about 1.16 days)"),
        (512, "B", "512 B"),
        (14950, "B", "14.6 KiB"),
        (1023 * 1024, "B", "0.999 MiB"),
        (8 << 30, "B", "8.00 GiB"),
        (10, None, "10"),
        (3, "hops", "3 hops"),
        (0.5, None, "0.5"),
        (True, None, "yes"),
        (False, None, "no"),
        (None, None, "none"),
        (["192.0.2.1", "2001:db8::1"], None, "192.0.2.1, 2001:db8::1"),
        ([0.001, 0.002], "s", "1.00 ms, 2.00 ms"),
        ({"script": 3, "image": 1}, None, "script 3, image 1"),
    ],
)
def test_in_words(value: Value, unit: str | None, text: str) -> None:
    assert say(value, unit) == text


def test_tables_have_no_room_for_days() -> None:
    assert say(172800, "s", compact=True) == "172800 s"


@given(st.floats(min_value=1e-6, max_value=1e5))
def test_a_time_loses_less_than_a_half_percent(value: float) -> None:
    figure, unit = seconds(value).split(" ")
    back = float(figure) * {"s": 1.0, "ms": 1e-3, "µs": 1e-6}[unit]
    assert back == pytest.approx(value, rel=0.0051)
    assert float(figure) < 1000 or unit == "s"
